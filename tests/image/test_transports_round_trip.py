"""What is written is read back the same: random stacks in every form, and what `export` writes of them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import second_merge
from handmade import Made, layout_files, tar, write_archive, write_layout
from handmade_archives import WRITERS
from handmade_bolt import write_store
from hypothesis import given, settings
from seen_by import by_jettison, described, effective, facts, listing
from test_hard_cases import CASES
from test_merge_random import STACKS, Member, layer

from jettison.image.export import export_layer, export_tree
from jettison.image.model import Image
from jettison.image.open import open_image
from jettison.image.transports import containerd


def forms(made: Made, root: Path) -> dict[str, Any]:
    """The image out of each place that it can be written to by hand."""
    places = {}
    for how in ("", "gzip", "zstd"):
        packed = Made(made.layers, compression=how)
        places[f"oci {how}"] = f"oci:{write_layout(layout_files(packed), root / f'layout{how}')}"
        archive = write_archive(layout_files(packed), root / f"oci{how}.tar", "zstd" if how == "gzip" else "")
        places[f"oci-archive {how}"] = f"oci-archive:{archive}"
    for tool, write in WRITERS.items():
        (root / f"{tool}.tar").write_bytes(tar(*write(made)))
        places[tool] = f"docker-archive:{root}/{tool}.tar"
    found = {name: open_image(place) for name, place in places.items()}
    store = write_store(root / "containerd", {"default": {"docker.io/library/app:1": made}})
    return found | {"containerd": containerd.read("app:1", None, store)}


def told(image: Image) -> Any:
    """All that must be the same."""
    seen = by_jettison(image.tree)
    sizes = image.sizes
    return (
        listing(seen),
        facts(seen, {each.name for each in seen}),
        (sizes.unpacked, sizes.effective, sizes.waste),
        [(layer.diff_id, layer.columns.paths, list(layer.columns.kinds)) for layer in image.layers],
        dict(image.config),
    )


def layers_of(members: list[list[Member]]) -> tuple[bytes, ...]:
    return tuple(layer(each) for each in members)


def can_be_merged(stack: tuple[bytes, ...]) -> bool:
    try:
        second_merge.merged(stack)
    except second_merge.Refused:
        return False
    return True


@settings(max_examples=12, deadline=None)
@given(STACKS.map(layers_of).filter(can_be_merged))
def test_a_random_stack_is_the_same_in_every_form(
    tmp_path_factory: pytest.TempPathFactory, stack: tuple[bytes, ...]
) -> None:
    root = tmp_path_factory.mktemp("forms")
    found = {name: told(image) for name, image in forms(Made(stack), root).items()}
    for name, each in found.items():
        assert found["oci "] == each, name
    shutil.rmtree(root)


def one_layer(root: Path, *layers: bytes) -> Any:
    shutil.rmtree(root, ignore_errors=True)
    return open_image(f"oci:{write_layout(layout_files(Made(layers)), root)}")


@settings(max_examples=30, deadline=None)
@given(STACKS.map(layers_of).filter(can_be_merged))
def test_what_is_exported_of_a_random_stack_is_read_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, stack: tuple[bytes, ...]
) -> None:
    root = tmp_path_factory.getbasetemp() / "exported"
    same_when_exported(root, stack)


def same_when_exported(root: Path, stack: tuple[bytes, ...]) -> None:
    image = one_layer(root / "one", *stack)
    ours, within = by_jettison(image.tree), described(image.tree)
    again = one_layer(root / "two", b"".join(export_tree(image)))
    read = by_jettison(again.tree)
    assert listing(ours) == listing(read)
    assert effective(ours) == effective(read) == again.sizes.unpacked == image.sizes.effective
    assert facts(ours, within) == facts(read, within)
    layers = one_layer(root / "three", *(b"".join(export_layer(each)) for each in image.layers))
    assert listing(ours) == listing(by_jettison(layers.tree))
    assert image.sizes.unpacked == layers.sizes.unpacked


@pytest.mark.parametrize("name", CASES)
def test_what_is_exported_of_a_hard_case_is_read_back_the_same(name: str, tmp_path: Path) -> None:
    same_when_exported(tmp_path, CASES[name].layers)
