"""What a Go program says of itself: the modules that it was built from, how, and which functions are in it.

Source: golang/go `src/debug/buildinfo/buildinfo.go` and `src/runtime/debug/mod.go` (the format since Go 1.18);
`src/internal/abi/symtab.go` (names of functions end in a zero byte, and are there in a stripped program, too).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from jettison.image.model import Kind
from jettison.image.tree import Tree
from jettison.packages.elf_sections import sections

LARGEST = 512 * 2**20  # bytes of a program that is read
_SMALLEST = 200_000  # the runtime alone is larger
_MAGIC = b"\xff Go buildinf:"
_HEADER = 32
_INLINE = 2  # flag: version and modules stand behind the header
_SENTINEL = 16  # bytes around the text of the modules
_CALLS_C = re.compile(rb"\0([\w./@%~-]+?)\.(?:_C2?func_|_cgoexp_)")
_OF_GO = {"net", "os/user", "runtime/cgo"}  # packages of Go that call C, and do without it where cgo is off


@dataclass(frozen=True)
class Module:
    """A module in a program; `version` is `(devel)` for one built where it lies."""

    path: str
    version: str


@dataclass(frozen=True)
class BuildInfo:
    """What `go version -m` prints. `settings`: -ldflags, -trimpath, CGO_ENABLED, GOOS, vcs.revision ..."""

    go: str
    package: str  # the main package
    main: Module | None = None
    modules: tuple[Module, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


def build_info(data: bytes) -> BuildInfo | None:
    """The build information of a program; None where it is no Go program, or one from before Go 1.18."""
    where = next((each.offset for each in sections(data) if each.name == ".go.buildinfo"), None)
    if where is None or data[where : where + len(_MAGIC)] != _MAGIC or not data[where + 15] & _INLINE:
        return None
    try:
        version, at = _text(data, where + _HEADER)
        modules, _ = _text(data, at)
    except IndexError:
        return None
    if len(modules) < 2 * _SENTINEL:
        return BuildInfo(version.decode("utf-8", "replace"), "")
    return _parse(version.decode("utf-8", "replace"), modules[_SENTINEL:-_SENTINEL].decode("utf-8", "replace"))


def _text(data: bytes, at: int) -> tuple[bytes, int]:
    """The text behind its length (unsigned varint), and where it ends. Raises IndexError."""
    length = shift = 0
    while True:
        length |= (data[at] & 0x7F) << shift
        at, shift, more = at + 1, shift + 7, data[at] & 0x80
        if not more:
            break
    if length > len(data) - at:
        raise IndexError
    return data[at : at + length], at + length


def _parse(go: str, text: str) -> BuildInfo:
    package, main, modules, settings = "", None, [], {}
    for line in text.splitlines():
        kind, *rest = line.split("\t")
        if kind == "path" and rest:
            package = rest[0]
        elif kind == "mod" and len(rest) > 1:
            main = Module(rest[0], rest[1])
        elif kind == "dep" and len(rest) > 1:
            modules.append(Module(rest[0], rest[1]))
        elif kind == "=>" and len(rest) > 1 and modules:
            modules[-1] = Module(rest[0], rest[1])
        elif kind == "build" and rest:
            key, _, value = rest[0].partition("=")
            settings[key] = value
    return BuildInfo(go, package, main, tuple(modules), settings)


@dataclass(frozen=True)
class Program:
    """A Go program in a tree."""

    path: bytes
    info: BuildInfo
    data: bytes = field(repr=False, compare=False)

    def links(self, *functions: str) -> bool:
        """Whether one of these functions ("os/exec.Command") is in the program: the linker leaves out what nothing
        can reach."""
        return any(b"\0" + function.encode() + b"\0" in self.data for function in functions)

    def mentions(self, text: bytes) -> bool:
        """Whether these bytes stand anywhere in the program."""
        return text in self.data

    @property
    def calls_c(self) -> tuple[str, ...]:
        """Packages that are not Go's own and call C, or are called from it."""
        found = {match.decode("utf-8", "replace") for match in _CALLS_C.findall(self.data)}
        return tuple(sorted(found - _OF_GO))


def programs(tree: Tree, paths: Iterable[bytes]) -> Iterator[Program]:
    """The Go programs among these paths."""
    for path in paths:
        entry = tree.get(path)
        if entry is None or entry.kind is not Kind.FILE or not entry.mode & 0o111 or entry.size < _SMALLEST:
            continue
        with tree.open(path) as stream:
            data = stream.read(4)
            data += stream.read(LARGEST) if data == b"\x7fELF" else b""
        info = build_info(data)
        if info is not None:
            yield Program(path, info, data)
