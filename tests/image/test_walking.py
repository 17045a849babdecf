"""Layers read: what the cache gives is what a walk finds, and no image has another's layers shown for its own."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import handmade
import pytest
import xxhash
from handmade import Made, directory, entry, symlink, tar
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_merge_random import STACKS
from test_merge_random import layer as random_layer

from jettison.core.errors import ImageError
from jettison.image import cache_pack, layer_blob, tar_fields, tar_simple, tar_stream
from jettison.image import directory as directory_module
from jettison.image import outline as outline_module
from jettison.image import tar as tar_module
from jettison.image.model import HASH, Image, Kind
from jettison.image.open import open_image
from jettison.image.walking import Walked, walk_layers

SCANNER = (5, "4e54fa")


@pytest.fixture(autouse=True)
def a_cache_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many entries each walk of a tar found."""
    walks: list[int] = []
    real = tar_module.walk

    def walk(stream: Any, **more: Any) -> Any:
        found = real(stream, **more)
        walks.append(len(found))
        return found

    with monkeypatch.context() as patched:
        patched.setattr(tar_module, "walk", walk)
        yield walks


def files(count: int) -> bytes:
    return tar(directory("d"), *(entry(f"d/{number}", b"x" * number) for number in range(count)))


def layout(root: Path, made: Made) -> Image:
    return open_image(f"oci:{handmade.write_layout(handmade.layout_files(made), root)}")


def old(path: Path) -> Path:
    """A file that was not changed just now."""
    time.sleep(0.06)
    return path


def told(image: Image) -> Any:
    columns = [layer.columns for layer in image.layers]
    return columns, [each.outline for each in columns], [bytes(each.hashes) for each in columns]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STACKS, st.sampled_from(["gzip", "zstd"]), st.integers())
def test_what_the_cache_gives_is_what_a_walk_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, members: Any, compression: str, salt: int
) -> None:
    made = Made(tuple(random_layer(each) for each in members), compression=compression, more={"salt": salt})
    root = tmp_path / hashlib.sha256(made.manifest).hexdigest()
    fresh = told(layout(root, made))
    with counted(monkeypatch) as walks:
        again = layout(root, made)
        assert fresh == told(again)
        assert fresh[0] == [layer.source.columns() for layer in again.layers]  # the cache aside
    assert len(made.layers) == len(walks)


def test_a_layer_that_is_known_is_not_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made((files(3), files(4)))
    layout(tmp_path / "one", made).merged  # noqa: B018
    with counted(monkeypatch) as walks:
        image = layout(tmp_path / "two", Made((files(3), files(4), files(5))))
        assert 6 == len(image.tree)
        assert [6] == walks


def test_a_layer_twice_is_walked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with counted(monkeypatch) as walks:
        image = layout(tmp_path / "one", Made((files(3), files(4), files(3))))
        assert [0 + 1 + 2, 0 + 1 + 2 + 3, 0 + 1 + 2] == [layer.unpacked for layer in image.layers]
        image = layout(tmp_path / "two", Made((files(5), files(5))))
        image.merged  # noqa: B018
    assert [4, 5, 6] == walks


def test_an_image_that_claims_the_diff_id_of_another_is_not_shown_its_layer(tmp_path: Path) -> None:
    good, evil = tar(entry("bin/sh", b"good")), tar(entry("bin/evil", b"evil"))
    for number, (claimed, real) in enumerate([(good, good), (good, evil), (evil, good)]):
        made = Made((real,), more={"rootfs": {"type": "layers", "diff_ids": [handmade.digest(claimed)]}})
        for form in ("layout", "archive"):
            root = tmp_path / f"{form}{number}"
            if form == "layout":
                image = layout(root, made)
            else:
                image = open_image(str(old(handmade.write_archive(handmade.classic_files(made), root))))
            expected = [b"bin", b"bin/sh" if real is good else b"bin/evil"]
            assert expected == sorted(image.tree)


