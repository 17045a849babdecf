"""Dead payloads, one row each: `unpacked - effective` equals the sum of the rows, always."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from operator import attrgetter
from typing import NamedTuple

from jettison.core.collection import without_collection
from jettison.image.merge import Merge, Place, dead_among
from jettison.image.model import Kind, Layer
from jettison.waste.contents import Fingerprints, fingerprints

_WASTE = "waste"  # what a chain is told
_FILE = int(Kind.FILE)
_NOBODY = (-1, -1)  # an entry below 0 is a folder that no layer describes
_PLACE = attrgetter("layer", "entry")


class Cause(Enum):
    """Why a payload is dead; the first that fits."""

    DELETED_LATER = "deleted-later"
    OPAQUE_DIRECTORY = "opaque-directory"
    METADATA_ONLY = "metadata-only"
    OVERWRITTEN_LATER = "overwritten-later"
    REPLACED_IN_SAME_LAYER = "replaced-in-same-layer"


class WasteRow(NamedTuple):
    """`layer` brought the payload, `by_layer` took its last name; indices, bottom first; `entry` is its member.

    A tuple, for there are tens of thousands, and a frozen dataclass takes four times as long to make.
    """

    path: bytes
    bytes: int
    cause: Cause
    layer: int
    by_layer: int
    entry: int


def waste_rows(
    layers: Sequence[Layer], merged: Merge | None = None, known: Fingerprints | None = None
) -> tuple[WasteRow, ...]:
    """All dead payloads of a stack of layers, empty files left out (they weigh nothing). Raises ImageError.

    `merged` where the stack has been merged before; `known` where the contents of `replaced` have been looked at.
    """
    merged = merged or Merge(layers)
    if merged.chain is None:
        with without_collection():
            return tuple(_rows(layers, merged, merged.dead, known))
    if _WASTE not in merged.chain.told:
        merged.chain.told[_WASTE] = waste_rows(merged.chain.layers, merged.chain.merge())
    below: tuple[WasteRow, ...] = merged.chain.told[_WASTE]
    above = tuple(_rows(layers, merged, dead_among(layers, merged.chain.lost_above(merged.lost)), known))
    return tuple(sorted((*below, *above), key=_PLACE)) if above else below


def _rows(
    layers: Sequence[Layer], merged: Merge, dead: Sequence[Place], known: Fingerprints | None
) -> Iterator[WasteRow]:
    pairs = replaced(layers, merged, dead)
    if known is None:
        known = fingerprints(layers, [place for pair in pairs.items() for place in pair])
    for place in dead:
        layer, index = place
        by, how = merged.lost[place]
        columns = layers[layer].columns
        again = place in pairs and known[place] == known[pairs[place]]
        cause = _cause(layer, by, how, again)
        yield WasteRow(columns.paths[index], columns.sizes[index], cause, layer, by, index)


def replaced(layers: Sequence[Layer], merged: Merge, dead: Sequence[Place] | None = None) -> dict[Place, Place]:
    """Dead payloads whose last name a regular file of a later layer took, of the same size; contents will tell.

    Of all, or of these.
    """
    found, survivors = {}, merged.survivor
    sizes, kinds = [layer.columns.sizes for layer in layers], [layer.columns.kinds for layer in layers]
    for place in merged.dead if dead is None else dead:
        layer, entry = other = survivors.get(place, _NOBODY)
        if entry < 0 or layer == place[0] or kinds[layer][entry] != _FILE:
            continue
        if sizes[layer][entry] == sizes[place[0]][place[1]]:
            found[place] = other
    return found


def _cause(layer: int, by: int, how: str, again: bool) -> Cause:
    if how == "whiteout":
        return Cause.DELETED_LATER
    if how == "opaque":
        return Cause.OPAQUE_DIRECTORY
    if by == layer:
        return Cause.REPLACED_IN_SAME_LAYER
    return Cause.METADATA_ONLY if again else Cause.OVERWRITTEN_LATER
