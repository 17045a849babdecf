"""Images that stand on the same layers: what a chain of these comes to is found out once for all of them.

For who reads many images in one process; a single one, or two, gain nothing by it. benchmarks/image_fleet.py measures
it. No command reads so many yet.

A chain is known by its layers' diff IDs with what vouches for each (`LayerSource.proof`): a layer for whose bytes
nothing vouches, and whatever stands on it, is read and merged for its image alone.
Source of the term: OCI image-spec v1.1 `config.md`, "Layer ChainID".
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

from jettison.image.merge import Merge, Place, dead_among
from jettison.image.merge_simple import Stacked, stack_up
from jettison.image.model import Columns, Image, Layer
from jettison.image.walking import read_layers

MOST = 5_000_000  # entries of layers, and paths of chains: some 150 bytes each

_Key = tuple[str, ...]


@dataclass
class Chain:
    """Lower layers that several images stand on, merged. `told` is what others found out of it, by their names."""

    layers: tuple[Layer, ...]
    stacked: Stacked
    told: dict[str, Any] = field(default_factory=dict)

    def merge(self) -> Merge:
        """The chain alone."""
        return Merge(self.layers, self.stacked.copy(self.layers))

    @cached_property
    def dead(self) -> tuple[Place, ...]:
        """Payloads that no path names any more, in the order of the layers; empty files are none."""
        return dead_among(self.layers, self.stacked.lost)

    def lost_above(self, lost: Mapping[Place, object]) -> Iterable[Place]:
        """What lost its last name in layers above: `lost` of a merge that stands on it has grown at its end."""
        return islice(lost, len(self.stacked.lost), None)


class Chains:
    """Images one after another. What was used last stays, up to `most` entries and paths."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._columns: OrderedDict[str, Columns] = OrderedDict()
        self._chains: OrderedDict[_Key, Chain] = OrderedDict()
        self._seen: set[_Key] = set()

    def take(self, image: Image) -> Image:
        """The image, its layers read and merged with what is known from those before. Raises ImageError."""
        image.__dict__["merged"] = self._merged(image.layers)  # where functools.cached_property would put it
        return image

    def _merged(self, layers: Sequence[Layer]) -> Merge:
        names = [_name(layer) for layer in layers]
        known = names.index(None) if None in names else len(names)
        key = tuple(name for name in names[:known] if name is not None)
        for name, layer in zip(key, layers, strict=False):
            if name in self._columns:
                layer.__dict__["columns"] = self._columns[name]
        read_layers(layers)
        whole = Merge(layers) if (chain := self._chain(layers, key)) is None else _upon(chain, layers)
        for name, layer in zip(key, layers, strict=False):
            self._columns[name] = layer.columns
            self._columns.move_to_end(name)
        self._seen |= {key[:depth] for depth in range(1, len(key) + 1)}
        self._trim()
        return whole

    def _chain(self, layers: Sequence[Layer], key: _Key) -> Chain | None:
        """The longest chain below the top layer that an image before has, too."""
        most = min(len(key), len(layers) - 1)
        depth = next((depth for depth in range(most, 0, -1) if key[:depth] in self._seen), 0)
        if not depth:
            return None
        below = next((self._chains[key[:at]] for at in range(depth, 0, -1) if key[:at] in self._chains), None)
        if below is None or len(below.layers) < depth:
            stacked = stack_up(layers[:depth], below.stacked if below is not None else None)
            if stacked is None:  # it needs the careful way, which merges an image as a whole
                return None
            below = self._chains[key[:depth]] = Chain(tuple(layers[:depth]), stacked)
        self._chains.move_to_end(key[:depth])
        return below

    def _trim(self) -> None:
        size = sum(map(len, self._columns.values())) + sum(len(each.stacked.nodes) for each in self._chains.values())
        while size > self.most and len(self._columns) + len(self._chains) > 1:
            if self._chains:
                size -= len(self._chains.popitem(last=False)[1].stacked.nodes)
            else:
                size -= len(self._columns.popitem(last=False)[1])


def _name(layer: Layer) -> str | None:
    proof = layer.source.proof
    return f"{layer.diff_id} {proof}" if proof is not None else None


def _upon(chain: Chain, layers: Sequence[Layer]) -> Merge:
    """The image's own layers over a chain that is kept as it is."""
    stacked = stack_up(layers, chain.stacked)
    if stacked is None:
        return Merge(layers)
    merged = Merge(layers, stacked)
    merged.chain = chain
    return merged
