"""The three numbers that dive prints, by its own rules: for people who come from it, errors and all.

The rules were found by dive's documentation (README, "Image efficiency") and by running dive 0.13.1 on images made for
it. Paths are compared, never contents; of a path in two layers every copy is wasted, the one that is needed too; a
removed file costs nothing, a removed directory what it held, and nothing where no layer described it; opaque
directories go unseen; a whiteout of what is not there ends the reading of its layer and takes one byte off the
smallest; all layers but the lowest are the user's. Tests hold this against dive itself, where it is installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from jettison.image.model import Columns, Kind, Layer

_WHITEOUT = b".wh."
_UNTOLD = -1  # the kind of a folder that only is in other paths


@dataclass(frozen=True)
class DiveNumbers:
    """`efficiency` and `user_wasted` are shares: 1.0 is all; the latter None where dive says NaN, 0 divided by 0."""

    efficiency: float
    wasted_bytes: int
    user_wasted: float | None


class _Seen:
    """Bytes by path: `once` of paths seen once, `more` of the others, [bytes of all copies, of the smallest]."""

    def __init__(self) -> None:
        self.once: dict[bytes, int] = {}
        self.more: dict[bytes, list[int]] = {}
        self.missed: set[bytes] = set()  # removed where they never were

    def add(self, path: bytes, size: int) -> None:
        if path in self.more:
            found = self.more[path]
        elif path in self.once:
            first = self.once.pop(path)
            found = self.more[path] = [first, first]
        else:
            self.once[path] = size
            return
        found[0] += size
        found[1] = min(found[1], size)


def dive_numbers(layers: Sequence[Layer]) -> DiveNumbers:
    """What dive says of this stack."""
    seen = _Seen()
    removing = [Kind.WHITEOUT in layer.columns.kinds for layer in layers]
    last = max((number for number, removes in enumerate(removing) if removes), default=-1)
    below = _Stack()
    for number, layer in enumerate(layers):
        nodes = _Nodes(layer.columns)
        if not number and last >= 0:
            below.put(nodes)
        _count(nodes, below, seen)
        if number < last:  # what lies below matters to removals alone
            below.lay(nodes)
    once, wasted = sum(seen.once.values()), sum(total for total, _ in seen.more.values())
    discovered = once + wasted
    never = len(seen.missed - seen.once.keys() - seen.more.keys())
    smallest = once + sum(each for _, each in seen.more.values()) - never
    user = sum(layer.unpacked for layer in layers[1:])
    share = wasted / user if user else inf if wasted else None
    return DiveNumbers(smallest / discovered if discovered else 1.0, wasted, share)


def _count(nodes: _Nodes, below: _Stack, seen: _Seen) -> None:
    """Add a layer's paths that have nothing below them."""
    for path in nodes.in_order():
        if path in nodes.parents:
            continue
        real = nodes.removed.get(path)
        if real is None:
            seen.add(path, nodes.sizes[path])
            continue
        held = below.held(real)
        if held is None:
            seen.missed.add(real)
            return
        seen.add(real, held)


class _Nodes:
    """A layer as a tree: the last member of a path counts, parents that no member describes are made.

    Whiteouts keep their own names, `removed` has the paths that they speak of.
    """

    def __init__(self, columns: Columns) -> None:
        self.removed: dict[bytes, bytes] = {}
        opaque: list[bytes] = []
        paths, kinds, sizes = columns.paths, columns.kinds, columns.sizes
        if max(kinds, default=0) >= Kind.WHITEOUT:
            told = [(self._name(path, kind), kind, size) for path, kind, size in zip(paths, kinds, sizes, strict=True)]
            opaque = [path for path, kind, _ in told if kind == Kind.OPAQUE]
            told = [each for each in told if each[1] != Kind.OPAQUE]
            self.kinds = {path: kind for path, kind, _ in told}
            self.sizes = {path: size for path, _, size in told}
        else:
            self.kinds = dict(zip(paths, kinds, strict=True))
            self.sizes = dict(zip(paths, sizes, strict=True))
        for path in opaque:  # its marker is dropped, and the folders on the way to it stay
            self._untold(path)
        self.parents = {path.rpartition(b"/")[0] for path in self.sizes}
        for parent in list(self.parents):
            while parent := parent.rpartition(b"/")[0]:
                self.parents.add(parent)
        for path in self.parents:
            self._untold(path)
        self.sizes.pop(b"", None)

    def _name(self, path: bytes, kind: int) -> bytes:
        if kind != Kind.WHITEOUT:
            return path
        parent, slash, last = path.rpartition(b"/")
        name = parent + slash + _WHITEOUT + last
        self.removed[name] = path
        return name

    def _untold(self, path: bytes) -> None:
        if path not in self.sizes:
            self.sizes[path], self.kinds[path] = 0, _UNTOLD

    def in_order(self) -> list[bytes]:
        """All paths as dive goes through them, where that matters: name by name."""
        return sorted(self.sizes, key=_place) if self.removed else list(self.sizes)


def _place(path: bytes) -> list[bytes]:
    return path.split(b"/")


class _Stack:
    """The layers below, one on the other."""

    def __init__(self) -> None:
        self._sizes: dict[bytes, int] = {}
        self._directories: set[bytes] = set()
        self._children: dict[bytes, set[bytes]] = {}

    def held(self, path: bytes) -> int | None:
        """Bytes of what a directory holds; 0 for what is none; None where there is nothing."""
        if path not in self._sizes:
            return None
        total, waiting = 0, [path] if path in self._directories else []
        while waiting:
            each = waiting.pop()
            total += self._sizes[each]
            waiting.extend(self._children.get(each, ()))
        return total

    def put(self, nodes: _Nodes) -> None:
        """The lowest layer as it is."""
        for path in nodes.sizes:
            if path not in nodes.removed:
                self._add(path, nodes)

    def lay(self, nodes: _Nodes) -> None:
        """A layer over the others: what it removes goes, what it has comes; a file over a folder keeps its content."""
        for path in nodes.in_order():
            if path in nodes.removed:
                self._remove(nodes.removed[path])
            else:
                self._add(path, nodes)

    def _add(self, path: bytes, nodes: _Nodes) -> None:
        known = path in self._sizes
        self._sizes[path] = nodes.sizes[path]
        (self._directories.add if nodes.kinds[path] == Kind.DIRECTORY else self._directories.discard)(path)
        while path and not known:
            parent = path.rpartition(b"/")[0]
            self._children.setdefault(parent, set()).add(path)
            path, known = parent, parent in self._sizes
            if path and not known:
                self._sizes[path] = 0

    def _remove(self, path: bytes) -> None:
        self._children.get(path.rpartition(b"/")[0], set()).discard(path)
        waiting = [path]
        while waiting:
            each = waiting.pop()
            self._sizes.pop(each, None)
            self._directories.discard(each)
            waiting.extend(self._children.pop(each, ()))
