"""Files of an image as a layer of their own: what a COPY --from would bring to another base."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from jettison.image.model import Columns, Entry, Kind, Layer, LayerSource
from jettison.image.tree import Tree


@dataclass(frozen=True)
class _Moved(LayerSource):
    tree: Tree
    paths: tuple[bytes, ...]

    def columns(self) -> Columns:
        columns = Columns()
        for path in self.paths:
            entry = self.tree.get(path)
            if entry is not None:
                columns.append(entry)
        return columns

    def open(self, entry: Entry) -> BinaryIO:
        return self.tree.open(entry.path)


def moved(tree: Tree, paths: Iterable[bytes]) -> Layer:
    """A layer of these paths (without leading slash), of folders all below, and of the folders above them."""
    found: set[bytes] = set()
    for path in paths:
        found |= {each for each in tree.under(path.strip(b"/")) if each}
        found |= {above for above in _above(path.strip(b"/")) if above in tree and _is_directory(tree, above)}
    return Layer("moved", _Moved(tree, tuple(sorted(found))))


def _above(path: bytes) -> Iterable[bytes]:
    parts = path.split(b"/")
    return (b"/".join(parts[:length]) for length in range(1, len(parts)))


def _is_directory(tree: Tree, path: bytes) -> bool:
    entry = tree.get(path)
    return entry is not None and entry.kind is Kind.DIRECTORY
