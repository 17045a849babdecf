"""Payloads read from blobs: plain, gzipped, zstd; with holes; one by one and all at once."""

from __future__ import annotations

import errno
import hashlib
import io
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from handmade import digest, entry, packed, tar

from jettison.core import errors
from jettison.image import spool as spool_module
from jettison.image.blob import Blob, whole
from jettison.image.layer_blob import BlobSource
from jettison.image.model import Kind

FILES = {f"f{number}": bytes([number]) * (number * 700) for number in range(1, 30)}
LAYER = tar(*(entry(name, data) for name, data in FILES.items()))


def source(directory: Path, data: bytes, how: str, before: bytes = b"") -> BlobSource:
    """A blob that lies behind other bytes of a file, as in an archive."""
    blob = packed(data, how)
    (directory / "file").write_bytes(before + blob + b"behind")
    return BlobSource(Blob(directory / "file", len(before), len(blob)), digest(blob))


@pytest.mark.parametrize("how", ["", "gzip", "zstd"])
def test_every_file_is_read_in_any_order_and_as_often_as_one_likes(tmp_path: Path, how: str) -> None:
    made = source(tmp_path, LAYER, how, b"x" * 1000)
    entries = list(made.columns())
    for each in [*reversed(entries), *entries]:
        with made.open(each) as stream:
            assert FILES[each.path.decode()] == b"".join(iter(lambda: stream.read(333), b""))
    with made.open(entries[3]) as one, made.open(entries[7]) as other:  # at the same time
        assert (FILES["f4"][:5], FILES["f8"][:5], FILES["f4"][5:]) == (one.read(5), other.read(5), one.read())


@pytest.mark.parametrize("how", ["", "gzip", "zstd"])
def test_digests_are_those_of_the_contents_in_the_order_asked(tmp_path: Path, how: str) -> None:
    made = source(tmp_path, LAYER, how)
    entries = list(made.columns())
    asked = [entries[20], entries[3], entries[20], entries[0]]
    expected = [hashlib.sha256(FILES[each.path.decode()]).digest() for each in asked]
    assert expected == made.digests(asked)
    assert expected[:1] == made.digests(asked[:1])
    assert [] == made.digests([])


def _with_holes(path: Path) -> None:
    with path.open("wb") as stream:
        stream.seek(1_000_000)
        stream.write(b"middle")
        stream.seek(2_000_000)
        stream.write(b"end")
        stream.truncate(3_000_000)


FORMATS = {
    "old GNU": ["--format=gnu"],
    "PAX 0.0": ["--format=pax", "--sparse-version=0.0"],
    "PAX 0.1": ["--format=pax", "--sparse-version=0.1"],
    "PAX 1.0": ["--format=pax", "--sparse-version=1.0"],
}


@pytest.mark.parametrize("how", ["", "gzip", "zstd"])
@pytest.mark.parametrize("form", FORMATS)
def test_files_with_holes_have_their_logical_size_and_content(tmp_path: Path, form: str, how: str) -> None:
    if "GNU tar" not in subprocess.run(["tar", "--version"], capture_output=True, text=True).stdout:
        pytest.skip("GNU tar makes these")
    (tmp_path / "in").mkdir()
    _with_holes(tmp_path / "in" / "holes")
    (tmp_path / "in" / "plain").write_bytes(b"p" * 700)
    made = subprocess.run(
        ["tar", "-S", "--hole-detection=raw", *FORMATS[form], "-C", tmp_path / "in", "-cf", "-", "holes", "plain"],
        check=True,
        capture_output=True,
    ).stdout
    assert len(made) < 100_000  # it did leave the holes out
    blob = source(tmp_path, made, how)
    holes, plain = blob.columns()
    assert (b"holes", Kind.FILE, 3_000_000, b"plain", 700) == (
        holes.path,
        holes.kind,
        holes.size,
        plain.path,
        plain.size,
    )
    expected = (tmp_path / "in" / "holes").read_bytes()
    with blob.open(holes) as stream:
        assert expected == b"".join(iter(lambda: stream.read(70_000), b""))
    with blob.open(holes) as stream:
        assert expected == stream.read(10 * 2**20)  # in one piece: callers compare pieces of equal length
    assert [hashlib.sha256(expected).digest(), hashlib.sha256(b"p" * 700).digest()] == blob.digests([holes, plain])


def test_a_compressed_layer_is_unpacked_once_for_many_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = source(tmp_path, LAYER, "gzip")
    entries = list(made.columns())
    spooled = _count(monkeypatch)
    with made.open(entries[0]) as stream:
        stream.read()
    assert 0 == spooled()
    for each in entries:
        made.open(each).close()
    assert 1 == spooled()


def _count(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    calls = []

    real = spool_module.spool

    def counting(stream: object) -> Blob:
        calls.append(1)
        return real(stream)  # type: ignore[arg-type]

    monkeypatch.setattr(spool_module, "spool", counting)
    return lambda: len(calls)


def test_a_full_disk_is_told_before_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = source(tmp_path, LAYER, "gzip")
    entries = list(made.columns())
    made.open(entries[0]).close()
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(spool_module.shutil, "disk_usage", lambda _: usage._replace(free=spool_module.LEFT_FREE))
    with pytest.raises(errors.DiskError, match="left after") as caught:
        made.open(entries[1])
    assert "TMPDIR" in caught.value.hint


def test_where_no_temporary_file_can_be_made_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose file system is read-only."""

    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    with pytest.raises(errors.DiskError, match="no directory for temporary files") as caught:
        spool_module.spool(io.BytesIO(b"x"))
    assert "set TMPDIR to one" == caught.value.hint


def test_a_file_that_is_cut_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"1" * 1000)
    blob = whole(tmp_path / "x")
    (tmp_path / "x").write_bytes(b"1" * 500)
    with blob.open() as stream, pytest.raises(errors.ImageError, match="became shorter"):
        while stream.read(300):
            pass


def test_what_may_not_be_read_is_refused_with_the_way_out(tmp_path: Path) -> None:
    for path, match in ((tmp_path / "absent", "there is no file"), (tmp_path, "is not a regular file")):
        with pytest.raises(errors.ImageError, match=match) as caught:
            whole(path)
        assert caught.value.hint
