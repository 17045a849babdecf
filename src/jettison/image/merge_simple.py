"""The stacks that nearly all are, merged fast: whole layers at once, by what dictionaries do in C.

An orderly layer (`outline`) touches what lies below at few places: its whiteouts, the paths that are there already, the
folders that it does not bring itself, its hard links. Only these are looked at one by one. Whatever is not of this form
is left to the merge's careful way: None is the answer to all doubts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import ItemsView, Iterator, KeysView, MutableMapping, Sequence
from dataclasses import dataclass, field

from jettison.image.hard_links import Attributes
from jettison.image.hard_links import linked as linked_attributes
from jettison.image.model import Columns, Kind, Layer
from jettison.image.outline import Outline

Place = tuple[int, int]
MOST_MADE = 2**28  # bytes of the paths of directories that nobody describes: a short layer can ask for gigabytes
_DIRECTORY = int(Kind.DIRECTORY)
_SHIFT = 32
_MASK = 2**_SHIFT - 1
_ZERO = 2**31  # what stands for entry 0: directories that nobody describes are below


def code_of(layer: int, entry: int) -> int:
    """A place as one number; a tuple of two takes three times its memory."""
    return (layer << _SHIFT) + entry + _ZERO


def place_of(code: int) -> Place:
    """The place that the number stands for."""
    return code >> _SHIFT, (code & _MASK) - _ZERO


class Nodes(MutableMapping[bytes, Place]):
    """Paths to places."""

    def __init__(self, codes: dict[bytes, int]) -> None:
        self.codes = codes

    def __getitem__(self, path: bytes) -> Place:
        return place_of(self.codes[path])

    def __setitem__(self, path: bytes, place: Place) -> None:
        self.codes[path] = code_of(*place)

    def __delitem__(self, path: bytes) -> None:
        del self.codes[path]

    def get(self, path: bytes, default: object = None) -> Place | None:  # type: ignore[override]
        code = self.codes.get(path)
        return None if code is None else (code >> _SHIFT, (code & _MASK) - _ZERO)

    def keys(self) -> KeysView[bytes]:
        return self.codes.keys()

    def items(self) -> ItemsView[bytes, Place]:
        return _Items(self)

    def __contains__(self, path: object) -> bool:
        return path in self.codes

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.codes)

    def __len__(self) -> int:
        return len(self.codes)


class _Items(ItemsView[bytes, Place]):
    """As `items` of any mapping, without a look-up for each."""

    _mapping: Nodes

    def __iter__(self) -> Iterator[tuple[bytes, Place]]:
        for path, code in self._mapping.codes.items():
            yield path, (code >> _SHIFT, (code & _MASK) - _ZERO)


@dataclass
class Stacked:
    """What a merge comes to; the fields are those of Merge."""

    layers: Sequence[Columns]
    nodes: dict[bytes, int] = field(default_factory=dict)
    linked: dict[bytes, Place] = field(default_factory=dict)
    lost: dict[Place, tuple[int, str]] = field(default_factory=dict)
    survivor: dict[Place, Place] = field(default_factory=dict)
    told: dict[Place, Attributes] = field(default_factory=dict)
    names: dict[int, int] = field(default_factory=dict)
    ordered: dict[int, list[bytes]] = field(default_factory=dict)  # layer -> its paths in byte order
    made: list[bytes] = field(default_factory=list)  # directories that nobody describes
    room: int = MOST_MADE

    def copy(self, layers: Sequence[Layer]) -> Stacked:
        """The same, to be gone on with; `layers` begin with its own."""
        columns = [layer.columns for layer in layers]
        return Stacked(
            columns, dict(self.nodes), dict(self.linked), dict(self.lost), dict(self.survivor), dict(self.told),
            dict(self.names), made=list(self.made), room=self.room,
        )  # fmt: skip

    def is_directory(self, path: bytes) -> bool:
        """Whether a directory is seen there; the root is one."""
        code = self.nodes.get(path)
        return not path if code is None else self.kind(code) == Kind.DIRECTORY

    def kind(self, code: int) -> int:
        index = (code & _MASK) - _ZERO
        return self.layers[code >> _SHIFT].kinds[index] if index >= 0 else Kind.DIRECTORY

    def drop(self, path: bytes, code: int, how: tuple[int, str], replaced_by: int | None = None) -> None:
        """Take the name from the inode that has it."""
        self.linked.pop(path, None)
        left = self.names.pop(code, 1) - 1
        if left:
            self.names[code] = left
            return
        place = place_of(code)
        self.lost[place] = how
        if replaced_by is not None:
            self.survivor[place] = place_of(replaced_by)

    def drop_below(self, folder: bytes, how: tuple[int, str]) -> None:
        """All paths in a folder: between `folder/` and `folder0` in byte order, for 0 comes after the slash."""
        for number in range(-1, how[0]):
            paths = self.in_order(number)
            first = bisect_left(paths, folder + b"/") if folder else 0
            last = bisect_left(paths, folder + b"0") if folder else len(paths)
            for path in paths[first:last]:
                code = self.nodes.pop(path, None)
                if code is not None:
                    self.drop(path, code, how)

    def in_order(self, number: int) -> list[bytes]:
        """The paths of a layer in byte order; of layer -1: what was made because it was missing."""
        paths, found = self.ordered.get(number), self.layers[number].paths if number >= 0 else self.made
        if paths is None or len(paths) != len(found):
            paths = self.ordered[number] = sorted(found)
        return paths


def stack_up(layers: Sequence[Layer], below: Stacked | None = None) -> Stacked | None:
    """The stack merged; None where one of its layers wants the careful way.

    `below` is what the first of them come to, where that is known; it is left as it is.
    """
    stacked = below.copy(layers) if below is not None else Stacked([layer.columns for layer in layers])
    for number in range(len(below.layers) if below is not None else 0, len(layers)):
        columns = stacked.layers[number]
        outline = columns.outline
        if not outline.orderly:
            return None
        if not _remove(stacked, number, columns, outline) or not _lay(stacked, number, columns, outline):
            return None
    stacked.ordered.clear()
    return stacked


def _remove(stacked: Stacked, number: int, columns: Columns, outline: Outline) -> bool:
    """Whiteouts and opaque directories, parents first; False where one needs care."""
    if not outline.markers:
        return True
    for path, kind in sorted({(columns.paths[at], columns.kinds[at]) for at in outline.markers}):
        if kind == Kind.OPAQUE:
            if not stacked.is_directory(path):
                return False
            stacked.drop_below(path, (number, "opaque"))
            continue
        if not stacked.is_directory(path.rpartition(b"/")[0]):
            return False
        code = stacked.nodes.pop(path, None)
        if code is not None:
            stacked.drop(path, code, (number, "whiteout"))
            if stacked.kind(code) == Kind.DIRECTORY:
                stacked.drop_below(path, (number, "whiteout"))
    return True


def _lay(stacked: Stacked, number: int, columns: Columns, outline: Outline) -> bool:
    """The layer's members over what is there; False where one needs care."""
    nodes, base = stacked.nodes, code_of(number, 0)
    own: dict[bytes, int] = {}
    start = 0
    for end in (*sorted((*outline.links, *outline.markers)), len(columns)):
        own.update(zip(columns.paths[start:end], range(base + start, base + end), strict=True))
        start = end + 1
    if not all(_found_or_made(stacked, number, own, folder) for folder in outline.outer):
        return False
    if not _replace(stacked, number, own):
        return False
    if nodes:
        nodes.update(own)
    else:
        stacked.nodes = own
    return all(_link(stacked, number, columns, index) for index in outline.links)


