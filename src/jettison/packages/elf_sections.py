"""The sections of an ELF file: their names, and what each takes in the file.

Source: System V ABI, "Section Header"; elf(5).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

_NOBITS = 8
_MOST = 65536  # sections
_DEBUG = (".debug_", ".zdebug_")
_SYMBOLS = {".symtab", ".strtab", ".symtab_shndx"}


class Section(NamedTuple):
    """`size` is bytes in the file, compressed as they may be there; 0 where nothing is stored."""

    name: str
    offset: int
    size: int


def sections(data: bytes) -> tuple[Section, ...]:
    """The sections of a 32- or 64-bit ELF file; none where it is no ELF file, has none, or makes no sense."""
    if data[:4] != b"\x7fELF" or len(data) < 64 or data[4] not in (1, 2) or data[5] not in (1, 2):
        return ()
    try:
        return tuple(_sections(data, "<" if data[5] == 1 else ">", wide=data[4] == 2))
    except (struct.error, IndexError, ValueError, OverflowError):
        return ()


def _sections(data: bytes, order: str, *, wide: bool) -> Iterator[Section]:
    (table,) = struct.unpack_from(order + ("Q" if wide else "I"), data, 40 if wide else 32)
    size, count, names = struct.unpack_from(order + "HHH", data, 58 if wide else 46)
    if not table or not count or count > _MOST:
        return
    headers = [_header(data, table + number * size, order, wide=wide) for number in range(count)]
    start = headers[names][2]
    for name, kind, offset, length in headers:
        end = data.index(b"\0", start + name)
        yield Section(data[start + name : end].decode("utf-8", "replace"), offset, 0 if kind == _NOBITS else length)


def _header(data: bytes, at: int, order: str, *, wide: bool) -> tuple[int, int, int, int]:
    """(offset of the name, type, offset, size) of a section header."""
    if wide:
        name, kind, _, _, offset, size = struct.unpack_from(order + "IIQQQQ", data, at)
    else:
        name, kind, _, _, offset, size = struct.unpack_from(order + "IIIIII", data, at)
    return name, kind, offset, size


def debug_bytes(data: bytes) -> int:
    """What a linker that leaves out debug information and the symbol table saves of this file: bytes of `.debug_*`,
    `.symtab`, `.strtab`, and of their names. Exact but for the padding between sections."""
    return sum(
        each.size + len(each.name) + 1
        for each in sections(data)
        if each.size and (each.name.startswith(_DEBUG) or each.name in _SYMBOLS)
    )
