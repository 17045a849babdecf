"""Live bytes that a running application hardly needs, by class: at most one each, the first in order.

Known by where a file lies and what it is called, so that a million of them cost a second and nothing is read. It is
an account, not a verdict: what is in a class still ships and may be wanted. Only a rule, tested by a build, removes it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from jettison.image.merge import Merge, Place
from jettison.image.model import Layer
from jettison.waste import names as told


class Class(Enum):
    """What live bytes are for, where that is not running; in the order in which they are asked."""

    SECRETS = "secrets"
    VCS = "vcs"
    PACKAGE_CACHE = "package-cache"
    PACKAGE_LISTS = "package-lists"
    DEV_DEPENDENCIES = "dev-dependencies"
    BUILD_TOOLS = "build-tools"
    STATIC_LIBRARIES = "static-libraries"
    HEADERS = "headers"
    DEBUG_SYMBOLS = "debug-symbols"
    TESTS = "tests"
    DOCUMENTATION = "documentation"
    LOCALES = "locales"
    SOURCE_MAPS = "source-maps"
    BYTECODE = "bytecode"
    TEMP = "temp"
    LOGS = "logs"
    DUPLICATE_CONTENT = "duplicate-content"


_ORDER = tuple(Class)
_RANK = {each.value: rank for rank, each in enumerate(_ORDER)}
_NONE = len(_ORDER)
_BYTECODE = _RANK["bytecode"]
_COMPILED = (b".pyc", b".pyo")  # where they lie matters, too


@dataclass(frozen=True)
class Live:
    """Every payload of at least one byte that the merged tree names, by layer and entry, with its first name in the
    order of bytes; `more` has all names of those that have several."""

    names: list[list[bytes | None]]
    more: dict[Place, list[bytes]]

    def __iter__(self) -> Iterator[tuple[int, int, bytes]]:
        """(layer, entry, first name) of each."""
        for layer, of_layer in enumerate(self.names):
            for index, name in enumerate(of_layer):
                if name is not None:
                    yield layer, index, name

    def name(self, place: Place) -> bytes | None:
        """The first name of a payload; None where it is dead, empty, or no payload."""
        layer, index = place
        return self.names[layer][index] if index >= 0 else None


def live_payloads(layers: Sequence[Layer], merged: Merge) -> Live:
    """What lives of a stack."""
    sizes = [layer.columns.sizes for layer in layers]
    names: list[list[bytes | None]] = [[None] * len(each) for each in sizes]
    more: dict[Place, list[bytes]] = {}
    for path, (layer, index) in merged.nodes.items():
        if index < 0 or not sizes[layer][index]:
            continue
        first = names[layer][index]
        if first is None:
            names[layer][index] = path
            continue
        more.setdefault((layer, index), [first]).append(path)
        names[layer][index] = min(first, path)
    return Live(names, more)


class Classifier:
    """Asks a path for its class; folders are remembered, so that each is looked at once.

    `development`: folders that only development needs, as the package manager marked them.
    """

    def __init__(self, merged: Merge, development: Collection[bytes] = ()) -> None:
        self._nodes = merged.nodes
        self._development = frozenset(development)
        self._folders: dict[bytes, tuple[int, int]] = {b"": (_NONE, 0)}  # rank, and what is asked once for its files

    def rank(self, path: bytes) -> int:
        """The place of a path's class in the order, behind the last where it is in none."""
        parent, _, name = path.rpartition(b"/")
        rank, inside = self.folder(parent)
        return min(rank, self._own(parent, name, inside))

    def _own(self, parent: bytes, name: bytes, inside: int) -> int:
        """The rank that a file's own name gives it."""
        found = _NONE if (own := told.of_file(parent, name, inside)) is None else _RANK[own]
        if found == _BYTECODE and not parent.endswith(b"/__pycache__"):
            source = parent + b"/" + name[:-1] if parent else name[:-1]
            return found if source in self._nodes else _NONE  # without its source it is the program
        return found

    def ranks(self, paths: Sequence[bytes | None]) -> bytearray:
        """The ranks of many paths; neighbours mostly lie in one folder, and many files have names that others have."""
        found = bytearray([_NONE]) * len(paths)
        known: dict[int, dict[bytes, int]] = {}  # by what is asked of the folder: ranks by name
        last: bytes | None = None
        rank, inside, names = _NONE, 0, known.setdefault(0, {})
        for index, path in enumerate(paths):
            if path is None:
                continue
            cut = path.rfind(b"/")
            parent = path[:cut] if cut > 0 else b""
            if parent != last:
                last = parent
                rank, inside = self.folder(parent)
                names = known.setdefault(inside, {})
            name = path[cut + 1 :]
            own = names.get(name)
            if own is None:
                own = self._own(parent, name, inside)
                if own != _BYTECODE and not name.endswith(_COMPILED) and not inside & told.IN_SECRETS:
                    names[name] = own
            found[index] = own if own < rank else rank  # noqa: FURB136 (a call would double the time)
        return found

    def folder(self, path: bytes) -> tuple[int, int]:
        """(rank of what a folder is in, what else to ask of the names directly in it)."""
        return self._folders.get(path) or self._asked(path)

    def _asked(self, path: bytes) -> tuple[int, int]:
        parent, _, name = path.rpartition(b"/")
        rank, above = self.folder(parent)
        own = told.of_folder(path, parent, name)
        if own is not None:
            rank = min(rank, _RANK[own])
        if path in self._development:
            rank = min(rank, _RANK["dev-dependencies"])
        if path in told.NEEDED:
            rank = _NONE
        packages = told.IN_PACKAGES if name in told.PACKAGES else above & told.IN_PACKAGES
        found = self._folders[path] = (rank, packages | told.of_files_in(path, name))
        return found


@dataclass(frozen=True)
class Classified:
    """Which live payloads are in which class: `ranks` by layer and entry."""

    live: Live
    ranks: list[bytearray]

    def classed(self) -> Iterator[tuple[int, int, bytes, Class]]:
        """(layer, entry, first name, class) of those that are in one."""
        for layer, index, name in self.live:
            rank = self.ranks[layer][index]
            if rank < _NONE:
                yield layer, index, name, _ORDER[rank]

    def rest(self) -> Iterator[tuple[int, int, bytes]]:
        """(layer, entry, first name) of those that are in none."""
        return (each for each in self.live if self.ranks[each[0]][each[1]] == _NONE)

    def put(self, places: Iterable[Place], each: Class) -> Classified:
        """The same with these payloads in that class."""
        ranks = [bytearray(layer) for layer in self.ranks]
        for layer, index in places:
            ranks[layer][index] = _RANK[each.value]
        return Classified(self.live, ranks)


def classify(layers: Sequence[Layer], merged: Merge, development: Collection[bytes] = ()) -> Classified:
    """Every live payload asked by its names; duplicates of content are not looked for here.

    A payload is in a class only where all its names are: else it is in use.
    """
    live = live_payloads(layers, merged)
    classifier = Classifier(merged, development)
    ranks = [classifier.ranks(of_layer) for of_layer in live.names]
    for (layer, index), paths in live.more.items():
        asked = [classifier.rank(path) for path in paths]
        ranks[layer][index] = _NONE if _NONE in asked else min(asked)
    return Classified(live, ranks)