def test_an_archive_that_was_changed_in_place_is_walked_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Same size, same time of last change as far as `touch` can make it: the file system knows better."""
    ids = {"rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64]}}
    first, second = (Made((tar(entry(name, b"1")),), more=ids) for name in "ab")
    path = old(handmade.write_archive(handmade.classic_files(first), tmp_path / "image.tar"))
    with counted(monkeypatch) as walks:
        assert [b"a"] == list(open_image(str(path)).tree)
        assert [b"a"] == list(open_image(str(path)).tree)
        assert [1] == walks
        status = path.stat()
        handmade.write_archive(handmade.classic_files(second), path)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert status.st_size == path.stat().st_size
        assert [b"b"] == list(open_image(str(path)).tree)


def test_a_file_that_was_written_just_now_is_not_kept(tmp_path: Path) -> None:
    path = handmade.write_archive(handmade.classic_files(Made((files(3),))), tmp_path / "image.tar")
    for seconds in (0.0, 10.0, -10.0):
        if seconds:
            os.utime(path, (time.time() + seconds, time.time() + seconds))
        open_image(str(path)).merged  # noqa: B018
    assert [] == list((tmp_path / "cache").glob("*.kept"))


def test_a_damaged_entry_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made((files(3),))
    fresh = told(layout(tmp_path / "one", made))
    (kept,) = (tmp_path / "cache").glob("*.kept")
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-1])
    with counted(monkeypatch) as walks:
        assert fresh == told(layout(tmp_path / "one", made))
        assert [4] == walks
    assert whole == kept.read_bytes()


def test_a_damaged_blob_is_no_entry(tmp_path: Path) -> None:
    made = Made((files(3),))
    image = layout(tmp_path / "one", made)
    blob = tmp_path / "one" / handmade.blob_path(made.blobs[0])
    blob.write_bytes(made.blobs[0][:-4] + b"????")
    for _ in range(2):
        with pytest.raises(ImageError):
            image.merged  # noqa: B018
    assert [] == list((tmp_path / "cache").glob("*.kept"))


@pytest.mark.parametrize("compression", ["gzip", "zstd", ""])
def test_fingerprints_are_those_of_the_contents(compression: str, tmp_path: Path) -> None:
    """Short ones, ones that lie across two chunks of the stream, and one with holes, which no walk hashes."""
    contents = {b"empty": b"", b"short": b"1", b"long": bytes(range(256)) * 20_000, b"after": b"2" * 513}
    layer = tar(*(entry(name.decode(), data) for name, data in contents.items()), symlink("link", "x"))
    image = layout(tmp_path / "one", Made((layer,), compression=compression))
    (made,) = image.layers
    indices = [made.columns.paths.index(name) for name in contents]
    assert (len(made.columns) * HASH if compression else 0) == len(made.columns.hashes)
    assert [xxhash.xxh3_128_digest(data) for data in contents.values()] == made.fingerprints(indices)
    assert made.columns.fingerprint(made.columns.paths.index(b"link")) is None


def test_a_file_with_holes_has_its_fingerprint_too(tmp_path: Path) -> None:
    """GNU sparse 1.0: the map stands before the data."""
    info = tarfile.TarInfo("GNUSparseFile.0/holes")
    data = b"1\n4096\n3\n".ljust(512, b"\0") + b"abc"
    info.size = len(data)
    names = {"major": "1", "minor": "0", "name": "holes", "realsize": "8192"}
    info.pax_headers = {f"GNU.sparse.{key}": value for key, value in names.items()}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(data))
    (made,) = layout(tmp_path / "one", Made((out.getvalue(),))).layers
    content = bytes(4096) + b"abc" + bytes(8192 - 4099)
    assert (8192, None) == (made.columns[0].size, made.columns.fingerprint(0))
    assert [xxhash.xxh3_128_digest(content)] == made.fingerprints([0])


def test_events_tell_how_far_it_is(tmp_path: Path) -> None:
    made = Made((files(3), files(40), files(3)))
    image = layout(tmp_path / "one", made)
    events = list(walk_layers(image.layers))
    sizes = sorted({len(blob) for blob in made.blobs})
    assert Walked(sum(sizes), sum(sizes), 2, 2) == events[-1]
    assert sizes[-1] == events[0].bytes  # the longest first
    assert [Kind.DIRECTORY, Kind.FILE] == [image.tree.get(path).kind for path in (b"d", b"d/1")]  # type: ignore[union-attr]
    assert [] == list(walk_layers(image.layers))


def test_the_scanner_has_another_version_with_each_change() -> None:
    """What earlier versions kept must not be taken for what this one finds: raise SCANNER, then say it here."""
    modules = (tar_module, tar_simple, tar_fields, tar_stream, layer_blob, directory_module, outline_module, cache_pack)
    state = hashlib.sha256()
    for module in modules:
        state.update(Path(module.__file__ or "").read_bytes())
    assert SCANNER == (cache_pack.SCANNER, state.hexdigest()[:6])


def test_what_was_hashed_later_is_known_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain layer is walked without reading its contents; who asks for some reads them once."""
    made = Made((tar(entry("a", b"1"), entry("b", b"2"), entry("c", b"3")),))
    path = old(handmade.write_archive(handmade.classic_files(made), tmp_path / "image.tar"))
    expected = [xxhash.xxh3_128_digest(data) for data in (b"2", b"1")]
    (layer,) = open_image(str(path)).layers
    assert expected == layer.fingerprints([1, 0])
    (again,) = open_image(str(path)).layers
    monkeypatch.setattr(layer_blob.BlobSource, "hashed", lambda self, entries: [b"read" for _ in entries])
    assert [*expected, b"read"] == again.fingerprints([1, 0, 2])
