"""The merged tree: what a container sees, and which payload each path names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from jettison.image.merge import FOLLOWED, Merge, Place
from jettison.image.model import Entry, Kind, Layer, Sizes

__all__ = ["Merge", "Place", "Tree", "merge", "sizes"]


class Tree:
    """The merged tree. Paths are bytes without leading slash, the root is not among them.

    Directories that no layer describes (`a` where there only is `a/b`) are there, as an engine makes them.
    """

    def __init__(self, layers: Sequence[Layer], merged: Merge) -> None:
        self._layers = layers
        self._nodes = merged.nodes
        self._linked = merged.linked
        self._merged = merged

    def get(self, path: bytes) -> Entry | None:
        """The entry at this exact path, symlinks not followed; a hard link shows its payload's entry."""
        inode = self._nodes.get(path)
        if inode is None:
            return None
        layer, index = inode
        if index < 0:
            return Entry(path, Kind.DIRECTORY, 0o755, 0, 0, 0, 0, b"", -1, (0, 0), ())
        entry = self._layers[layer].columns[index]
        told = self._merged.told.get(inode)
        if told is not None:
            entry = told.of(entry)
        return entry if entry.path == path else entry._replace(path=path)

    def payload(self, path: bytes) -> Place:
        """(layer, entry) of the inode that `path` names; equal for hard links to each other. KeyError."""
        return self._nodes[path]

    def is_retold(self, inode: Place) -> bool:
        """Whether a hard link told attributes of its payload otherwise than the payload's own entry does."""
        return inode in self._merged.told

    def layer_of(self, path: bytes) -> int:
        """Index of the layer whose entry is seen at `path`; KeyError where there is none."""
        return self._linked.get(path, self._nodes[path])[0]

    def resolve(self, path: bytes) -> bytes | None:
        """`path` with every symlink followed inside the tree; None where it dangles or loops."""
        parts = [part for part in path.split(b"/") if part and part != b"."][::-1]
        at: list[bytes] = []
        followed = 0
        while parts:
            part = parts.pop()
            if part == b"..":
                del at[-1:]
                continue
            here = b"/".join([*at, part])
            entry = self.get(here)
            if entry is None:
                return None
            if entry.kind is not Kind.SYMLINK:
                at.append(part)
                continue
            followed += 1
            if followed > FOLLOWED:
                return None
            if entry.link.startswith(b"/"):
                at = []
            parts += [piece for piece in entry.link.split(b"/") if piece and piece != b"."][::-1]
        return b"/".join(at)

    def under(self, prefix: bytes) -> Iterator[bytes]:
        """Paths at and below `prefix`."""
        if prefix in self._nodes:
            yield prefix
        stack = [prefix]
        while stack:
            for child in self.children(stack.pop()):
                yield child
                stack.append(child)

    def children(self, path: bytes) -> Iterator[bytes]:
        """Names directly in a directory, as full paths, in byte order."""
        return iter(sorted(self._merged.children.get(path, ())))

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._nodes)

    def __contains__(self, path: bytes) -> bool:
        return path in self._nodes

    def __len__(self) -> int:
        return len(self._nodes)

    def read(self, path: bytes, limit: int = 64 * 2**20) -> bytes:
        """Content of a regular file, hard links and symlinks followed; KeyError where there is none."""
        with self.open(path) as stream:
            return stream.read(limit)

    def open(self, path: bytes) -> BinaryIO:
        """A regular file's content as a stream, links followed as in `read`; KeyError where there is none."""
        real = self.resolve(path)
        entry = self.get(real) if real is not None else None
        if real is None or entry is None or entry.kind is not Kind.FILE:
            raise KeyError(path)
        layer, index = self.payload(real)
        return self._layers[layer].source.open(self._layers[layer].columns[index])

    def alive(self) -> set[Place]:
        """The inodes that at least one path names; without the directories that no layer describes."""
        return {inode for inode in self._nodes.values() if inode[1] >= 0}


def merge(layers: Sequence[Layer], merged: Merge | None = None) -> Tree:
    """Apply the layers bottom first. Raises ImageError where engines refuse them, too."""
    return Tree(layers, merged or Merge(layers))


def sizes(
    layers: Sequence[Layer], *, config_size: int = 0, daemon: int | None = None, merged: Merge | None = None
) -> Sizes:
    """The five numbers of a stack; `transfer` only where every layer has a stored blob.

    `merged` where the stack has been merged before: it costs as much as all the rest.
    """
    unpacked = sum(layer.unpacked for layer in layers)
    merged = merged or Merge(layers)
    waste = sum(layers[layer].columns.sizes[index] for layer, index in merged.dead)
    blobs = {layer.digest or layer.diff_id: layer.transfer for layer in layers}
    known = [size for size in blobs.values() if size is not None]
    transfer = sum(known) + config_size if len(known) == len(blobs) and blobs else None
    return Sizes(transfer, unpacked, unpacked - waste, waste, None, daemon)
