"""What payloads hold, as fingerprints: those that a walk took, the rest read once a layer, side by side."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from jettison.image.merge import Place
from jettison.image.model import Layer

Fingerprints = Mapping[Place, bytes]


def fingerprints(layers: Sequence[Layer], places: Iterable[Place]) -> dict[Place, bytes]:
    """XXH3-128 of these payloads. Raises ImageError where they cannot be read."""
    found: dict[Place, bytes] = {}
    unknown: set[Place] = set()
    columns = [layer.columns for layer in layers]
    for place in places:
        known = columns[place[0]].fingerprint(place[1])
        if known is None:
            unknown.add(place)
        else:
            found[place] = known
    missing: dict[int, list[int]] = {}
    for number, index in sorted(unknown):
        missing.setdefault(number, []).append(index)

    def read(number: int) -> list[bytes]:
        return layers[number].fingerprints(missing[number])  # which also keeps them for the next time

    if missing:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(min(len(missing), os.cpu_count() or 1)) as pool:  # inflating lets other threads run
            for number, hashes in zip(missing, pool.map(read, missing), strict=True):
                found.update(zip([(number, index) for index in missing[number]], hashes, strict=True))
    return found
