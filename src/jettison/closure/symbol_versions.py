"""Versions of symbols: which an ELF file needs of each library, and which a library has (GLIBC_2.34 and the like).

Source: Linux Standard Base, "Symbol Versioning" (Elf_Verneed, Elf_Verdef and their auxiliaries).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from jettison.closure.elf import _DYNAMIC, _LOAD, _STRSZ, _STRTAB, _at, _Segment, _segments
from jettison.image.tree import Tree

_VERDEF, _VERNEED = 0x6FFFFFFC, 0x6FFFFFFE
_WEAK = 2
_MOST = 10_000  # entries of a list; more are nonsense


@dataclass(frozen=True)
class Versions:
    """`needed`: by library; `defined`: by this file itself."""

    needed: Mapping[bytes, tuple[bytes, ...]]
    defined: frozenset[bytes]


NONE = Versions({}, frozenset())


def versions(tree: Tree, path: bytes) -> Versions:
    """The versions of the file at this path; none where it is no dynamic ELF file."""
    try:
        with tree.open(path) as stream:
            head = stream.read(64)
            if len(head) < 64 or head[:4] != b"\x7fELF" or head[4] not in (1, 2) or head[5] not in (1, 2):
                return NONE
            return _parse(stream if stream.seekable() else io.BytesIO(head + stream.read()), head)
    except (KeyError, ValueError, OverflowError, struct.error):
        return NONE


def _parse(stream: BinaryIO, head: bytes) -> Versions:
    order, wide = "<" if head[5] == 1 else ">", head[4] == 2
    segments = _segments(stream, head, order, wide)
    dynamic = next((segment for segment in segments if segment.kind == _DYNAMIC), None)
    if dynamic is None:
        return NONE
    entry = struct.Struct(order + ("QQ" if wide else "II"))
    table = _at(stream, dynamic.offset, dynamic.length)
    tags = dict(entry.iter_unpack(table[: len(table) // entry.size * entry.size]))
    strings = _at(stream, _offset(segments, tags[_STRTAB]), tags[_STRSZ]) if _STRTAB in tags else b""

    def text(at: int) -> bytes:
        return strings[at : strings.index(b"\0", at)]

    needed: dict[bytes, tuple[bytes, ...]] = {}
    if _VERNEED in tags:
        for library, names in _needs(stream, _offset(segments, tags[_VERNEED]), order):
            needed[text(library)] = tuple(text(name) for name in names)
    defined = _defines(stream, _offset(segments, tags[_VERDEF]), order) if _VERDEF in tags else ()
    return Versions(needed, frozenset(text(name) for name in defined))


def _offset(segments: list[_Segment], address: int) -> int:
    """Where an address lies in the file."""
    loaded = (segment for segment in segments if segment.kind == _LOAD)
    return next(
        (s.offset + address - s.address for s in loaded if s.address <= address < s.address + s.length), address
    )


def _needs(stream: BinaryIO, at: int, order: str) -> Iterator[tuple[int, list[int]]]:
    """(library, versions) as places in the string table; weak ones left out: the linker only warns of them."""
    left = _MOST
    while left > 0:
        _, count, library, aux, following = struct.unpack(order + "HHIII", _at(stream, at, 16))
        names, place = [], at + aux
        left -= 1 + count
        for _ in range(min(count, _MOST)):
            _, flags, _, name, step = struct.unpack(order + "IHHII", _at(stream, place, 16))
            if not flags & _WEAK:
                names.append(name)
            place += step
        yield library, names
        if not following:
            return
        at += following


def _defines(stream: BinaryIO, at: int, order: str) -> Iterator[int]:
    """Each version's own name as a place in the string table."""
    for _ in range(_MOST):
        _, _, _, _, _, aux, following = struct.unpack(order + "HHHHIII", _at(stream, at, 20))
        yield struct.unpack(order + "II", _at(stream, at + aux, 8))[0]
        if not following:
            return
        at += following
