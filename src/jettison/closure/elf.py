"""Shared libraries: what each ELF file needs, and where the dynamic linker would find it.

Source: System V ABI, "Dynamic Section" and "Shared Object Dependencies"; ld.so(8) for the order of directories.
"""

from __future__ import annotations

import io
import posixpath
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple

from jettison.closure.command import variable
from jettison.image.model import Kind
from jettison.image.tree import Tree

_DYNAMIC, _INTERP, _LOAD = 2, 3, 1
_NEEDED, _STRTAB, _STRSZ, _RPATH, _RUNPATH = 1, 5, 10, 15, 29
_LARGEST = 16 * 2**20  # bytes of a table; larger ones are nonsense
_SCRIPT = b"/* GNU ld script"  # libc.so of libc6-dev: for the compiler's linker
_STANDARD = (b"lib", b"usr/lib", b"lib64", b"usr/lib64", b"usr/local/lib", b"usr/local/lib64")
_TRIPLETS = (b"lib", b"usr/lib", b"usr/local/lib")  # have directories named x86_64-linux-gnu and the like


@dataclass(frozen=True)
class Object:
    """What an ELF file asks the linker for."""

    interpreter: bytes
    needed: tuple[bytes, ...]
    paths: tuple[bytes, ...]  # rpath and runpath, `$ORIGIN` as written
    # its class, byte order and processor, as the header has them: libraries must have the same
    machine: bytes = field(default=b"", compare=False)

    @property
    def needs(self) -> tuple[bytes, ...]:
        return (*self.needed, self.interpreter) if self.interpreter else self.needed


class Need(NamedTuple):
    """A file of the original whose need for a library was met there."""

    path: bytes
    name: bytes
    own: tuple[bytes, ...]  # directories that the file itself names
    machine: bytes = b""


@dataclass(frozen=True)
class Linker:
    """Where libraries are looked for in a tree; remembers what it found."""

    tree: Tree
    directories: tuple[bytes, ...]
    _real: dict[bytes, bytes | None] = field(default_factory=dict)
    _found: dict[tuple[bytes, tuple[bytes, ...], bytes], bool] = field(default_factory=dict)
    _machines: dict[bytes, bytes] = field(default_factory=dict)

    def finds(self, name: bytes, own: tuple[bytes, ...], machine: bytes = b"") -> bool:
        """Whether a library of this name is in one of these directories or in those that all programs share.

        `machine`: whom it is for. A package may bring the same addon for several processors and C libraries, of which
        one is loaded.
        """
        key = name, own, machine
        if key not in self._found:
            self._found[key] = self.place(name, own, machine) is not None
        return self._found[key]

    def place(self, name: bytes, own: tuple[bytes, ...], machine: bytes = b"") -> bytes | None:
        """The path of the first library of this name; None where there is none."""
        if b"/" in name:
            path = posixpath.normpath(name).strip(b"/")
            return path if self._is_library(path, machine) else None
        folders = (real for real in map(self._directory, (*own, *self.directories)) if real)
        return next((path for real in folders if self._is_library(path := real + b"/" + name, machine)), None)

    def _is_library(self, path: bytes, machine: bytes) -> bool:
        """Whether the dynamic linker may load it: no script of the compiler's linker, and for the same machine."""
        real = self.tree.resolve(path)
        if real is None or not self._is_file(real):
            return False
        if not machine:
            return True
        if path not in self._machines:
            with self.tree.open(real) as stream:
                head = stream.read(20)
            self._machines[path] = _SCRIPT if head.startswith(_SCRIPT) else _machine(head)
        found = self._machines[path]
        return not found or found == machine

    def _directory(self, path: bytes) -> bytes | None:
        if path not in self._real:
            self._real[path] = self.tree.resolve(path)
        return self._real[path]

    def _is_file(self, path: bytes) -> bool:
        real = self.tree.resolve(path)
        item = self.tree.get(real) if real is not None else None
        return item is not None and item.kind is Kind.FILE and item.size > 0


def linker(tree: Tree, config: Mapping[str, Any]) -> Linker:
    """LD_LIBRARY_PATH, ld.so.conf, then the standard places."""
    told = variable(config, "LD_LIBRARY_PATH").split(":")
    found = [part.strip("/").encode("utf-8", "surrogateescape") for part in told if part]
    for path in (b"etc/ld.so.conf", *sorted(tree.children(b"etc/ld.so.conf.d"))):
        try:
            lines = tree.read(path, 65536).splitlines()
        except KeyError:
            continue
        found += [line.strip().strip(b"/") for line in lines if line.strip().startswith(b"/")]
    tops = {real for real in map(tree.resolve, _TRIPLETS) if real}
    triplets = [path for top in sorted(tops) for path in tree.children(top) if b"-linux-" in path.rpartition(b"/")[2]]
    return Linker(tree, tuple(dict.fromkeys([*found, *_STANDARD, *triplets])))


def needs(tree: Tree, config: Mapping[str, Any], among: frozenset[bytes] | None = None) -> Iterator[Need]:
    """Every need of every ELF file that is met; of every one of `among`, where that is given."""
    links = linker(tree, config)
    for path in sorted(objects(tree) if among is None else (each for each in among if _may_be_elf(tree, each))):
        parsed = read(tree, path)
        if parsed is None:
            continue
        own = own_directories(parsed, path)
        machine = parsed.machine
        yield from (Need(path, name, own, machine) for name in parsed.needs if links.finds(name, own, machine))


