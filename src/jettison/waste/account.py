"""The whole account of an image: dead payloads with their causes, live ones with their classes, what each costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from jettison.image.model import Image, Layer
from jettison.waste.classes import Class, Classified, classify
from jettison.waste.contents import fingerprints
from jettison.waste.duplicates import candidates, with_duplicates
from jettison.waste.packed import Curve, line, measure
from jettison.waste.rows import WasteRow, replaced, waste_rows

_DEPTH = 3  # names of a path that tell where most of a class lies


@dataclass(frozen=True)
class Share:
    """What a class holds: `transfer` is an estimate, None where no blobs are stored; `place` the folder with most."""

    size: int
    files: int
    transfer: int | None
    place: bytes


@dataclass(frozen=True)
class Account:
    """`rows` add up to `unpacked - effective`; `live` has all payloads that are seen; a curve a layer, or None."""

    rows: tuple[WasteRow, ...]
    live: Classified
    curves: tuple[Curve | None, ...]

    @property
    def packed(self) -> bool:
        """Whether compressed sizes are known of every layer."""
        return bool(self.curves) and all(self.curves)

    @property
    def measured(self) -> bool:
        """Whether compressed positions were measured, not only shared out in proportion."""
        return self.packed and all(curve is not None and curve.measured for curve in self.curves)


def account(image: Image, *, development: Collection[bytes] = (), exact: bool = False) -> Account:
    """The account of an image; contents are read where two payloads may be equal. Raises ImageError.

    `development`: folders of packages that only development needs. `exact`: compressed layers are read once more for
    where in their blobs the payloads lie.
    """
    layers, merged = image.layers, image.merged
    live = classify(layers, merged, development)
    alike = candidates(layers, live)
    asked = [place for places in alike.values() for place in places]
    asked += [place for pair in replaced(layers, merged).items() for place in pair]
    known = fingerprints(layers, asked)
    curves = tuple(measure(layer) if exact else line(layer) for layer in layers)
    return Account(waste_rows(layers, merged, known), with_duplicates(live, alike, known), curves)


def shares(found: Account, layers: Sequence[Layer]) -> dict[Class, Share]:
    """The classes that occur, in their order."""
    sums = {each: [0, 0, 0] for each in Class}  # bytes, files, compressed bytes
    folders: dict[tuple[Class, bytes], int] = {}
    for layer, index, name, each in found.live.classed():
        columns, curve, total = layers[layer].columns, found.curves[layer], sums[each]
        size = columns.sizes[index]
        total[0] += size
        total[1] += 1
        total[2] += curve.cost(columns, index) if curve else 0
        key = each, name.rpartition(b"/")[0]
        folders[key] = folders.get(key, 0) + size
    places: dict[Class, Counter[bytes]] = {}
    for (each, folder), size in folders.items():
        places.setdefault(each, Counter())[b"/".join(folder.split(b"/")[:_DEPTH])] += size
    return {
        each: Share(size, files, packed if found.packed else None, _most(places[each]))
        for each, (size, files, packed) in sums.items()
        if files
    }


def _most(places: Counter[bytes]) -> bytes:
    return min(places, key=lambda place: (-places[place], place))


def waste_transfer(found: Account, layers: Sequence[Layer]) -> tuple[int | None, ...]:
    """Compressed bytes of each row, an estimate; None where no blob of its layer is stored.

    A blob that is there several times is pulled once: it costs where it lies uppermost.
    """
    upmost = {layer.digest or number: number for number, layer in enumerate(layers)}
    paid = [upmost[layer.digest or number] == number for number, layer in enumerate(layers)]
    return tuple(
        None if (curve := found.curves[row.layer]) is None
        else curve.cost(layers[row.layer].columns, row.entry) if paid[row.layer] else 0
        for row in found.rows
    )  # fmt: skip
