"""Python imports, read by parsing and never executed: importing a package would run it.

Breadth first from the command's scripts and modules and those of the working directory. Blind to names that are
computed. Imports that are guarded by `try: ... except ...` count only in the application's own files.
"""

from __future__ import annotations

import posixpath
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from jettison.closure.command import Command, at, encoded, interpreter, locate, variable, working_directory
from jettison.closure.python_source import imports
from jettison.image.model import Kind
from jettison.image.tree import Tree

_FILES = 4000
_SIZE = 2**20
_ROOT = re.compile(rb"^(?:usr/(?:local/)?lib/(?:python3(?:\.\d+)?(?:/(?:site|dist)-packages|/lib-dynload)?)"
                   rb"|(?:.*/)?lib/python3\.\d+(?:/(?:site|dist)-packages|/lib-dynload)?)$")  # fmt: skip
_EXTENSION = re.compile(rb"\.(?:cpython-[\w-]+|abi3)\.so$|\.so$|\.pyc?$")
_TESTS = re.compile(rb"/(?:tests?|testing|idlelib|lib2to3|turtledemo)/")
_NOT_RUN = re.compile(rb"(?:^|/)(?:setup|conftest|noxfile|test_[^/]*|[^/]*_test)\.py$")


class Import(NamedTuple):
    """A module that was found, and who wants it."""

    name: str
    importer: bytes  # empty: the command
    found: bytes


@dataclass(frozen=True)
class Reached:
    """What the original imports, and the directories that it is looked for in."""

    imports: tuple[Import, ...]
    roots: tuple[bytes, ...]