def lost(found: Sequence[Need], candidate: Tree, config: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each file of the candidate whose libraries were found in the original and are no more."""
    links = linker(candidate, config)
    for need in found:
        if links.finds(need.name, need.own, need.machine):
            continue
        parsed = read(candidate, need.path)  # it may be gone, too, or have been linked anew
        if (
            parsed is not None
            and need.name in parsed.needs
            and not links.finds(need.name, own_directories(parsed, need.path), parsed.machine)
        ):
            yield f"/{need.path.decode('utf-8', 'replace')} needs {need.name.decode('utf-8', 'replace')}"


def objects(tree: Tree) -> Iterator[bytes]:
    """Paths of files that may be ELF files: executables, libraries, addons."""
    return (path for path in tree if _may_be_elf(tree, path))


def _may_be_elf(tree: Tree, path: bytes) -> bool:
    item = tree.get(path)
    if item is None or item.kind is not Kind.FILE or item.size <= 64:
        return False
    return item.mode & 0o111 != 0 or b".so" in path or path.endswith(b".node")


def own_directories(parsed: Object, path: bytes) -> tuple[bytes, ...]:
    """Directories that a file itself names, `$ORIGIN` filled in."""
    origin = posixpath.dirname(path)
    expanded = (each.replace(b"${ORIGIN}", b"/" + origin).replace(b"$ORIGIN", b"/" + origin) for each in parsed.paths)
    return tuple(posixpath.normpath(each).strip(b"/") for each in expanded)


def read(tree: Tree, path: bytes) -> Object | None:
    """What the file at this path asks for; None where it is no dynamic ELF file. Reads headers and tables only."""
    try:
        with tree.open(path) as stream:
            head = stream.read(64)
            if head[:4] != b"\x7fELF":
                return None
            if stream.seekable():
                return parse(stream)
            return parse(io.BytesIO(head + stream.read()))
    except KeyError:
        return None


def parse(stream: BinaryIO) -> Object | None:
    """The dynamic section of an ELF file; None where there is none or it makes no sense."""
    head = _at(stream, 0, 64)
    if len(head) < 64 or head[:4] != b"\x7fELF" or head[4] not in (1, 2) or head[5] not in (1, 2):
        return None
    order, wide = "<" if head[5] == 1 else ">", head[4] == 2
    try:
        segments = _segments(stream, head, order, wide)
        return _dynamic(stream, segments, struct.Struct(order + ("QQ" if wide else "II")), _machine(head))
    except (struct.error, ValueError, OverflowError):
        return None


def _at(stream: BinaryIO, offset: int, length: int) -> bytes:
    if not 0 <= offset < 2**62 or not 0 <= length <= _LARGEST:
        raise ValueError
    stream.seek(offset)
    return stream.read(length)


class _Segment(NamedTuple):
    kind: int
    offset: int
    address: int
    length: int


def _segments(stream: BinaryIO, head: bytes, order: str, wide: bool) -> list[_Segment]:
    if wide:
        start, size, count = (*struct.unpack_from(order + "Q", head, 32), *struct.unpack_from(order + "HH", head, 54))
    else:
        start, size, count = (*struct.unpack_from(order + "I", head, 28), *struct.unpack_from(order + "HH", head, 42))
    table = _at(stream, start, size * count)
    found = []
    for number in range(count):
        if wide:
            kind, _, offset, address, _, length = struct.unpack_from(order + "IIQQQQ", table, number * size)
        else:
            kind, offset, address, _, length = struct.unpack_from(order + "IIIII", table, number * size)
        found.append(_Segment(kind, offset, address, length))
    return found


def _machine(head: bytes) -> bytes:
    """EI_CLASS, EI_DATA and e_machine of an ELF header; nothing of any other file."""
    return head[4:6] + head[18:20] if head[:4] == b"\x7fELF" else b""


def _dynamic(stream: BinaryIO, segments: list[_Segment], entry: struct.Struct, machine: bytes = b"") -> Object | None:
    dynamic = next((segment for segment in segments if segment.kind == _DYNAMIC), None)
    if dynamic is None:
        return None
    named = next((segment for segment in segments if segment.kind == _INTERP), None)
    interpreter = _at(stream, named.offset, named.length).rstrip(b"\0") if named else b""
    table = _at(stream, dynamic.offset, dynamic.length)
    tags = list(entry.iter_unpack(table[: len(table) // entry.size * entry.size]))
    at = next((value for tag, value in tags if tag == _STRTAB), 0)
    length = next((value for tag, value in tags if tag == _STRSZ), 0)
    loaded = (segment for segment in segments if segment.kind == _LOAD)
    offset = next((s.offset + at - s.address for s in loaded if s.address <= at < s.address + s.length), at)
    strings = _at(stream, offset, length)

    def text(value: int) -> bytes:
        return strings[value : strings.index(b"\0", value)]

    needed = tuple(text(value) for tag, value in tags if tag == _NEEDED)
    paths = tuple(p for tag, value in tags if tag in (_RPATH, _RUNPATH) for p in text(value).split(b":") if p)
    return Object(interpreter, needed, paths, machine)
