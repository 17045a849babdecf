"""Many small files of an image read at once: each compressed layer is gone through once, whatever is asked of it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import BinaryIO

from jettison.core.errors import ImageError
from jettison.image.compression import decompress
from jettison.image.layer_blob import BlobSource
from jettison.image.merge import Place
from jettison.image.model import Image, Kind, Layer
from jettison.image.tree import Tree

_CHUNK = 2**20
_LARGEST = 64 * 2**20  # bytes; what is larger is read by itself
_TOGETHER = 256 * 2**20  # bytes that are held of all files


class ReadTree(Tree):
    """The tree of an image with the content of some files at hand."""

    def __init__(self, image: Image, contents: Mapping[Place, bytes]) -> None:
        super().__init__(image.layers, image.merged)
        self._contents = contents

    def open(self, path: bytes) -> BinaryIO:
        real = self.resolve(path)
        held = self._contents.get(self.payload(real)) if real is not None and real in self else None
        return super().open(path) if held is None else io.BytesIO(held)


def read_tree(image: Image, paths: Iterable[bytes]) -> ReadTree:
    """The tree with these files read. Raises ImageError."""
    by_layer: dict[int, set[int]] = {}
    for path in paths:
        layer, index = image.tree.payload(path)
        if index >= 0:
            by_layer.setdefault(layer, set()).add(index)
    contents: dict[Place, bytes] = {}
    room = _TOGETHER
    for number, wanted in by_layer.items():
        found = _read(image.layers[number], sorted(wanted), room)
        room -= sum(map(len, found.values()))
        contents.update({(number, index): data for index, data in found.items()})
    return ReadTree(image, contents)


def _read(layer: Layer, wanted: list[int], room: int) -> dict[int, bytes]:
    """The content of these members by entry, as many as there is room for; none where they are as well read singly."""
    source, columns = layer.source, layer.columns
    small = [
        index
        for index in wanted
        if columns.kinds[index] == Kind.FILE and columns.sizes[index] <= _LARGEST and index not in columns.extents
    ]
    if not isinstance(source, BlobSource) or source.compression is None or len(small) < 2:
        return {}
    found, at = {}, 0
    with decompress(source.blob.open()) as stream:
        for index in sorted(small, key=lambda index: columns.offsets[index]):
            room -= columns.sizes[index]
            if room < 0:
                break
            _skip(stream, columns.offsets[index] - at)
            found[index] = _exactly(stream, columns.sizes[index])
            at = columns.offsets[index] + columns.sizes[index]
    return found


def _skip(stream: BinaryIO, count: int) -> None:
    while count:
        count -= len(_some(stream, min(count, _CHUNK)))


def _exactly(stream: BinaryIO, count: int) -> bytes:
    parts = []
    while count:
        parts.append(_some(stream, count))
        count -= len(parts[-1])
    return b"".join(parts)


def _some(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if not data:
        raise ImageError("a layer ends before a file that it held", hint="pull or save the image again")
    return data
