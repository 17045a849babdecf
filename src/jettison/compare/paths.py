"""The paths in which two merged trees differ, each with the bytes that it accounts for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from jettison.compare.trees import aspects_that_differ
from jettison.image.model import Image, Kind
from jettison.image.tree import Place

_METADATA = {"mode", "uid", "gid", "xattrs", "mtime", "hard links"}


class Change(Enum):
    """What happened to a path from one image to the other."""

    ADDED = "added"
    REMOVED = "removed"
    CONTENT = "content"  # another type, other bytes, another target
    METADATA = "metadata"


@dataclass(frozen=True)
class PathChange:
    """`old` and `new`: bytes of the payload, where this is the first of its names; else 0.

    So each payload counts once, and what all changes grow together is what the effective size grew.
    """

    path: bytes
    change: Change
    old: int
    new: int
    aspects: tuple[str, ...]
    is_directory: bool

    @property
    def grown(self) -> int:
        """Bytes, negative where it shrank."""
        return self.new - self.old


def path_changes(old: Image, new: Image) -> tuple[PathChange, ...]:
    """Every path that differs, in order. Raises ImageError."""
    before, after = _Payloads(old), _Payloads(new)
    found = []
    for path, aspects in aspects_that_differ(old, new):
        there = after if aspects != ["removed"] else before
        sizes = before.of(path), after.of(path)
        found.append(PathChange(path, _change(aspects), *sizes, tuple(aspects), there.is_directory(path)))
    return tuple(found)


def _change(aspects: list[str]) -> Change:
    if aspects in (["added"], ["removed"]):
        return Change(aspects[0])
    return Change.METADATA if set(aspects) <= _METADATA else Change.CONTENT


class _Payloads:
    """Bytes of a path's payload, at the first of its names."""

    def __init__(self, image: Image) -> None:
        self._tree, self._columns = image.tree, [layer.columns for layer in image.layers]
        shared = {self._tree.payload(path) for path in image.merged.linked}
        self._first: dict[Place, bytes] = {}
        for path in self._tree if shared else ():
            place = self._tree.payload(path)
            if place in shared:
                self._first[place] = min(self._first.get(place, path), path)

    def of(self, path: bytes) -> int:
        if path not in self._tree:
            return 0
        place = self._tree.payload(path)
        if place[1] < 0 or self._first.get(place, path) != path:
            return 0
        return self._columns[place[0]].sizes[place[1]]

    def is_directory(self, path: bytes) -> bool:
        layer, index = self._tree.payload(path)
        return index < 0 or self._columns[layer].kinds[index] == Kind.DIRECTORY
