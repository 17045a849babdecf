"""Columns packed and unpacked are the same columns; what is not whole is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.image.cache_pack import pack, unpack
from jettison.image.model import HASH, Columns, Entry, Kind

NAMES = st.binary(min_size=1, max_size=12).map(lambda name: name.replace(b"\0", b"n"))
NUMBERS = st.integers(min_value=0, max_value=2**63 - 1)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=3).map(tuple)
ENTRIES = st.builds(
    Entry,
    path=NAMES | st.just(b""),
    kind=st.sampled_from(Kind),
    mode=st.integers(min_value=0, max_value=0o7777),
    uid=NUMBERS,
    gid=NUMBERS,
    mtime=st.integers(min_value=-(2**63) + 1, max_value=2**63 - 1),
    size=NUMBERS,
    link=st.binary(max_size=5),
    offset=st.integers(min_value=-1, max_value=2**63 - 1),
    device=st.tuples(NUMBERS, NUMBERS),
    xattrs=st.lists(st.tuples(st.binary(max_size=4), st.binary(max_size=4)), max_size=2).map(tuple),
    extents=PAIRS,
)
LAYERS = st.tuples(st.lists(ENTRIES, max_size=6), st.booleans(), NUMBERS)


def columns_of(entries: list[Entry], hashed: bool = False, overhead: int = 0) -> Columns:
    columns = Columns(overhead=overhead)
    for number, entry in enumerate(entries):
        columns.append(entry)
        if hashed:
            columns.hashes.extend(bytes([number + 1]) * HASH)
    return columns


@settings(max_examples=300, deadline=None)
@given(LAYERS)
def test_unpacked_is_what_was_packed(told: tuple[list[Entry], bool, int]) -> None:
    columns = columns_of(*told)
    again = unpack(memoryview(pack(columns)))
    assert columns == again
    assert told[0] == list(again)
    assert (columns.outline, columns.hashes, columns.overhead) == (again.outline, again.hashes, again.overhead)


@settings(max_examples=100, deadline=None)
@given(st.lists(ENTRIES, min_size=1, max_size=4), st.integers(min_value=0))
def test_what_is_cut_is_refused(entries: list[Entry], length: int) -> None:
    data = pack(columns_of(entries))
    with pytest.raises(ValueError):
        unpack(memoryview(data[: length % len(data)]))


@settings(max_examples=200, deadline=None)
@given(st.lists(ENTRIES, min_size=1, max_size=3), st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_what_is_changed_never_ends_in_another_error(entries: list[Entry], at: int, by: int) -> None:
    data = bytearray(pack(columns_of(entries)))
    data[at % len(data)] ^= by
    with contextlib.suppress(ValueError):
        unpack(memoryview(data))
