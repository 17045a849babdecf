"""The merged tree, or one layer, as a tar stream: what `docker export` gives, without an engine.

Members come in the order of their paths, so that the same image always gives the same bytes. Of an inode with
several names the first is the file, the others are hard links to it, as moby's `pkg/archive` has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from jettison.core.errors import ImageError
from jettison.image import tar_write
from jettison.image.model import Entry, Image, Kind, Layer
from jettison.image.tree import Place, Tree

_CHUNK = 2**20


def export_tree(image: Image) -> Iterator[bytes]:
    """The merged tree as tar; the root itself is left out. Raises ImageError."""
    tree = image.tree
    columns = [layer.columns for layer in image.layers]
    shared = {tree.payload(path) for path in image.merged.linked}
    first: dict[Place, bytes] = {}
    with _Payloads(image.layers) as payloads:
        for path in in_order(tree):
            entry, place = tree.get(path), tree.payload(path)
            assert entry is not None
            if place in shared:
                if place in first:
                    link = entry._replace(kind=Kind.HARDLINK, size=0, link=first[place], xattrs=(), extents=())
                    yield tar_write.header(link)
                    continue
                first[place] = path
            yield tar_write.header(entry)
            if entry.size and entry.kind is Kind.FILE:
                layer, index = place
                own = entry if columns[layer].paths[index] == path else columns[layer][index]
                yield from payloads.of(layer, own)
    yield tar_write.END


def export_layer(layer: Layer) -> Iterator[bytes]:
    """One layer as tar, in its own order, whiteouts as the specification spells them. Raises ImageError."""
    with _Payloads((layer,)) as payloads:
        for entry in layer.columns:
            yield tar_write.header(entry)
            if entry.size and entry.kind is Kind.FILE:
                yield from payloads.of(0, entry)
    yield tar_write.END


def in_order(tree: Tree, top: bytes = b"") -> Iterator[bytes]:
    """Every path below `top`, a directory before what is in it, names in byte order."""
    stack = [tree.children(top)]
    while stack:
        path = next(stack[-1], None)
        if path is None:
            stack.pop()
            continue
        yield path
        stack.append(tree.children(path))


class _Payloads:
    """Payloads of some layers; a layer that is one tar is opened once for all of them."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers
        self._open: dict[int, BinaryIO | None] = {}

    def of(self, number: int, entry: Entry) -> Iterator[bytes]:
        """What is stored of a FILE of layer `number`, and the padding behind it."""
        wanted = tar_write.stored(entry)
        whole = self._whole(number)
        if whole is not None:
            whole.seek(entry.offset)
            yield from _pieces(whole, wanted)
        else:
            with self._layers[number].source.stored(entry) as stream:
                yield from _pieces(stream, wanted)
        if wanted % tar_write.BLOCK:
            yield tar_write.padding(wanted)

    def _whole(self, number: int) -> BinaryIO | None:
        if number not in self._open:
            plain = self._layers[number].source.plain()
            self._open[number] = plain.open() if plain is not None else None
        return self._open[number]

    def __enter__(self) -> _Payloads:
        return self

    def __exit__(self, *exception: object) -> None:
        for stream in self._open.values():
            if stream is not None:
                stream.close()


def _pieces(stream: BinaryIO, left: int) -> Iterator[bytes]:
    """The next bytes of a stream."""
    while left:
        data = stream.read(min(left, _CHUNK))
        if not data:
            raise ImageError("a file became shorter while it was read", hint="nobody must change it: try again")
        left -= len(data)
        yield data
