"""Dead payloads, one row each: `unpacked - effective` equals the sum of the rows, always."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from jettison.image.model import Kind, Layer
from jettison.image.tree import Merge, Place

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


def waste_rows(layers: Sequence[Layer]) -> tuple[WasteRow, ...]:
    """All dead payloads of a stack of layers, empty files left out (they weigh nothing)."""
    merged = Merge(layers)
    alive = {node.inode for node in merged.nodes.values()}
    rows = []
    for number, layer in enumerate(layers):
        columns = layer.columns
        for index, size in enumerate(columns.sizes):
            place = (number, index)
            if size and place not in alive:
                by, how = merged.lost.get(place, (number, "replaced"))
                cause = _cause(layers, merged, place, by, how)
                rows.append(WasteRow(columns.paths[index], size, cause, number, by))
    return tuple(rows)


def _cause(layers: Sequence[Layer], merged: Merge, place: Place, by: int, how: str) -> Cause:
    if how == "whiteout":
        return Cause.DELETED_LATER
    if how == "opaque":
        return Cause.OPAQUE_DIRECTORY
    if by == place[0]:
        return Cause.REPLACED_IN_SAME_LAYER
    survivor = merged.survivor.get(place)
    if survivor is not None and same_content(layers, place, survivor):
        return Cause.METADATA_ONLY
    return Cause.OVERWRITTEN_LATER


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
