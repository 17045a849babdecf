from __future__ import annotations

from pathlib import Path

from handmade_tree import executable, tree
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.closure.symbol_versions import NONE, versions

TRUE = Path("/bin/true").read_bytes()
LIBC = next(Path("/").glob("lib/*-linux-gnu/libc.so.6")).read_bytes()


def test_a_program_needs_versions_that_its_library_has() -> None:
    both = tree({"true": executable(TRUE), "libc": executable(LIBC)})
    needed, defined = versions(both, b"true").needed, versions(both, b"libc").defined
    assert b"libc.so.6" in needed
    assert set() == set(needed[b"libc.so.6"]) - defined
    assert b"GLIBC_2.2.5" in defined or b"GLIBC_2.17" in defined


def test_what_is_no_dynamic_elf_file_has_none() -> None:
    files = tree({"text": "hello", "short": b"\x7fELF", "none": executable(b"\x7fELF\x02\x01" + bytes(100))})
    assert [NONE] * 4 == [versions(files, each) for each in (b"text", b"short", b"none", b"gone")]


@given(st.integers(0, len(TRUE) - 1), st.integers(0, 255))
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_is_no_error(at: int, byte: int) -> None:
    damaged = TRUE[:at] + bytes([byte]) + TRUE[at + 1 :]
    found = versions(tree({"true": executable(damaged)}), b"true")
    assert found.needed is not None


@given(st.integers(64, len(TRUE)))
@settings(max_examples=50, deadline=None)
def test_a_file_that_is_cut_is_no_error(length: int) -> None:
    assert versions(tree({"true": executable(TRUE[:length])}), b"true").defined == frozenset()
