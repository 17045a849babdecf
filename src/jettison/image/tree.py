"""Layers stacked: what a container sees, and which payload each path names.

Source: OCI image-spec v1.1 `layer.md`, "Applying Changesets" and "Whiteouts". Whiteouts and opaque markers of a
layer act on lower layers only, wherever they stand in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jettison.image.model import Columns, Entry, Kind, Layer, Sizes

Place = tuple[int, int]  # layer index, entry index: one payload, one inode
_FOLLOWED = 40  # symbolic links in one resolution, as Linux allows (path_resolution(7))


@dataclass(frozen=True)
class Node:
    """A path of the merged tree: the member that made the name, the member that brought the inode."""

    member: Place
    inode: Place


class Tree:
    """The merged tree. Paths are bytes without leading slash."""

    def __init__(self, layers: Sequence[Layer], nodes: dict[bytes, Node]) -> None:
        self._layers = layers
        self._nodes = nodes
        self._below: dict[bytes, list[bytes]] | None = None

    def get(self, path: bytes) -> Entry | None:
        """The entry at this exact path, symlinks not followed; a hard link shows its payload's entry."""
        node = self._nodes.get(path)
        return None if node is None else self._entry(path, node)

    def _entry(self, path: bytes, node: Node) -> Entry:
        layer, index = node.inode
        return self._layers[layer].columns[index]._replace(path=path)

    def payload(self, path: bytes) -> Place:
        """(layer, entry) of the inode that `path` names; equal for hard links to each other. KeyError."""
        return self._nodes[path].inode

    def layer_of(self, path: bytes) -> int:
        """Index of the layer whose entry is seen at `path`; KeyError where there is none."""
        return self._nodes[path].member[0]

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
            if followed > _FOLLOWED:
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
        """Names directly in a directory, as full paths."""
        if self._below is None:
            self._below = {}
            for each in self._nodes:
                self._below.setdefault(each.rpartition(b"/")[0], []).append(each)
        return iter(self._below.get(path, ()))

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._nodes)

    def __contains__(self, path: bytes) -> bool:
        return path in self._nodes

    def __len__(self) -> int:
        return len(self._nodes)

    def read(self, path: bytes, limit: int = 64 * 2**20) -> bytes:
        """Content of a regular file, hard links and symlinks followed; KeyError where there is none."""
        real = self.resolve(path)
        if real is None or real not in self._nodes:
            raise KeyError(path)
        layer, index = self._nodes[real].inode
        entry = self._layers[layer].columns[index]
        if entry.kind is not Kind.FILE:
            raise KeyError(path)
        return self._layers[layer].read(entry, limit)

    def alive(self) -> set[Place]:
        """The inodes that at least one path names."""
        return {node.inode for node in self._nodes.values()}


def merge(layers: Sequence[Layer]) -> Tree:
    """Apply the layers bottom first."""
    return Tree(layers, Merge(layers).nodes)


class Merge:
    """A stack being merged; `lost` tells of every inode which layer took its last name, and how."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.nodes: dict[bytes, Node] = {}
        self.names: dict[Place, int] = {}  # inode -> how many paths name it now
        self.lost: dict[Place, tuple[int, str]] = {}  # inode -> (layer that took its last name, how)
        self.survivor: dict[Place, Place] = {}  # inode -> the inode now at its last name, where replaced
        self._children: dict[bytes, set[bytes]] = {}
        for number, layer in enumerate(layers):
            self._apply(number, layer.columns)

    def _apply(self, number: int, columns: Columns) -> None:
        before = {}
        for index in range(len(columns)):
            kind = columns.kinds[index]
            if kind == Kind.WHITEOUT:
                self._remove_lower(columns.paths[index], number, "whiteout")
            elif kind == Kind.OPAQUE:
                for child in list(self._children.get(columns.paths[index], ())):
                    self._remove_lower(child, number, "opaque")
        for index in range(len(columns)):
            kind = columns.kinds[index]
            if kind in (Kind.WHITEOUT, Kind.OPAQUE):
                continue
            path = columns.paths[index]
            inode = (number, index)
            if kind == Kind.HARDLINK:
                target = self.nodes.get(columns.links.get(index, b""))
                if target is None:
                    continue
                inode = target.inode
            self._place(path, Node((number, index), inode), kind == Kind.DIRECTORY, number)
            before[path] = index

    def _place(self, path: bytes, node: Node, is_directory: bool, number: int) -> None:
        old = self.nodes.get(path)
        if old is not None and old.inode == node.inode:
            self.nodes[path] = node
            return
        if not is_directory and self._children.get(path):
            for child in list(self._children[path]):
                self._remove_lower(child, number, "replaced")
        self.nodes[path] = node
        self.names[node.inode] = self.names.get(node.inode, 0) + 1
        if old is None:
            self._children.setdefault(path.rpartition(b"/")[0], set()).add(path)
        else:
            self._drop_name(old.inode, number, "replaced", node.inode)

    def _remove_lower(self, path: bytes, number: int, how: str) -> None:
        """Remove `path` and all below it."""
        for child in list(self._children.get(path, ())):
            self._remove_lower(child, number, how)
        node = self.nodes.pop(path, None)
        if node is None:
            return
        self._children.get(path.rpartition(b"/")[0], set()).discard(path)
        self._drop_name(node.inode, number, how, None)

    def _drop_name(self, inode: Place, number: int, how: str, replaced_by: Place | None) -> None:
        self.names[inode] -= 1
        if self.names[inode] == 0:
            self.lost[inode] = (number, how)
            if replaced_by is not None:
                self.survivor[inode] = replaced_by


def sizes(layers: Sequence[Layer], *, config_size: int = 0, daemon: int | None = None) -> Sizes:
    """The five numbers of a stack; `transfer` only where every layer has a stored blob."""
    unpacked = sum(layer.unpacked for layer in layers)
    tree = merge(layers)
    effective = sum(layers[layer].columns.sizes[index] for layer, index in tree.alive())
    blobs = {layer.digest or layer.diff_id: layer.transfer for layer in layers}
    known = [size for size in blobs.values() if size is not None]
    transfer = sum(known) + config_size if len(known) == len(blobs) and blobs else None
    return Sizes(transfer, unpacked, effective, unpacked - effective, None, daemon)
