"""The programs that a container runs, and what their own bytes and sources tell of their needs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jettison.closure import elf
from jettison.closure.command import interpreter, locate, variable
from jettison.closure.lost import Reach
from jettison.closure.python_calls import calls
from jettison.closure.shell import tools
from jettison.image.tree import Tree

_CHUNK = 2**20
_SOURCE = 2**20  # bytes read of a script
_MARKS = {  # Go keeps the names of functions that were linked in (runtime, `pclntab`); others keep paths
    "certificates": (b"/etc/ssl/certs",),
    "time zones": (b"time.LoadLocation\0",),
    "time zones inside": (b"time/tzdata.",),
    "other programs": (b"os/exec.(*Cmd).Start\0",),
    "users": (b"os/user.Current\0", b"os/user.Lookup\0", b"os.UserHomeDir\0"),
}
_TLS = (b"libssl.", b"libgnutls.", b"libcurl", b"libnss3.")
_STARTS = re.compile(r"\b(?:exec|execSync|spawn|spawnSync|execFile|execFileSync)\b")
_STARTED = re.compile(
    r"""\b(?:exec|execSync|spawn|spawnSync|execFile|execFileSync)\s*\)?\s*\(\s*["'`](?P<name>[\w./+-]+)"""
)
# the block of `if (process.platform === "darwin") {`, up to a call in it: that is not started here
_ELSEWHERE = re.compile(
    r"""\bif\s*\((?:(?!\|\||!\(|\)\s*\w)[^{};\n])*platform(?:\(\))?\s*===?\s*["'](?:darwin|win32|freebsd)["']"""
    r"(?:(?!\|\|)[^{};()\n])*\)\s*\{[^{}]*$"
)
# what a package calls while it is installed, from a file that it runs with
_COMPILING = {"pkg-config", "make", "cmake", "gcc", "g++", "cc", "c++", "clang", "clang++", "ld", "node-gyp"}
_FEW = 240  # characters
_STARTERS = re.compile(r"""["'](?:node:)?(?:child_process|execa|cross-spawn|shelljs|zx)["']""")
_PYTHON_STARTS = re.compile(r"\b(?:os\.(?:system|popen|exec\w+|spawn\w+)|subprocess|ctypes\.util)\b")


@dataclass(frozen=True)
class Programs:
    """What runs in a container of this tree; files of layers from `own` on are the application's, not the base's."""

    reach: Reach
    own: int

    @property
    def tree(self) -> Tree:
        return self.reach.tree

    @property
    def config(self) -> Mapping[str, Any]:
        return self.reach.config

    @cached_property
    def paths(self) -> tuple[bytes, ...]:
        """The executable files, those that only run another's script included, each once."""
        found: dict[bytes, None] = {}
        words = [command[0] for command in self.reach.commands] + [
            word for command in self.reach.commands for word in tools(command)
        ]
        for word in words:
            real = locate(self.tree, word, self.config)
            while real is not None and real not in found:
                found[real] = None
                runs = interpreter(self.tree, real)
                real = locate(self.tree, runs, self.config) if runs else None
        return tuple(found)

    @cached_property
    def compiled(self) -> tuple[bytes, ...]:
        """Those that are ELF files of the application itself."""
        return tuple(
            path
            for path in self.paths
            if self.tree.layer_of(path) >= self.own and self.tree.read(path, 4) == b"\x7fELF"
        )

    def named(self, *names: str) -> bool:
        """Whether an interpreter of one of these names runs; versions and suffixes behind it are looked through."""
        pattern = re.compile(rf"(?:.*/)?(?:{'|'.join(names)})[\d.]*")
        return any(pattern.fullmatch(path.decode("utf-8", "replace")) for path in self.paths)

    @cached_property
    def marks(self) -> frozenset[str]:
        """Which of the marks any compiled program bears."""
        return frozenset(mark for path in self.compiled for mark in _marks(self.tree, path))

    @cached_property
    def uses_system_certificates(self) -> bool:
        """Whether TLS here may be decided by the certificates of /etc/ssl. Node brings its own."""
        told = [word for command in self.reach.commands for word in command] + [variable(self.config, "NODE_OPTIONS")]
        if any("--use-openssl-ca" in word or "--use-system-ca" in word for word in told):
            return True
        if self.named("ruby", "perl", "php") or "certificates" in self.marks:
            return True
        if self.named("python") and any(each.name == "ssl" for each in self.reach.modules.imports):
            return True
        parsed = (elf.read(self.tree, path) for path in self.compiled)
        return any(name.startswith(_TLS) for each in parsed if each is not None for name in each.needed)

    @cached_property
    def uses_time_zones(self) -> bool:
        """Whether it asks the system for zones by name. Node brings its own."""
        imported = {each.name for each in self.reach.modules.imports} if self.named("python") else set()
        compiled = "time zones" in self.marks and "time zones inside" not in self.marks
        return compiled or ("zoneinfo" in imported and "tzdata" not in imported)

    def starts(self) -> Iterator[tuple[str, str]]:
        """(file, program that it starts), the program empty where it is computed or run by a shell."""
        yield from ((_shown(path), "") for path in self.compiled if "other programs" in _marks(self.tree, path))
        for path, text in self.sources():
            vendored = b"node_modules/" in path
            if path.endswith(b".py"):
                if self.tree.layer_of(path) >= self.own and b"-packages/" not in path:
                    yield from ((_shown(path), name) for name in calls(text).programs)
                    if _PYTHON_STARTS.search(text):
                        yield _shown(path), ""
            elif _STARTERS.search(text) and _STARTS.search(text):
                found = (each for each in _STARTED.finditer(text) if not _ELSEWHERE.search(text, *_before(each)))
                literal = [match["name"] for match in found]
                yield from ((_shown(path), name) for name in literal if not (vendored and name in _COMPILING))
                if not vendored:  # a library offers more than is used of it
                    yield _shown(path), ""

    def sources(self) -> Iterator[tuple[bytes, str]]:
        """Scripts that the application leads to, each with its text."""
        found = [each.found for each in self.reach.scripts if each.found.endswith((b".js", b".cjs", b".mjs"))]
        found += [each.found for each in self.reach.modules.imports if each.found.endswith(b".py")]
        for path in dict.fromkeys(found):
            try:
                yield path, self.tree.read(path, _SOURCE).decode("utf-8", "replace")
            except KeyError:
                continue


def _marks(tree: Tree, path: bytes) -> frozenset[str]:
    """Which marks a file bears, read once, in pieces."""
    longest = max(len(each) for marks in _MARKS.values() for each in marks)
    found: set[str] = set()
    rest = b""
    with tree.open(path) as stream:
        while piece := stream.read(_CHUNK):
            text = rest + piece
            found |= {name for name, marks in _MARKS.items() if any(mark in text for mark in marks)}
            rest = text[-longest:]
    return frozenset(found)


def _before(match: re.Match[str]) -> tuple[int, int]:
    """What stands right before a match."""
    return max(0, match.start() - _FEW), match.start()


def _shown(path: bytes) -> str:
    return "/" + path.decode("utf-8", "replace")