def _replace(stacked: Stacked, number: int, own: dict[bytes, int]) -> bool:
    """Take their names from what the layer's members replace; False where a folder gives way to something else.

    One loop without calls, for a changed owner replaces a whole tree.
    """
    nodes, linked, names, lost, survivor = stacked.nodes, stacked.linked, stacked.names, stacked.lost, stacked.survivor
    kinds, new_kinds, how = [each.kinds for each in stacked.layers], stacked.layers[number].kinds, (number, "replaced")
    for path in nodes.keys() & own.keys():
        code, new = nodes[path], (own[path] & _MASK) - _ZERO
        layer, index = code >> _SHIFT, (code & _MASK) - _ZERO
        if (index < 0 or kinds[layer][index] == _DIRECTORY) and new_kinds[new] != _DIRECTORY:
            return False
        if linked:
            linked.pop(path, None)
        if code in names and names[code] > 1:
            names[code] -= 1
            continue
        lost[layer, index] = how
        survivor[layer, index] = (number, new)
    return True


def _found_or_made(stacked: Stacked, number: int, own: dict[bytes, int], folder: bytes) -> bool:
    """A folder that the layer puts something into without describing it; what is missing above it is made, too."""
    missing = []
    while folder not in stacked.nodes and folder:
        if folder in own:
            return False
        missing.append(folder)
        stacked.room -= len(folder)
        if stacked.room < 0:
            return False
        folder = folder.rpartition(b"/")[0]
    if not stacked.is_directory(folder):
        return False
    for each in reversed(missing):
        stacked.made.append(each)
        stacked.nodes[each] = code_of(number, -len(stacked.made))
    return True


def _link(stacked: Stacked, number: int, columns: Columns, index: int) -> bool:
    """One hard link, after all members that are none; False where its target would have been another before them."""
    nodes, path, target = stacked.nodes, columns.paths[index], columns.links.get(index, b"")
    inode = nodes.get(target)
    if inode is None or (target + b"/").startswith(path + b"/") or stacked.kind(inode) == Kind.DIRECTORY:
        return False
    if code_of(number, index) < inode < code_of(number + 1, -_ZERO):
        return False
    there = nodes.get(path)
    if there is not None and there != inode:
        if stacked.kind(there) == Kind.DIRECTORY:
            return False
        stacked.drop(path, there, (number, "replaced"), inode)
    if there != inode:
        stacked.names[inode] = stacked.names.get(inode, 1) + 1
        nodes[path] = inode
    stacked.linked[path] = (number, index)
    place = place_of(inode)
    if place[0] == number:
        attributes = linked_attributes(columns, place[1], index, stacked.told.get(place))
        if attributes is not None:
            stacked.told[place] = attributes
    return True
