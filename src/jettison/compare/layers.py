"""Layers of two images, paired: the same ones by diff ID, those between them by the instruction that made them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from jettison.image.model import Image


@dataclass(frozen=True)
class LayerPair:
    """`old` and `new` are indices, None on the side that has no such layer."""

    old: int | None
    new: int | None
    same: bool = False

    @property
    def change(self) -> str:
        """`same`, `changed`, `added` or `removed`."""
        if self.same:
            return "same"
        return "added" if self.old is None else "removed" if self.new is None else "changed"


def pair_layers(
    old: Image, new: Image, made: tuple[Sequence[str | None], Sequence[str | None]]
) -> tuple[LayerPair, ...]:
    """All layers of both, each once, in their order. `made`: the instructions of each image's layers, where known."""
    ids = [[layer.diff_id for layer in image.layers] for image in (old, new)]
    found: list[LayerPair] = []
    for kind, a, b, c, d in SequenceMatcher(a=ids[0], b=ids[1], autojunk=False).get_opcodes():
        if kind == "equal":
            found += [LayerPair(one, other, True) for one, other in zip(range(a, b), range(c, d), strict=True)]
        else:
            found += _between(range(a, b), range(c, d), made)
    return tuple(found)


def _between(old: range, new: range, made: tuple[Sequence[str | None], Sequence[str | None]]) -> Iterator[LayerPair]:
    """Layers that differ: equal instructions are one layer that changed."""
    words = [[made[0][index] for index in old], [made[1][index] for index in new]]
    for kind, a, b, c, d in SequenceMatcher(a=words[0], b=words[1], autojunk=False).get_opcodes():
        if kind == "equal" and None not in words[0][a:b]:
            yield from (LayerPair(one, other) for one, other in zip(old[a:b], new[c:d], strict=True))
        else:
            yield from (LayerPair(one, None) for one in old[a:b])
            yield from (LayerPair(None, other) for other in new[c:d])