@dataclass(frozen=True)
class Modules:
    """Where a tree's modules are; remembers the directories that it has looked at."""

    tree: Tree
    roots: tuple[bytes, ...]
    _stems: dict[bytes, dict[bytes, bytes]] = field(default_factory=dict)

    def find(self, name: str) -> bytes | None:
        """The file of a module, or its directory for a namespace package; None where it is none (or built in)."""
        parent, _, last = encoded(name.replace(".", "/")).rpartition(b"/")
        namespace = None
        for root in self.roots:
            base = b"/".join(part for part in (root, parent) if part)
            found = self.stems(base).get(last)
            if found is not None and not self.is_namespace(found):
                return found
            namespace = namespace or found
        return namespace if namespace and any(map(is_module, self.tree.under(namespace))) else None

    def is_namespace(self, path: bytes) -> bool:
        return not _EXTENSION.search(path)

    def stems(self, directory: bytes) -> dict[bytes, bytes]:
        """Module name -> file, of one directory; a package before a module, a module before a bare directory."""
        if directory not in self._stems:
            real = self.tree.resolve(directory) if directory else b""
            children = list(self.tree.children(real)) if real is not None else []
            self._stems[directory] = dict(self._modules(children))
        return self._stems[directory]

    def _modules(self, children: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
        packages: list[tuple[bytes, bytes]] = []
        files: list[tuple[bytes, bytes]] = []
        bare: list[tuple[bytes, bytes]] = []
        for path in children:
            name = path.rpartition(b"/")[2]
            item = self.tree.get(self.tree.resolve(path) or path)
            if item is not None and item.kind is Kind.FILE and _EXTENSION.search(name):
                files.append((_EXTENSION.sub(b"", name), path))
            elif item is not None and item.kind is Kind.DIRECTORY and name != b"__pycache__":
                inside = [path + b"/__init__" + end for end in (b".py", b".pyc")]
                init = next((each for each in inside if self.tree.resolve(each) is not None), None)
                (packages if init else bare).append((name, init or path))
        taken: set[bytes] = set()
        for name, path in [*packages, *files, *bare]:
            if name not in taken:
                taken.add(name)
                yield name, path


def is_module(path: bytes) -> bool:
    """Whether a path may be what an import finds; bytecode beside its source is not."""
    return path.endswith((b".py", b".so")) or (path.endswith(b".pyc") and b"__pycache__" not in path)


def reached(tree: Tree, commands: Sequence[Command], config: Mapping[str, Any]) -> Reached:
    """Every import that the application leads to and that is found."""
    working = working_directory(config)
    tops, names = _entries(tree, commands, config)
    if not tops and not names:
        return Reached((), ())
    told = [encoded(part.strip("/")) for part in variable(config, "PYTHONPATH").split(":") if part]
    installed = _installed(tree)
    own = list(dict.fromkeys([*(posixpath.dirname(path) for path in tops), working, *told]))
    modules = Modules(tree, (*own, *installed))
    found = [Import(path.decode("utf-8", "replace"), b"", path) for path in tops]
    found += [Import(name, b"", place) for name in names if (place := modules.find(name)) is not None]
    queue, seen = deque(each.found for each in found), set[bytes]()
    while queue and len(seen) < _FILES:
        path = queue.popleft()
        if path in seen or not (path.endswith(b".py") or path in tops):
            continue
        seen.add(path)
        application = not any(path.startswith(root + b"/") for root in installed)
        if not application and _TESTS.search(path):  # libraries offer them, and nobody runs them here
            continue
        for name in imports(_source(tree, path), guarded=application, package=_package(path, modules.roots)):
            place = modules.find(name)
            if place is not None:
                found.append(Import(name, path, place))
                queue.append(place)
    return Reached(tuple(found), modules.roots)


def lost(reach: Reached, candidate: Tree) -> Iterator[str]:
    """A sentence for each import that found something in the original and finds nothing in the candidate."""
    modules = Modules(candidate, tuple(dict.fromkeys((*reach.roots, *_installed(candidate)))))
    told: set[str] = set()
    for each in reach.imports:
        if each.name in told or candidate.resolve(each.found) is not None:
            continue
        if not each.importer:
            program = "/" in each.name and not each.found.endswith(b".py")  # which is entry.lost's to look for
            if not program and modules.find(each.name) is None:
                told.add(each.name)
                yield f"{each.name}, which the command names"
            continue
        now = modules.find(each.name) if each.importer in candidate else each.found
        if now is None or (modules.is_namespace(now) and not modules.is_namespace(each.found)):
            told.add(each.name)
            yield f"{each.name}, imported by /{each.importer.decode('utf-8', 'replace')}"


def _entries(tree: Tree, commands: Sequence[Command], config: Mapping[str, Any]) -> tuple[list[bytes], list[str]]:
    """Scripts that the commands name, those of the working directory; and names of modules (`-m x`, `x:app`)."""
    paths: list[bytes] = []
    names: list[str] = []
    for command in commands:
        for before, word in zip(["", *command], command, strict=False):
            if before == "-m" or re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.()]*", word):
                name = word.partition(":")[0]
                names += [name, f"{name}.__main__"] if before == "-m" else [name]
                continue
            place = at(config, word) if word.endswith(".py") else locate(tree, word, config)
            real = tree.resolve(place) if place else None
            if real and _is_file(tree, real) and (real.endswith(b".py") or "python" in interpreter(tree, real)):
                paths.append(real)
    working = working_directory(config)
    if working:
        paths += [p for p in tree.children(working) if p.endswith(b".py") and not _NOT_RUN.search(p)]
    return list(dict.fromkeys(paths)), list(dict.fromkeys(names))


def _installed(tree: Tree) -> list[bytes]:
    """Where Python's own modules and installed ones lie."""
    return [path for path in sorted(tree) if _ROOT.match(path) and _is_directory(tree, path)]


def _is_directory(tree: Tree, path: bytes) -> bool:
    item = tree.get(path)
    return item is not None and item.kind is Kind.DIRECTORY


def _is_file(tree: Tree, path: bytes) -> bool:
    item = tree.get(path)
    return item is not None and item.kind is Kind.FILE


def _source(tree: Tree, path: bytes) -> str:
    try:
        return tree.read(path, _SIZE).decode("utf-8", "replace")
    except KeyError:
        return ""


def _package(path: bytes, roots: Sequence[bytes]) -> str:
    """The package that a file belongs to, for its relative imports: below the nearest root that is above it."""
    above = [root for root in roots if not root or path.startswith(root + b"/")]
    root = max(above, key=len, default=b"")
    inside = path[len(root) :].strip(b"/").rpartition(b"/")[0]
    return inside.decode("utf-8", "replace").replace("/", ".")
