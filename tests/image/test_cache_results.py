"""Whole results: known for the same image and question only."""

from __future__ import annotations

import os
import time
from pathlib import Path

import handmade
import pytest
from handmade import Made, entry, tar

from jettison.image import cache_results
from jettison.image.cache_results import recalled, remember, sources_mark
from jettison.image.model import Image
from jettison.image.open import open_image


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))


def layout(root: Path, *contents: bytes) -> Image:
    made = Made(tuple(tar(entry("file", content)) for content in contents))
    return open_image(f"oci:{handmade.write_layout(handmade.layout_files(made), root)}")


def test_a_result_is_known_for_its_image_and_question_alone(tmp_path: Path) -> None:
    image = layout(tmp_path / "one", b"1", b"2")
    assert recalled(image, "weights") is None
    assert remember(image, "weights", b"result")
    again = layout(tmp_path / "again", b"1", b"2")
    assert (b"result", None) == (recalled(again, "weights"), recalled(again, "weights of more"))
    assert recalled(layout(tmp_path / "other", b"1", b"3"), "weights") is None
    assert recalled(layout(tmp_path / "less", b"1"), "weights") is None


def test_a_result_of_an_archive_that_changed_is_not_known(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    made = Made((tar(entry("file", b"1")),))
    handmade.write_archive(handmade.classic_files(made), path)
    time.sleep(0.06)
    assert remember(open_image(str(path)), "weights", b"result")
    assert b"result" == recalled(open_image(str(path)), "weights")
    os.utime(path)
    time.sleep(0.06)
    assert recalled(open_image(str(path)), "weights") is None


def test_nothing_is_kept_where_nothing_vouches_for_the_bytes(tmp_path: Path) -> None:
    path = handmade.write_archive(
        handmade.classic_files(Made((tar(entry("file", b"1")),))), tmp_path / "packed", "gzip"
    )
    assert not remember(open_image(str(path)), "weights", b"result")
    assert recalled(open_image(str(path)), "weights") is None


def test_no_cache_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JETTISON_CACHE_SIZE", "0")
    image = layout(tmp_path / "one", b"1")
    assert (False, None) == (remember(image, "weights", b"result"), recalled(image, "weights"))


def test_a_result_of_other_sources_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = layout(tmp_path / "one", b"1")
    assert remember(image, "weights", b"result")
    assert b"result" == recalled(image, "weights")
    monkeypatch.setattr(cache_results, "sources_mark", lambda root: "changed")
    assert recalled(image, "weights") is None


def test_every_change_of_a_source_changes_the_mark(tmp_path: Path) -> None:
    (tmp_path / "room" / "__pycache__").mkdir(parents=True)
    file = tmp_path / "room" / "a.py"
    file.write_text("one")
    marks = [mark(tmp_path)]
    (tmp_path / "room" / "__pycache__" / "a.pyc").write_text("compiled")
    assert marks == [mark(tmp_path)]
    os.utime(file, ns=(1, 1))
    marks.append(mark(tmp_path))
    file.write_text("other")
    os.utime(file, ns=(1, 1))
    marks.append(mark(tmp_path))
    file.rename(tmp_path / "room" / "b.py")
    marks.append(mark(tmp_path))
    assert 4 == len(set(marks))


def mark(root: Path) -> str:
    sources_mark.cache_clear()
    return sources_mark(root)
