"""Tars that lie, end too early or ask for too much: an ImageError that says where, soon and in little memory."""

from __future__ import annotations

import io
import tarfile
import tracemalloc

import pytest
from handmade import directory, entry, hard_link, symlink, tar
from hypothesis import given, settings
from hypothesis import strategies as st
from test_tar_walker import END, USTAR, Forward, block, columns, extension, pax, records

from jettison.core.errors import ImageError
from jettison.image.tar import walk

pytestmark = pytest.mark.slow
RICH = (
    pax({"path": b"p" * 200, "SCHILY.xattr.user.a": b"v", "size": b"3"})
    + block(entry("a", b"abc"))
    + extension(b"L", b"long" * 60 + b"\0")
    + block(entry("b", b"x" * 600), directory("d"), symlink("s", "b"), hard_link("h", "b"))
    + END
)


@pytest.mark.parametrize("cut", range(0, len(RICH) - 1024, 512))
def test_a_tar_cut_at_any_block_is_refused_or_whole_up_to_there(cut: int) -> None:
    """A cut between members cannot be told from a tar without end marker; everywhere else it is told."""
    whole = list(columns(RICH))
    try:
        found = list(columns(RICH[:cut]))
    except ImageError as error:
        assert "broken tar at byte" in error.message
        assert error.hint
    else:
        assert whole[: len(found)] == found


@pytest.mark.parametrize("cut", [1, 100, 511, 513, 1023])
def test_a_tar_cut_within_a_block_is_refused(cut: int) -> None:
    with pytest.raises(ImageError, match="it ends within"):
        columns(RICH[:cut])


@settings(max_examples=400, deadline=None)
@given(st.integers(0, len(RICH) - 1), st.binary(min_size=1, max_size=12), st.booleans())
def test_a_changed_header_is_refused_or_read_and_never_crashes(at: int, change: bytes, sign: bool) -> None:
    data = bytearray(RICH)
    data[at : at + len(change)] = change
    block_at = at - at % 512
    if sign and block_at + 512 <= len(data):  # with its checksum made right, so that the change is seen
        header = bytes(data[block_at : block_at + 148]) + b" " * 8 + bytes(data[block_at + 156 : block_at + 512])
        data[block_at + 148 : block_at + 156] = b"%06o\0 " % sum(header)
    try:
        list(columns(bytes(data)))
    except ImageError as error:
        assert error.hint


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=3000))
def test_noise_is_refused_or_read_and_never_crashes(data: bytes) -> None:
    try:
        columns(data)
    except ImageError as error:
        assert error.hint


KEYS = [f"GNU.sparse.{key}" for key in ("major", "minor", "map", "size", "realsize", "offset", "numbytes", "name")]
SPARSE = st.dictionaries(
    st.sampled_from([*KEYS, "size", "path", "mtime", "uid"]),
    st.one_of(
        st.sampled_from([b"0", b"1", b"-1", b"0,3", b"0,1,2", b"9" * 19, b"", b"x", b"1.5", b"99999999999999999999"]),
        st.binary(max_size=6),
    ),
)


@settings(max_examples=400, deadline=None)
@given(SPARSE, st.sampled_from([b"abc", b"1\n0\n3\n" + bytes(506) + b"abc", b"7\n"]), st.sampled_from([b"0", b"S"]))
def test_extended_headers_of_any_content_are_refused_or_read(
    values: dict[str, bytes], data: bytes, flag: bytes
) -> None:
    try:
        list(columns(pax(values) + block(entry("a", data, type=flag)) + END))
    except ImageError as error:
        assert error.hint


@pytest.mark.parametrize("value", [b"9223372036854775808", b"-1", b"1e9", b"99999999999999999999999"])
def test_absurd_sizes_are_refused(value: bytes) -> None:
    with pytest.raises(ImageError, match="broken tar at byte 1024"):
        columns(pax({"size": value}) + block(entry("a")) + END)


@pytest.mark.parametrize("flag", [tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.REGTYPE])
def test_a_size_that_is_no_number_is_refused_wherever_a_chunk_ends(flag: bytes) -> None:
    """The fast way and the careful way agree, as Go does, also where the size means nothing."""
    header = bytearray(entry("a", type=flag)[0].tobuf(USTAR))
    header[124:135] = b"00000000009"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    for data in (bytes(header) + END, b"".join([block(entry("b")), header, END])):
        for most in (700, 2**20):
            with pytest.raises(ImageError, match="broken tar"):
                walk(Forward(data, most))  # type: ignore[arg-type]


def test_a_size_beyond_the_end_is_refused_without_reading_for_it() -> None:
    with pytest.raises(ImageError, match="goes beyond its end"):
        columns(pax({"size": b"9223372036854775807"}) + block(entry("a")) + END)


def test_an_extended_header_of_a_gigabyte_is_refused_before_it_is_read() -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = b"x", 2**30
    with pytest.raises(ImageError, match="an extended header of 1073741824 bytes"):
        columns(info.tobuf(USTAR) + END)


def test_a_name_of_a_megabyte_is_refused() -> None:
    with pytest.raises(ImageError, match="a name that no file system takes"):
        columns(extension(b"L", b"n/" * 500_000) + block(entry("a")) + END)


def test_a_name_with_a_nul_is_refused() -> None:
    with pytest.raises(ImageError, match="a name that no file system takes"):
        columns(pax({"path": b"a\0b"}) + block(entry("a")) + END)


@pytest.mark.parametrize("data", [b"5 a=b\n", b"99 a=b\n", b"-6 a=b\n", b"6 abcd", b" a=b\n", b"6 ab\n\n", b"x" * 30])
def test_records_that_do_not_add_up_are_refused(data: bytes) -> None:
    with pytest.raises(ImageError):
        columns(extension(b"x", data) + block(entry("a")) + END)


def test_bombs_of_extended_headers_are_held_within_bounds() -> None:
    """Attributes of a megabyte on every member: the walk stops before they fill the memory."""
    bomb = pax({"SCHILY.xattr.user.a": b"v" * 1_000_000}) + block(entry("a"))

    class Endless(io.RawIOBase):
        """The same members again and again."""

        def __init__(self) -> None:
            self.left = b""

        def readable(self) -> bool:
            return True

        def read(self, count: int = -1) -> bytes:
            while len(self.left) < count:
                self.left += bomb
            data, self.left = self.left[:count], self.left[count:]
            return data

    with pytest.raises(ImageError, match="absurdly much"):
        walk(Endless())  # type: ignore[arg-type]


def test_a_sparse_map_without_end_is_refused() -> None:
    values = {"GNU.sparse.major": b"1", "GNU.sparse.minor": b"0", "GNU.sparse.realsize": b"5"}
    with pytest.raises(ImageError):
        columns(pax(values) + block(entry("a", b"9" * 5_000_000)) + END)


def test_twenty_thousand_members_of_one_name_cost_little() -> None:
    data = block(entry("same")) * 20_000 + END
    tracemalloc.start()
    try:
        walked = columns(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 20_000 == len(walked)
    assert peak < 8 * 2**20


def test_records_helper_makes_what_tarfile_reads() -> None:
    data = pax({"path": b"told"}) + block(entry("a")) + END
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert ["told"] == archive.getnames()
    assert b"13 path=told\n" == records({"path": b"told"})


def test_a_tar_of_everything_is_walked() -> None:
    assert 5 == len(columns(RICH))
    assert tar() == tar()
