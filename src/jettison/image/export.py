"""The merged tree, or one layer, as a tar stream: what `docker export` gives, without an engine.

Members come in the order of their paths, so that the same image always gives the same bytes. Of an inode with
several names the first is the file, the others are hard links to it, as moby's `pkg/archive` has it.
"""

from __future__ import annotations

from collections.abc import Iterator

from jettison.core.errors import ImageError
from jettison.image import tar_write
from jettison.image.model import Entry, Image, Kind, Layer
from jettison.image.tree import Place, Tree

_CHUNK = 2**20


def export_tree(image: Image) -> Iterator[bytes]:
    """The merged tree as tar; the root itself is left out. Raises ImageError."""
    tree = image.tree
    shared = {tree.payload(path) for path in image.merged.linked}
    first: dict[Place, bytes] = {}
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
        if entry.kind is Kind.FILE and entry.size:
            layer, index = place
            yield from _payload(image.layers[layer], image.layers[layer].columns[index])
    yield tar_write.END


def export_layer(layer: Layer) -> Iterator[bytes]:
    """One layer as tar, in its own order, whiteouts as the specification spells them. Raises ImageError."""
    for entry in layer.columns:
        yield tar_write.header(entry)
        if entry.kind is Kind.FILE and entry.size:
            yield from _payload(layer, entry)
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


def _payload(layer: Layer, entry: Entry) -> Iterator[bytes]:
    left = wanted = tar_write.stored(entry)
    with layer.source.stored(entry) as stream:
        while left:
            data = stream.read(min(left, _CHUNK))
            if not data:
                raise ImageError("a file became shorter while it was read", hint="nobody must change it: try again")
            left -= len(data)
            yield data
    yield tar_write.padding(wanted)
