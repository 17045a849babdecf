"""`jettison cache`: what is kept, and that clearing it costs nothing but time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jettison.cli.main import main
from jettison.image.cache import Cache


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir(mode=0o700)
    return Cache(tmp_path / "cache")


def test_it_shows_entries_bytes_bound_and_place(cache: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(3):
        cache.put(str(number), bytes(1000))
    size = sum(path.stat().st_size for path in cache.folder.glob("*.kept"))
    assert 0 == main(["cache", "--format", "json"])
    expected = {"where": str(cache.folder), "entries": 3, "bytes": size, "bound": 2 * 10**9}
    assert expected == json.loads(capsys.readouterr().out)
    assert 0 == main(["cache"])
    assert f"3 entries, 3.1 kB of at most 2.00 GB, in {cache.folder}\n" == capsys.readouterr().out


def test_clear_removes_all(cache: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    cache.put("one", b"1")
    (size,) = (path.stat().st_size for path in cache.folder.iterdir())
    assert 0 == main(["cache", "clear", "--format", "json"])
    assert {"where": str(cache.folder), "removed": 1, "bytes": size} == json.loads(capsys.readouterr().out)
    assert [] == list(cache.folder.iterdir())
    assert 0 == main(["cache", "clear"])
    assert f"removed 0 entries, 0 B, of {cache.folder}\n" == capsys.readouterr().out


def test_no_cache_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("JETTISON_CACHE_SIZE", "0")
    assert [0, 0] == [main(["cache", "--format", "json"]), main(["cache", "clear"])]
    told, text = capsys.readouterr().out.rsplit("}", 1)
    assert {"where": None, "entries": 0, "bytes": 0, "bound": 0} == json.loads(told + "}")
    assert text.startswith("\nnothing is kept")


def test_another_action_is_wrong_use() -> None:
    assert 2 == main(["cache", "burn"])
