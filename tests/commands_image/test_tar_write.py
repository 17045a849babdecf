"""What is written as tar is read back the same: by our walker, by tarfile, by GNU tar."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.image import tar_write
from jettison.image.model import Entry, Kind
from jettison.image.tar import walk

RAW = st.binary(min_size=1, max_size=12).map(lambda raw: raw.replace(b"/", b"_").replace(b"\0", b"_"))
PARTS = st.one_of(st.sampled_from([b"a", "é".encode(), b"n" * 99, b"m" * 160, b" ", b"x\ny"]), RAW)
NAMES = PARTS.filter(lambda part: part not in (b".", b"..") and not part.startswith(b".wh."))
PATHS = st.lists(NAMES, min_size=1, max_size=4).map(b"/".join)
DEVICES = st.integers(0, 2**31)
NUMBERS = st.one_of(st.integers(0, 8**7 - 1), st.integers(0, 2**32 - 2))  # owners as chown(2) takes them
TIMES = st.one_of(st.integers(0, 2**33).map(lambda seconds: seconds * 10**9), st.integers(-(2**62), 2**62))
XATTRS = st.dictionaries(st.sampled_from([b"user.a", b"user.b c", b"security.capability"]), st.binary(max_size=20))
KINDS = st.sampled_from([kind for kind in Kind if kind is not Kind.OPAQUE])


@st.composite
def entries(draw: st.DrawFn) -> tuple[Entry, bytes]:
    """An entry as the walker makes them, and what is stored of it."""
    path = draw(PATHS)
    kind = draw(KINDS)
    if kind is Kind.WHITEOUT:
        return Entry(path, kind, 0, 0, 0, 0, 0, b"", -1, (0, 0), ()), b""
    data = draw(st.binary(max_size=600)) if kind is Kind.FILE else b""
    link = draw(PATHS) if kind in (Kind.SYMLINK, Kind.HARDLINK) else b""
    device = draw(st.tuples(DEVICES, DEVICES)) if kind in (Kind.CHARACTER, Kind.BLOCK) else (0, 0)
    xattrs = tuple(sorted(draw(XATTRS).items()))
    numbers = draw(st.integers(0, 0o7777)), draw(NUMBERS), draw(NUMBERS), draw(TIMES)
    hole = draw(st.integers(0, 2**40)) if data and draw(st.booleans()) else 0
    extents = ((hole, len(data)), (hole + len(data), 0)) if hole else ()
    return Entry(path, kind, *numbers, hole + len(data), link, -1, device, xattrs, extents), data


def written(members: list[tuple[Entry, bytes]]) -> bytes:
    pieces = [tar_write.header(entry) + data + tar_write.padding(len(data)) for entry, data in members]
    return b"".join(pieces) + tar_write.END


def pieces_of(entry: Entry) -> Entry:
    """Without the empty pieces that stand at the end of a sparse file."""
    return entry._replace(extents=tuple(piece for piece in entry.extents if piece[1]))


@settings(max_examples=200, deadline=None)
@given(st.lists(entries(), max_size=5))
def test_what_is_written_is_walked_back_to_the_same_entries(members: list[tuple[Entry, bytes]]) -> None:
    data = written(members)
    found = list(walk(io.BytesIO(data)))
    assert [pieces_of(entry) for entry, _ in members] == [pieces_of(each._replace(offset=-1)) for each in found]
    for (entry, stored), each in zip(members, found, strict=True):
        if entry.kind is Kind.FILE:
            assert stored == data[each.offset : each.offset + len(stored)]


@settings(max_examples=100, deadline=None)
@given(st.lists(entries(), max_size=3))
def test_tarfile_reads_the_same(members: list[tuple[Entry, bytes]]) -> None:
    with tarfile.open(fileobj=io.BytesIO(written(members)), errors="surrogateescape") as archive:
        found = list(archive)
    for (entry, _), each in zip(members, found, strict=True):
        name = each.name.encode("utf-8", "surrogateescape")
        if entry.kind is Kind.WHITEOUT:
            assert b".wh." in name
            continue
        told = (entry.path, entry.mode, entry.uid, entry.gid, entry.size, entry.link)
        assert told == (
            name,
            each.mode,
            each.uid,
            each.gid,
            each.size,
            each.linkname.encode("utf-8", "surrogateescape"),
        )
        assert entry.mtime / 10**9 == pytest.approx(each.mtime, abs=1e-3)


def file(path: bytes, size: int, **more: object) -> Entry:
    return Entry(path, Kind.FILE, 0o644, 0, 0, 10**18, size, b"", -1, (0, 0), ())._replace(**more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("entry", "size"),
    [
        (file(b"a" * 100, 0), 512),
        (file(b"d" * 155 + b"/" + b"a" * 100, 0), 512),
        (file(b"d" * 156 + b"/" + b"a" * 100, 0), 512 * 3),
        (file(b"a", 8**11 - 1), 512),
        (file(b"a", 8**11), 512 * 3),
        (file(b"a", 0, mtime=10**18 + 1), 512 * 3),
        (file(b"a", 0, xattrs=((b"user.a", b"1"),)), 512 * 3),
        (file(b"a", 0, uid=2_097_151), 512),
        (file(b"a", 0, uid=2_097_152), 512 * 3),
    ],
)
def test_an_extended_header_is_written_only_where_it_must_be(entry: Entry, size: int) -> None:
    assert size == len(tar_write.header(entry))


def test_gnu_tar_reads_it_without_a_word(tmp_path: Path) -> None:
    long, latin = b"d/" * 80 + b"n" * 120, b"na\xefve"
    members = [
        (file(long, 3), b"abc"),
        (file(latin, 1, xattrs=((b"user.a", b"\0\n="),)), b"x"),
        (file(b"hole", 10**9 + 4, extents=((10**9, 4), (10**9 + 4, 0))), b"tail"),
        (file(b"s", 0, kind=Kind.SYMLINK, link=b"t" * 150), b""),
        (file(b"h", 0, kind=Kind.HARDLINK, link=long), b""),
        (file(b"old", 0, mtime=1_500_000_000), b""),
    ]
    (tmp_path / "a.tar").write_bytes(written(members))
    ended = subprocess.run(["tar", "-xf", "a.tar"], cwd=tmp_path, capture_output=True)
    assert (0, b"") == (ended.returncode, ended.stderr)
    place = tmp_path / long.decode()
    assert (b"abc", 2) == (place.read_bytes(), place.stat().st_nlink)
    assert (10**9 + 4, True) == ((hole := (tmp_path / "hole").stat()).st_size, hole.st_blocks < 1000)
    assert 1_500_000_000 == (tmp_path / "old").stat().st_mtime_ns
