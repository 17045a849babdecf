"""Images that share lower layers, one after another: each is what it is alone, what is shared is found out once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from handmade import Made, digest, entry, layout_files, tar, write_layout
from hypothesis import given, settings
from hypothesis import strategies as st
from test_merge_random import stack
from test_merge_simple import LAYERS, found
from test_merge_simple import layer as made_layer

from jettison.core.errors import ImageError
from jettison.core.reference import Reference, Transport
from jettison.image import chains
from jettison.image.chains import Chains
from jettison.image.merge import Merge
from jettison.image.model import Columns, Image, Layer, LayerSource
from jettison.image.open import open_image
from jettison.waste.rows import waste_rows


@dataclass(frozen=True)
class Vouched(LayerSource):
    """A layer's own source, with or without somebody who vouches for its bytes."""

    inner: LayerSource
    name: str | None

    @property
    def proof(self) -> str | None:
        return self.name

    def columns(self) -> Columns:
        return self.inner.columns()

    def open(self, entry: Any) -> Any:
        return self.inner.open(entry)


def image(layers: Sequence[Layer]) -> Image:
    return Image(Reference(Transport.OCI, "x"), "", {}, tuple(layers))


def vouched(tars: Sequence[bytes], *, unknown: int = -1) -> list[Layer]:
    """Layers for whose bytes their digests vouch; but for one of them."""
    return [
        Layer(digest(data), Vouched(each.source, None if at == unknown else digest(data)))
        for at, (data, each) in enumerate(zip(tars, stack(*tars), strict=True))
    ]


def outcome(make: Callable[[list[Layer]], Image], layers: list[Layer]) -> Any:
    """All that an image tells of its layers, or why it cannot be."""
    try:
        made = make(layers)
        sizes = made.sizes
    except ImageError as error:
        return error.message
    return found(made.merged), waste_rows(made.layers, made.merged), sizes.unpacked, sizes.waste


FLEETS = st.tuples(
    st.lists(LAYERS, min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 3), st.lists(LAYERS, max_size=2)), min_size=3, max_size=5),
)


def fleet(shared: list[Any], tops: list[Any]) -> list[list[bytes]]:
    """Each image: some of the shared layers, and its own."""
    lower = [made_layer(*each) for each in shared]
    return [[*lower[:depth], *(made_layer(*each) for each in own)] for depth, own in tops]


@settings(max_examples=60, deadline=None)
@given(FLEETS, st.integers(-1, 3), st.sampled_from([0, 10, 10_000]))
def test_each_image_is_what_it_is_alone(told: Any, unknown: int, most: int) -> None:
    together = Chains(most)
    for tars in fleet(*told):
        assert outcome(image, stack(*tars)) == outcome(
            lambda layers: together.take(image(layers)), vouched(tars, unknown=unknown)
        )


def test_a_chain_that_two_images_have_is_merged_once_for_the_third(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []

    def stacked(layers: Sequence[Layer], below: Any = None) -> Any:
        begun.append((len(below.layers) if below is not None else 0, len(layers)))
        return original(layers, below)

    original = chains.stack_up
    monkeypatch.setattr(chains, "stack_up", stacked)
    together = Chains()
    for number in range(3):
        tars = [tar(entry("a", b"1")), tar(entry("b", b"2")), tar(entry(f"own-{number}", b"3"))]
        together.take(image(vouched(tars)))
    assert [(0, 2), (2, 3), (2, 3)] == begun


def test_the_columns_of_a_layer_are_shared_by_those_that_have_it() -> None:
    together = Chains()
    one, two = (together.take(image(vouched([tar(entry("a", b"1"))]))) for _ in range(2))
    assert one.layers[0].columns is two.layers[0].columns


def test_a_layer_that_nobody_vouches_for_is_its_images_own() -> None:
    together = Chains()
    tars = [tar(entry("a", b"1")), tar(entry("b", b"1")), tar(entry("c", b"1"))]
    images = [together.take(image(vouched(tars, unknown=1))) for _ in range(3)]
    assert [True, False, False] == [
        a.columns is b.columns for a, b in zip(*(i.layers for i in images[1:]), strict=True)
    ]
    merged = images[-1].merged
    assert isinstance(merged, Merge)
    assert merged.chain is not None
    assert 1 == len(merged.chain.layers)


def test_what_is_kept_stays_below_its_bound() -> None:
    together = Chains(most=40)
    for number in range(5):
        tars = [tar(*(entry(f"{number}/{at}", b"1") for at in range(15))), tar(entry("own", b"x"))]
        for _ in range(3):
            together.take(image(vouched(tars)))
    kept = sum(map(len, together._columns.values())) + sum(len(e.stacked.nodes) for e in together._chains.values())
    assert kept <= 40


def test_images_of_a_layout_share_what_they_stand_on(tmp_path: Path) -> None:
    base = tuple(tar(entry(f"base/{at}", b"x" * at)) for at in range(3))
    together, alone = Chains(), []
    for number in range(3):
        own = tar(entry("base/.wh.1"), entry("base/2", b"yy"), entry(f"own/{number}", b"1"))
        layout = write_layout(layout_files(Made((*base, own))), tmp_path / str(number))
        alone.append(open_image(f"oci:{layout}"))
        taken = together.take(open_image(f"oci:{layout}"))
        assert waste_rows(alone[-1].layers) == waste_rows(taken.layers, taken.merged)
        assert (number > 0) == (taken.merged.chain is not None)
