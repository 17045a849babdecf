"""The walker against tarfile, against tar itself, and where both leave Go's path against Go's rules."""

from __future__ import annotations

import io
import tarfile
from typing import Any

import pytest
from handmade import directory, entry, hard_link, symlink, tar
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.core.errors import ImageError
from jettison.image.model import Columns, Entry, Kind
from jettison.image.tar import walk

USTAR, GNU, PAX = tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT
END = bytes(1024)


def columns(data: bytes) -> Columns:
    return walk(io.BytesIO(data))


def only(data: bytes) -> Entry:
    (found,) = list(columns(data))
    return found


def block(*members: tuple[tarfile.TarInfo, bytes], format: int = USTAR) -> bytes:
    """Members without an end marker."""
    return b"".join(info.tobuf(format) + data + bytes(-len(data) % 512) for info, data in members)


def extension(flag: bytes, data: bytes) -> bytes:
    return block(entry("././@LongLink", data, type=flag))


def records(values: dict[str, bytes]) -> bytes:
    out = b""
    for key, value in values.items():
        rest = b" " + key.encode() + b"=" + value + b"\n"
        length = len(rest) + 1
        while len(str(length)) + len(rest) != length:
            length = len(str(length)) + len(rest)
        out += str(length).encode() + rest
    return out


def pax(values: dict[str, bytes], flag: bytes = b"x") -> bytes:
    return block(entry("PaxHeaders/0", records(values), type=flag))


