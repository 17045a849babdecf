"""Live payloads whose content is there twice: all but one of each group could go.

Only payloads that share their size are hashed, and none that is small: below a block of a file system nothing is
gained, and most small files share their size with many. Payloads in another class are left out, as is the first of
each group in the order of its path: that one is needed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from jettison.image.merge import Place
from jettison.image.model import Layer
from jettison.waste.classes import Class, Classified
from jettison.waste.contents import Fingerprints

SMALLEST = 4096  # bytes


def candidates(layers: Sequence[Layer], classified: Classified) -> dict[int, list[Place]]:
    """Payloads in no class that share their size, by size."""
    by_size: dict[int, list[Place]] = defaultdict(list)
    columns = [layer.columns for layer in layers]
    for layer, index, _ in classified.rest():
        size = columns[layer].sizes[index]
        if size >= SMALLEST:
            by_size[size].append((layer, index))
    return {size: places for size, places in by_size.items() if len(places) > 1}


def with_duplicates(classified: Classified, by_size: dict[int, list[Place]], known: Fingerprints) -> Classified:
    """The same with all copies but the first of each content in the class `duplicate-content`."""
    copies: list[Place] = []
    for places in by_size.values():
        groups: dict[bytes, list[Place]] = defaultdict(list)
        for place in places:
            groups[known[place]].append(place)
        for group in groups.values():
            copies += sorted(group, key=lambda place: classified.live.name(place) or b"")[1:]
    return classified.put(copies, Class.DUPLICATE_CONTENT)
