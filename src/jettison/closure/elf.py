"""Shared libraries: what each ELF file needs, and where the dynamic linker would find it.

Source: System V ABI, "Dynamic Section" and "Shared Object Dependencies"; ld.so(8) for the order of directories.
"""

from __future__ import annotations

import posixpath
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jettison.image.model import Kind
from jettison.image.tree import Tree

_LIMIT = 256 * 2**20
_DYNAMIC, _INTERP, _LOAD = 2, 3, 1
_NEEDED, _STRTAB, _RPATH, _RUNPATH = 1, 5, 15, 29
_STANDARD = (
    b"lib", b"usr/lib", b"lib64", b"usr/lib64", b"usr/local/lib", b"lib/x86_64-linux-gnu", b"usr/lib/x86_64-linux-gnu",
    b"lib/aarch64-linux-gnu", b"usr/lib/aarch64-linux-gnu", b"usr/local/lib64",
)  # fmt: skip


@dataclass(frozen=True)
class Object:
    """What an ELF file asks the linker for."""

    interpreter: bytes
    needed: tuple[bytes, ...]
    paths: tuple[bytes, ...]  # rpath and runpath, `$ORIGIN` as written


def lost(original: Tree, candidate: Tree, gone: frozenset[bytes], config: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each file of the candidate whose libraries were found in the original and are no more."""
    names = {path.rpartition(b"/")[2] for path in gone}
    if not any(b".so" in name for name in names):
        return
    before, after = _directories(original, config), _directories(candidate, config)
    for path in sorted(candidate):
        if not _may_be_elf(candidate, path):
            continue
        parsed = parse(_bytes(candidate, path))
        if parsed is None:
            continue
        needs = [*parsed.needed, parsed.interpreter] if parsed.interpreter else list(parsed.needed)
        for need in needs:
            if need.rpartition(b"/")[2] not in names:
                continue
            if _found(original, need, path, parsed, before) and not _found(candidate, need, path, parsed, after):
                yield f"/{path.decode('utf-8', 'replace')} needs {need.decode('utf-8', 'replace')}"


def _may_be_elf(tree: Tree, path: bytes) -> bool:
    item = tree.get(path)
    return item is not None and item.kind is Kind.FILE and item.size > 64 and (item.mode & 0o111 != 0 or b".so" in path)


def _bytes(tree: Tree, path: bytes) -> bytes:
    try:
        return tree.read(path, _LIMIT) if tree.read(path, 4) == b"\x7fELF" else b""
    except (KeyError, OSError):
        return b""


def _directories(tree: Tree, config: Mapping[str, Any]) -> list[bytes]:
    """Where the linker looks: LD_LIBRARY_PATH, ld.so.conf, the standard places."""
    found: list[bytes] = []
    for item in config.get("Env") or []:
        if item.startswith("LD_LIBRARY_PATH="):
            found += [part.strip("/").encode() for part in item.partition("=")[2].split(":") if part]
    for path in (b"etc/ld.so.conf", *sorted(tree.children(b"etc/ld.so.conf.d"))):
        try:
            lines = tree.read(path, 65536).splitlines()
        except KeyError:
            continue
        found += [line.strip().strip(b"/") for line in lines if line.strip().startswith(b"/")]
    return [*found, *_STANDARD]


def _found(tree: Tree, need: bytes, path: bytes, parsed: Object, directories: list[bytes]) -> bool:
    if b"/" in need:
        return tree.resolve(need.strip(b"/")) is not None
    origin = posixpath.dirname(tree.resolve(path) or path)
    own = [each.replace(b"${ORIGIN}", origin).replace(b"$ORIGIN", origin).strip(b"/") for each in parsed.paths]
    return any(tree.resolve(directory + b"/" + need) is not None for directory in [*own, *directories])


def parse(data: bytes) -> Object | None:
    """The dynamic section of an ELF file; None where there is none or it makes no sense."""
    if len(data) < 64 or data[:4] != b"\x7fELF" or data[4] not in (1, 2) or data[5] not in (1, 2):
        return None
    order, wide = "<" if data[5] == 1 else ">", data[4] == 2
    try:
        return _parse(data, order, wide)
    except (struct.error, ValueError, OverflowError):
        return None


def _parse(data: bytes, order: str, wide: bool) -> Object | None:
    if wide:
        start, size, count = (*struct.unpack_from(order + "Q", data, 32), *struct.unpack_from(order + "HH", data, 54))
    else:
        start, size, count = (*struct.unpack_from(order + "I", data, 28), *struct.unpack_from(order + "HH", data, 42))
    segments = []
    for number in range(count):
        at = start + number * size
        if wide:
            kind, _, offset, address, _, length = struct.unpack_from(order + "IIQQQQ", data, at)
        else:
            kind, offset, address, _, length = struct.unpack_from(order + "IIIII", data, at)
        segments.append((kind, offset, address, length))
    dynamic = next(((offset, length) for kind, offset, _, length in segments if kind == _DYNAMIC), None)
    if dynamic is None:
        return None
    interpreter = next((data[o : o + n].rstrip(b"\0") for kind, o, _, n in segments if kind == _INTERP), b"")
    entry = struct.Struct(order + ("QQ" if wide else "II"))
    tags = list(entry.iter_unpack(data[dynamic[0] : dynamic[0] + dynamic[1] // entry.size * entry.size]))
    strings = next((value for tag, value in tags if tag == _STRTAB), 0)
    table = next((o + strings - a for kind, o, a, n in segments if kind == _LOAD and a <= strings < a + n), strings)

    def text(value: int) -> bytes:
        return data[table + value : data.index(b"\0", table + value)]

    needed = tuple(text(value) for tag, value in tags if tag == _NEEDED)
    paths = tuple(p for tag, value in tags if tag in (_RPATH, _RUNPATH) for p in text(value).split(b":") if p)
    return Object(interpreter, needed, paths)