@pytest.mark.parametrize("format", [USTAR, GNU, PAX], ids=["ustar", "gnu", "pax"])
def test_every_kind_of_member_is_told_with_its_fields(format: int) -> None:
    data = tar(
        directory("d", uid=1, gid=2, mtime=3),
        entry("d/f", b"content", mode=0o4755, uid=1000, gid=1001, mtime=1_700_000_000),
        hard_link("d/h", "./d/f"),
        symlink("d/s", "../f"),
        entry("d/c", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
        entry("d/b", type=tarfile.BLKTYPE, devmajor=8, devminor=0),
        entry("d/p", type=tarfile.FIFOTYPE),
        format=format,
    )
    told = [(e.path, e.kind, e.mode, e.uid, e.gid, e.mtime, e.size, e.link, e.device) for e in columns(data)]
    assert [
        (b"d", Kind.DIRECTORY, 0o755, 1, 2, 3 * 10**9, 0, b"", (0, 0)),
        (b"d/f", Kind.FILE, 0o4755, 1000, 1001, 1_700_000_000 * 10**9, 7, b"", (0, 0)),
        (b"d/h", Kind.HARDLINK, 0o644, 0, 0, 0, 0, b"d/f", (0, 0)),
        (b"d/s", Kind.SYMLINK, 0o644, 0, 0, 0, 0, b"../f", (0, 0)),
        (b"d/c", Kind.CHARACTER, 0o644, 0, 0, 0, 0, b"", (1, 3)),
        (b"d/b", Kind.BLOCK, 0o644, 0, 0, 0, 0, b"", (8, 0)),
        (b"d/p", Kind.FIFO, 0o644, 0, 0, 0, 0, b"", (0, 0)),
    ] == told


def test_payloads_are_where_the_offsets_say_and_the_rest_is_overhead() -> None:
    data = tar(entry("a", b"x" * 700), entry("b", b"yy"))
    walked = columns(data)
    assert [b"x" * 700, b"yy"] == [data[e.offset : e.offset + e.size] for e in walked]
    assert len(data) - 702 == walked.overhead


@pytest.mark.parametrize("format", [GNU, PAX], ids=["gnu", "pax"])
def test_long_names_and_targets_are_read_whole(format: int) -> None:
    name, target = "n/" * 300 + "end", "t/" * 200 + "end"
    assert (name.encode(), target.encode()) == (
        only(tar(symlink(name, target), format=format)).path,
        only(tar(symlink(name, target), format=format)).link,
    )


def test_a_ustar_prefix_stands_before_the_name() -> None:
    name = "p" * 120 + "/" + "n" * 90
    assert name.encode() == only(tar(entry(name), format=USTAR)).path


def test_big_numbers_are_read_in_base_256_and_in_pax() -> None:
    for format in (GNU, PAX):
        found = only(tar(entry("a", uid=3_000_000_000, gid=2**32 - 2, mtime=2**33), format=format))
        assert (3_000_000_000, 2**32 - 2, 2**33 * 10**9) == (found.uid, found.gid, found.mtime)


def test_pax_times_keep_their_nanoseconds() -> None:
    assert 1_234_567_890_123_456_789 == only(pax({"mtime": b"1234567890.123456789"}) + block(entry("a")) + END).mtime
    assert -1_500_000_000 == only(pax({"mtime": b"-1.5"}) + block(entry("a")) + END).mtime


def test_names_that_are_not_utf_8_are_kept_as_they_are() -> None:
    data = block(entry("\udce9t\udce9")) + END
    assert b"\xe9t\xe9" == only(data).path
    assert b"\xff\xfe" == only(pax({"path": b"\xff\xfe"}) + block(entry("a")) + END).path


@pytest.mark.parametrize(
    ("name", "path"),
    [("./a", b"a"), ("/a/b", b"a/b"), ("a//b/", b"a/b"), ("a/./b", b"a/b"), ("a/../b", b"b"), ("../../a", b"a")],
)
def test_names_are_brought_to_one_form_and_cannot_leave_the_root(name: str, path: bytes) -> None:
    assert path == only(pax({"path": name.encode()}) + block(entry("x")) + END).path


@pytest.mark.parametrize("name", ["./", "/", ".", "a/.."])
def test_the_root_itself_is_no_entry(name: str) -> None:
    assert [] == list(columns(pax({"path": name.encode()}) + block(directory("x")) + END))


@pytest.mark.parametrize(
    ("name", "path", "kind"),
    [
        (".wh.a", b"a", Kind.WHITEOUT),
        ("d/.wh.a", b"d/a", Kind.WHITEOUT),
        ("d/.wh..hidden", b"d/.hidden", Kind.WHITEOUT),
        ("d/.wh..wh..opq", b"d", Kind.OPAQUE),
        (".wh..wh..opq", b"", Kind.OPAQUE),
        ("d/x.wh.a", b"d/x.wh.a", Kind.FILE),
        ("d/.wh.x/y", b"d/.wh.x/y", Kind.FILE),
    ],
)
def test_whiteouts_are_told_by_their_last_name(name: str, path: bytes, kind: Kind) -> None:
    found = only(tar(entry(name)))
    assert (path, kind, 0) == (found.path, found.kind, found.size)


def test_what_aufs_left_is_ignored() -> None:
    members = (directory(".wh..wh.plnk"), entry(".wh..wh.plnk/1.2", b"x"), entry(".wh..wh.aufs"), entry("a"))
    assert [b"a"] == [each.path for each in columns(tar(*members))]


@pytest.mark.parametrize("name", [".wh.", "d/.wh..", "d/.wh..."])
def test_a_whiteout_of_no_name_is_refused(name: str) -> None:
    with pytest.raises(ImageError, match="a whiteout of"):
        columns(tar(entry(name)))


def test_a_name_in_a_gnu_header_wins_over_one_in_pax_as_in_go() -> None:
    long, short = extension(b"L", b"gnu\0"), pax({"path": b"pax"})
    assert b"gnu" == only(long + short + block(entry("a")) + END).path
    assert b"gnu" == only(short + long + block(entry("a")) + END).path


def test_global_headers_say_nothing_of_the_members_as_in_go() -> None:
    data = pax({"path": b"everywhere", "uid": b"7", "comment": b"a commit"}, b"g") + block(entry("a"), entry("b")) + END
    assert [(b"a", 0), (b"b", 0)] == [(each.path, each.uid) for each in columns(data)]


def test_an_extended_header_speaks_of_one_member_only() -> None:
    data = pax({"path": b"told", "uid": b"7"}) + block(entry("a"), entry("b")) + END
    assert [(b"told", 7), (b"b", 0)] == [(each.path, each.uid) for each in columns(data)]


def test_an_empty_pax_value_leaves_the_header_s_own() -> None:
    assert b"a" == only(pax({"path": b"", "size": b""}) + block(entry("a", b"x")) + END).path


def test_a_pax_size_counts_where_the_header_says_another() -> None:
    info, _ = entry("a")
    data = pax({"size": b"600"}) + info.tobuf(USTAR) + b"x" * 600 + bytes(424) + block(entry("b")) + END
    assert [(b"a", 600), (b"b", 0)] == [(each.path, each.size) for each in columns(data)]


def test_sizes_of_members_without_payload_mean_nothing() -> None:
    link, _ = hard_link("h", "a")
    link.size = 1000
    folder, _ = directory("d")
    folder.size = 1000
    data = block(entry("a", b"x")) + link.tobuf(USTAR) + folder.tobuf(USTAR) + block(entry("b")) + END
    assert [b"a", b"h", b"d", b"b"] == [each.path for each in columns(data)]


def test_attributes_of_the_file_are_kept_and_those_of_the_host_are_not() -> None:
    found = only(
        pax(
            {
                "SCHILY.xattr.security.capability": b"\x01\0\0\x02",
                "SCHILY.xattr.security.selinux": b"label",
                "SCHILY.xattr.user.a": b"1\n=2",
                "LIBARCHIVE.xattr.user.b%20c": b"aGVsbG8",
            }
        )
        + block(entry("a"))
        + END
    )
    assert ((b"security.capability", b"\x01\0\0\x02"), (b"user.a", b"1\n=2"), (b"user.b c", b"hello")) == found.xattrs


def test_a_v7_name_with_a_slash_at_its_end_is_a_directory() -> None:
    info, _ = entry("old/", type=tarfile.AREGTYPE)
    header = bytearray(info.tobuf(USTAR))
    assert (b"old", Kind.DIRECTORY) == (only(bytes(header) + END).path, only(bytes(header) + END).kind)


def test_a_tar_without_its_end_marker_and_an_empty_one_are_whole() -> None:
    assert [b"a"] == [each.path for each in columns(block(entry("a", b"x")))]
    assert [] == list(columns(b"")) == list(columns(END)) == list(columns(bytes(512)))


def test_one_block_of_zeros_in_the_middle_is_no_end() -> None:
    with pytest.raises(ImageError, match="zeros stands before the end"):
        columns(block(entry("a")) + bytes(512) + block(entry("b")) + END)


def test_duplicates_in_one_layer_are_all_told() -> None:
    assert [(b"a", 1), (b"a", 2)] == [
        (each.path, each.size) for each in columns(tar(entry("a", b"1"), entry("a", b"22")))
    ]


class Forward(io.RawIOBase):
    """A stream that cannot seek and gives little at a time, as decompressors do."""

    def __init__(self, data: bytes, most: int) -> None:
        self.inner, self.most = io.BytesIO(data), most

    def readable(self) -> bool:
        return True

    def read(self, count: int = -1) -> bytes:
        return self.inner.read(min(count, self.most) if count >= 0 else self.most)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.text("ab/.é", min_size=1, max_size=130), st.integers(0, 3000)), max_size=8),
    st.sampled_from([USTAR, GNU, PAX]),
    st.sampled_from([1, 100, 511, 513, 2**20]),
)
def test_streams_are_walked_as_files_are_and_both_as_tarfile_does(
    members: list[tuple[str, int]], format: int, most: int
) -> None:
    made = [entry(name, b"z" * size) for name, size in members if ".wh." not in name]
    try:
        data = tar(*made, format=format)
    except ValueError:  # a name that ustar cannot hold
        return
    seeking, streaming = columns(data), walk(Forward(data, most))  # type: ignore[arg-type]
    assert list(seeking) == list(streaming)
    assert seeking.overhead == streaming.overhead
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        expected = [(m.offset_data, m.size) for m in archive if _inside(m.name)]
    assert expected == [(each.offset, each.size) for each in seeking]


def _inside(name: str) -> bool:
    """Whether anything is left of a name when `.` and `..` are taken away."""
    parts: list[Any] = []
    for part in name.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return bool(parts)
