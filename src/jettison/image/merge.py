"""Layers stacked: each applied to what lies below, and every inode's end remembered.

Source: OCI image-spec v1.1 `layer.md`, "Applying Changesets" and "Whiteouts": those of a layer act on lower layers
only, wherever they stand in it. What the specification leaves open is as overlay engines do it (moby and
containers/storage `pkg/archive`): a layer is unpacked into a directory of its own, so its names lead through its own
symbolic links, and hide those of lower layers.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from jettison.core.collection import without_collection
from jettison.core.errors import ImageError
from jettison.core.escape import show_path
from jettison.image.hard_links import Attributes
from jettison.image.hard_links import linked as linked_attributes
from jettison.image.merge_simple import MOST_MADE, Nodes, Stacked, stack_up
from jettison.image.model import Columns, Kind, Layer
from jettison.image.walking import read_layers

if TYPE_CHECKING:
    from jettison.image.chains import Chain

Place = tuple[int, int]  # layer index, entry index: one payload, one inode; below 0: a directory nobody describes
FOLLOWED = 40  # symbolic links in one resolution, as Linux allows (path_resolution(7))


def dead_among(layers: Sequence[Layer], lost: Iterable[Place]) -> tuple[Place, ...]:
    """Those of them that are payloads, in the order of the layers; empty files are none."""
    sizes = [layer.columns.sizes for layer in layers]
    return tuple(sorted(place for place in lost if place[1] >= 0 and sizes[place[0]][place[1]]))


class Merge:
    """A stack, merged. `nodes` are the paths that are seen with their inodes.

    `linked` has the members that made a name for another member's inode, the hard links; `lost` tells of every inode
    that has no name left which layer took the last one, and how. `stacked` where somebody has stacked them already.
    """

    def __init__(self, layers: Sequence[Layer], stacked: Stacked | None = None) -> None:
        self.nodes: MutableMapping[bytes, Place] = {}
        self.linked: dict[bytes, Place] = {}
        self.lost: dict[Place, tuple[int, str]] = {}  # inode -> (layer that took its last name, how)
        self.survivor: dict[Place, Place] = {}  # inode -> the inode now at its last name, where replaced
        self.told: dict[Place, Attributes] = {}  # inode -> what its hard links told otherwise
        self._names: dict[Place, int] = {}  # inode -> how many paths name it, where that is not one
        self._layers = layers
        self._made = 0
        self._room = MOST_MADE
        self.chain: Chain | None = None  # lower layers that were merged for several images
        read_layers(layers)
        with without_collection():
            self._stack(layers, stacked)

    def _stack(self, layers: Sequence[Layer], stacked: Stacked | None) -> None:
        """Fast where all layers are of the usual form, else member by member."""
        if stacked is None and type(self) is Merge:  # who looks on at each step wants each step
            stacked = stack_up(layers)
        if stacked is not None:
            self.nodes, self.linked = Nodes(stacked.nodes), stacked.linked
            self.lost, self.survivor, self.told = stacked.lost, stacked.survivor, stacked.told
            return
        self.children = {b"": set()}
        for number, layer in enumerate(layers):
            self._remove_lower(number, layer.columns)
            self._add(number, layer.columns)

    @cached_property
    def children(self) -> dict[bytes, set[bytes]]:
        """What is directly in every directory, the root among them; nothing but directories is in it."""
        found: dict[bytes, set[bytes]] = {b"": set()}
        for path, inode in self.nodes.items():
            if self._kind(inode) == Kind.DIRECTORY:
                found.setdefault(path, set())
            parent = path.rpartition(b"/")[0]
            if parent in found:
                found[parent].add(path)
            else:
                found[parent] = {path}
        return found

    @cached_property
    def dead(self) -> tuple[Place, ...]:
        """Payloads that no path names any more, in the order of the layers; empty files are none."""
        if self.chain is None:
            return dead_among(self._layers, self.lost)
        above = dead_among(self._layers, self.chain.lost_above(self.lost))
        return tuple(sorted((*self.chain.dead, *above))) if above else self.chain.dead

    def _remove_lower(self, number: int, columns: Columns) -> None:
        """Whiteouts and opaque directories, parents first: their order in the layer means nothing."""
        kinds, paths = columns.kinds, columns.paths
        markers = [(paths[at], kind) for at, kind in enumerate(kinds) if kind >= Kind.WHITEOUT]
        for path, kind in sorted(markers):
            if kind == Kind.OPAQUE:
                if path not in self.children:
                    path = self._directory(path, number)
                for child in list(self.children[path]):
                    self._remove(child, number, "opaque")
                continue
            if path.rpartition(b"/")[0] not in self.children:
                path = self._settled(path, number)
            self._remove(path, number, "whiteout")

    def _add(self, number: int, columns: Columns) -> None:
        """Every member of the layer in its order; one loop without calls, for there are millions."""
        nodes, children, linked, links = self.nodes, self.children, self.linked, columns.links
        directory, hard_link, marker = int(Kind.DIRECTORY), int(Kind.HARDLINK), int(Kind.WHITEOUT)
        for index, (path, kind) in enumerate(zip(columns.paths, columns.kinds, strict=True)):
            if kind >= marker:
                continue
            parent = path.rpartition(b"/")[0]
            if parent not in children:
                path = self._settled(path, number)
                parent = path.rpartition(b"/")[0]
            inode = (number, index)
            if kind == hard_link:
                inode = self._target(path, links.get(index, b""), number)
                if inode[0] == number:
                    attributes = linked_attributes(columns, inode[1], index, self.told.get(inode))
                    if attributes is not None:
                        self.told[inode] = attributes
            if path not in nodes:
                children[parent].add(path)
            elif nodes[path] == inode:
                linked[path] = (number, index)
                continue
            else:
                self._drop_name(path, number, "replaced", inode)
            if kind == directory:
                if path not in children:
                    children[path] = set()
            elif path in children:
                for child in list(children[path]):
                    self._remove(child, number, "replaced")
                del children[path]
            if kind == hard_link:
                self._names[inode] = self._names.get(inode, 1) + 1
                linked[path] = (number, index)
            nodes[path] = inode

    def _target(self, path: bytes, link: bytes, number: int) -> Place:
        """The inode that a hard link shares. Raises ImageError where there is none: no engine unpacks that."""
        inode = self.nodes.get(link)
        real = link
        if inode is None and link:
            real = self._settled(link, number, make=False)
            inode = self.nodes.get(real)
        inside = (real + b"/").startswith(path + b"/")  # what stands at the link's own name goes first
        if inode is None or inside or self._kind(inode) == Kind.DIRECTORY:
            what = "nothing" if inode is None or inside else "a directory"
            raise ImageError(
                f"layer {number} has a hard link {show_path(path)} to {what}: {show_path(link)}",
                hint="engines refuse this layer as well: build the image again",
            )
        return inode

    def _settled(self, path: bytes, number: int, *, make: bool = True) -> bytes:
        """Where a member of layer `number` really comes to lie."""
        parent, _, last = path.rpartition(b"/")
        real = self._directory(parent, number, make=make)
        return real + b"/" + last if real else last

    def _directory(self, path: bytes, number: int, *, make: bool = True) -> bytes:
        """The directory that a path leads to for layer `number`; what is missing is made."""
        parts, at, followed = path.split(b"/")[::-1] if path else [], b"", 0
        while parts:
            part = parts.pop()
            if part == b"..":
                at = at.rpartition(b"/")[0]
                continue
            here = at + b"/" + part if at else part
            inode = self.nodes.get(here)
            own = inode is not None and self.linked.get(here, inode)[0] == number
            if inode is not None and here not in self.children and (own or not make):
                followed += 1
                link = self._layers[inode[0]].columns.links.get(inode[1])
                if self._kind(inode) != Kind.SYMLINK or link is None or followed > FOLLOWED:
                    raise ImageError(
                        f"layer {number} puts a file below {show_path(here)}, which is none of its directories",
                        hint="engines refuse this layer as well: build the image again",
                    )
                at = b"" if link.startswith(b"/") else at
                parts += [piece for piece in link.split(b"/") if piece and piece != b"."][::-1]
                continue
            at = here
        if make and at not in self.children:
            self._make_all(at, number)
        return at

    def _make_all(self, path: bytes, number: int) -> None:
        """The directory and what is missing above it."""
        end = path.find(b"/")
        while end >= 0:
            if path[:end] not in self.children:
                self._make(path[:end], number)
            end = path.find(b"/", end + 1)
        self._make(path, number)

    def _make(self, path: bytes, number: int) -> None:
        """A directory that no layer describes; it hides what a lower layer has there."""
        self._made += 1
        self._room -= len(path)
        if self._room < 0:
            raise ImageError(
                f"layer {number} stands in far too many directories that it does not describe",
                hint="no builder makes such a layer: is this image what you think it is?",
            )
        place = (number, -self._made)
        if path in self.nodes:
            self._drop_name(path, number, "replaced", place)
        else:
            self.children[path.rpartition(b"/")[0]].add(path)
        self.nodes[path] = place
        self.children[path] = set()

    def _kind(self, inode: Place) -> int:
        layer, index = inode
        return self._layers[layer].columns.kinds[index] if index >= 0 else Kind.DIRECTORY

    def _remove(self, path: bytes, number: int, how: str) -> None:
        """Remove `path` and all below it, if it is there."""
        if path not in self.nodes:
            return
        self.children[path.rpartition(b"/")[0]].discard(path)
        stack = [path]
        while stack:
            each = stack.pop()
            stack.extend(self.children.pop(each, ()))
            self._drop_name(each, number, how, None)
            del self.nodes[each]

    def _drop_name(self, path: bytes, number: int, how: str, replaced_by: Place | None) -> None:
        """Take the name from the inode that has it."""
        inode = self.nodes[path]
        self.linked.pop(path, None)
        left = self._names.pop(inode, 1) - 1
        if left:
            self._names[inode] = left
            return
        self.lost[inode] = (number, how)
        if replaced_by is not None:
            self.survivor[inode] = replaced_by
