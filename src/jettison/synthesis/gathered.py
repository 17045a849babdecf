"""What a COPY takes from an image whose tree is known, as the layer that it will make: to be weighed before a build."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import BinaryIO

from jettison.image.model import Columns, Entry, Image, Layer, LayerSource
from jettison.image.tree import Tree


@dataclass(frozen=True)
class _Gathered(LayerSource):
    tree: Tree
    entries: tuple[tuple[Entry, bytes], ...]

    def columns(self) -> Columns:
        columns = Columns()
        for entry, _ in self.entries:
            columns.append(entry)
        return columns

    def open(self, entry: Entry) -> BinaryIO:
        made = next((text for each, text in self.entries if each.path == entry.path and text), None)
        return io.BytesIO(made) if made is not None else self.tree.open(entry.path)


def with_copied(image: Image, name: str, tree: Tree, entries: Iterable[tuple[Entry, bytes]]) -> Image:
    """The image with one layer more: entries of `tree`, each with its content where it is not a file of that tree."""
    return replace(image, layers=(*image.layers, Layer(name, _Gathered(tree, tuple(entries)))))
