"""Go programs made by hand: ELF files with the sections that are looked at, a few hundred kB, which nothing can run."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

from handmade_tree import Piece

_HEADER, _SECTION, _SEGMENT = 64, 64, 56
_FILLER = b"\x90" * 220_000  # the runtime that each program has


def go_program(
    package: str = "example.org/app",
    *,
    functions: Iterable[str] = ("main.main",),
    settings: Mapping[str, str] | None = None,
    debug: Mapping[str, int] | None = None,
    needed: Iterable[str] = (),
    interpreter: str = "/lib64/ld-linux-x86-64.so.2",
    strings: Iterable[str] = (),
) -> Piece:
    """An executable; `debug` are sections and their bytes, `needed` the libraries of a dynamic one."""
    told = "".join(f"build\t{key}={value}\n" for key, value in (settings or {"CGO_ENABLED": "0"}).items())
    names = b"\0" + b"\0".join(each.encode() for each in functions) + b"\0"
    sections = {
        ".text": _FILLER + "\0".join(strings).encode() + names,
        ".go.buildinfo": build_info(f"path\t{package}\nmod\t{package.split('/cmd/')[0]}\t(devel)\t\n{told}"),
        **{name: b"d" * size for name, size in (debug or {}).items()},
    }
    return Piece(elf(sections, tuple(needed), interpreter), 0o755)


def build_info(modules: str, version: str = "go1.22.10") -> bytes:
    """The section .go.buildinfo as Go 1.18 and later write it."""
    text = b"S" * 16 + modules.encode() + b"E" * 16
    return b"\xff Go buildinf:\x08\x02".ljust(32, b"\0") + _counted(version.encode()) + _counted(text)


def _counted(text: bytes) -> bytes:
    length, found = len(text), b""
    while length > 0x7F:
        found, length = found + bytes([length & 0x7F | 0x80]), length >> 7
    return found + bytes([length]) + text


def elf(sections: Mapping[str, bytes], needed: tuple[str, ...] = (), interpreter: str = "") -> bytes:
    """A 64-bit file of these sections; with `needed`, one that a dynamic linker has to start."""
    segments = _segments(needed, interpreter) if needed else []
    start = _HEADER + _SEGMENT * len(segments)
    body, headers = bytearray(b"".join(data for _, _, data in segments)), [b"\0" * _SECTION]
    names = b"\0" + b"".join(name.encode() + b"\0" for name in [*sections, ".shstrtab"])
    for name, data in [*sections.items(), (".shstrtab", names)]:
        at = names.index(b"\0" + name.encode() + b"\0") + 1
        headers.append(struct.pack("<IIQQQQIIQQ", at, 1, 0, 0, start + len(body), len(data), 0, 0, 1, 0))
        body += data
    table = start + len(body)
    head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, 0, _HEADER if segments else 0, table, 0, _HEADER, _SEGMENT, len(segments), _SECTION,
        len(headers), len(headers) - 1,
    )  # fmt: skip
    told = (struct.pack("<IIQQQQQQ", kind, 4, at, at, at, len(data), len(data), 1) for kind, at, data in segments)
    return head + b"".join(told) + bytes(body) + b"".join(headers)


def _segments(needed: tuple[str, ...], interpreter: str) -> list[tuple[int, int, bytes]]:
    """(type, place, bytes): the interpreter, the strings, and the dynamic section that points at them."""
    name, strings = interpreter.encode() + b"\0", b"\0" + b"".join(each.encode() + b"\0" for each in needed)
    first = _HEADER + 3 * _SEGMENT
    second = first + len(name)
    tags = [(1, strings.index(each.encode())) for each in needed] + [(5, second), (10, len(strings)), (0, 0)]
    dynamic = b"".join(struct.pack("<QQ", *tag) for tag in tags)
    return [(3, first, name), (1, second, strings), (2, second + len(strings), dynamic)]
