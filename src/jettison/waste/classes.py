"""Live bytes that a running application hardly needs, by class: at most one each, the first in order (INTERFACE).

Known by where a file lies and what it is called, so that a million of them cost a second and nothing is read. It is
an account, not a verdict: what is in a class still ships and may be wanted. Only a rule, tested by a build, removes it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from jettison.image.merge import Merge, Place
from jettison.image.model import Layer
from jettison.waste import names


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
_ROOT = (_NONE, False)


@dataclass(frozen=True)
class Live:
    """A payload of the merged tree: `path` is the first of its names in the order of bytes."""

    place: Place
    path: bytes
    bytes: int


def live_payloads(layers: Sequence[Layer], merged: Merge) -> dict[Place, list[bytes]]:
    """Every payload of at least one byte that the merged tree names, with its names."""
    sizes = [layer.columns.sizes for layer in layers]
    found: dict[Place, list[bytes]] = {}
    for path, place in merged.nodes.items():
        layer, index = place
        if index >= 0 and sizes[layer][index]:
            if place in found:
                found[place].append(path)
            else:
                found[place] = [path]
    return found


class Classifier:
    """Asks a path for its class; folders are remembered, so that each is looked at once.

    `development`: folders that only development needs, as the package manager marked them.
    """

    def __init__(self, merged: Merge, development: Collection[bytes] = ()) -> None:
        self._nodes = merged.nodes
        self._development = frozenset(development)
        self._folders: dict[bytes, tuple[int, bool]] = {b"": _ROOT}  # rank of what they are in, whether in packages

    def of_payload(self, paths: Sequence[bytes]) -> Class | None:
        """The class of a payload with these names: none where one of them is in no class, for then it is in use."""
        rank = max(map(self._rank, paths))
        if rank == _NONE:
            return None
        return _ORDER[rank if len(paths) == 1 else min(map(self._rank, paths))]

    def _rank(self, path: bytes) -> int:
        parent, _, name = path.rpartition(b"/")
        rank, packages = self._folders.get(parent) or self._folder(parent)
        own = names.of_file(parent, name, in_packages=packages)
        if own == "bytecode" and not parent.endswith(b"/__pycache__") and path[:-1] not in self._nodes:
            own = None  # bytecode without its source is the program
        return rank if own is None else min(rank, _RANK[own])

    def _folder(self, path: bytes) -> tuple[int, bool]:
        parent, _, name = path.rpartition(b"/")
        above, packages = self._folders.get(parent) or self._folder(parent)
        own = names.of_folder(path, parent, name)
        rank = above if own is None else min(above, _RANK[own])
        if path in self._development:
            rank = min(rank, _RANK["dev-dependencies"])
        if path in names.NEEDED:
            rank = _NONE
        found = self._folders[path] = (rank, packages or name in names.PACKAGES)
        return found


@dataclass(frozen=True)
class Classified:
    """Which payloads are in which class; `classes` leaves out those that are in none."""

    payloads: dict[Place, list[bytes]]  # all that live, with their names
    classes: dict[Place, Class]

    def rest(self) -> Iterator[Place]:
        """Payloads in no class."""
        return (place for place in self.payloads if place not in self.classes)


def classify(layers: Sequence[Layer], merged: Merge, development: Collection[bytes] = ()) -> Classified:
    """Every live payload asked by its names; duplicates of content are not looked for here."""
    payloads = live_payloads(layers, merged)
    classifier = Classifier(merged, development)
    classes = {}
    for place, paths in payloads.items():
        found = classifier.of_payload(paths)
        if found is not None:
            classes[place] = found
    return Classified(payloads, classes)
