"""Dead payloads, one row each: `unpacked - effective` equals the sum of the rows, always."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from jettison.image.merge import Merge, Place
from jettison.image.model import Kind, Layer

_CHUNK = 2**20


class Cause(Enum):
    """Why a payload is dead; the first that fits (INTERFACE)."""

    DELETED_LATER = "deleted-later"
    OPAQUE_DIRECTORY = "opaque-directory"
    METADATA_ONLY = "metadata-only"
    OVERWRITTEN_LATER = "overwritten-later"
    REPLACED_IN_SAME_LAYER = "replaced-in-same-layer"


@dataclass(frozen=True)
class WasteRow:
    """`layer` brought the payload, `by_layer` took its last name; indices, bottom first."""

    path: bytes
    bytes: int
    cause: Cause
    layer: int
    by_layer: int


def waste_rows(layers: Sequence[Layer], merged: Merge | None = None) -> tuple[WasteRow, ...]:
    """All dead payloads of a stack of layers, empty files left out (they weigh nothing). Raises ImageError.

    `merged` where the stack has been merged before.
    """
    merged = merged or Merge(layers)
    dead = _dead(layers, merged)
    again = _equal_pairs(layers, [(place, merged.survivor[place]) for place in dead if place in merged.survivor])
    rows = []
    for place in dead:
        layer, index = place
        by, how = merged.lost[place]
        columns = layers[layer].columns
        rows.append(WasteRow(columns.paths[index], columns.sizes[index], _cause(place, by, how, again), layer, by))
    return tuple(rows)


def _dead(layers: Sequence[Layer], merged: Merge) -> list[Place]:
    """Payloads that no path of the merged tree names, in the order of the layers."""
    alive = set(merged.nodes.values())
    return [
        (number, index)
        for number, layer in enumerate(layers)
        for index, size in enumerate(layer.columns.sizes)
        if size and (number, index) not in alive
    ]


def _cause(place: Place, by: int, how: str, again: set[Place]) -> Cause:
    if how == "whiteout":
        return Cause.DELETED_LATER
    if how == "opaque":
        return Cause.OPAQUE_DIRECTORY
    if by == place[0]:
        return Cause.REPLACED_IN_SAME_LAYER
    return Cause.METADATA_ONLY if place in again else Cause.OVERWRITTEN_LATER


def _equal_pairs(layers: Sequence[Layer], pairs: Iterable[tuple[Place, Place]]) -> set[Place]:
    """The first of each pair of regular files in two layers with equal content.

    Contents are hashed only where sizes are equal, and a layer is read once for all its files.
    """
    asked = [
        (one, other)
        for one, other in pairs
        if one[0] != other[0] and other[1] >= 0 and _size(layers, one) == _size(layers, other)
    ]
    hashes: dict[Place, bytes] = {}
    for number, layer in enumerate(layers):
        places = sorted({place for pair in asked for place in pair if place[0] == number})
        if places:
            found = layer.source.digests([layer.columns[index] for _, index in places])
            hashes.update(zip(places, found, strict=True))
    return {one for one, other in asked if hashes[one] == hashes[other]}


def _size(layers: Sequence[Layer], place: Place) -> int:
    columns = layers[place[0]].columns
    return columns.sizes[place[1]] if columns.kinds[place[1]] == Kind.FILE else -1


def same_content(layers: Sequence[Layer], one: Place, other: Place) -> bool:
    """Whether two payloads are equal byte for byte; read only where their sizes are equal."""
    first = layers[one[0]].columns[one[1]]
    second = layers[other[0]].columns[other[1]]
    if first.kind is not Kind.FILE or second.kind is not Kind.FILE or first.size != second.size:
        return False
    with layers[one[0]].source.open(first) as a, layers[other[0]].source.open(second) as b:
        while True:
            left, right = a.read(_CHUNK), b.read(_CHUNK)
            if left != right:
                return False
            if not left:
                return True
