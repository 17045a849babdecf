"""Images made of others are whole images: they are written, read back and have no faults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from handmade import Made, digest, entry, layout_files, tar, write_layout

from jettison.core.reference import parse
from jettison.image.edit import configured, layer_of, with_layers
from jettison.image.export import export_tree
from jettison.image.model import Image
from jettison.image.open import open_image
from jettison.image.validate import validate
from jettison.image.write import write

STACK = (tar(entry("a", b"1" * 5000), entry("b", b"2")), tar(entry("a", b"3"), entry(".wh.b")))


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return open_image(f"oci:{write_layout(layout_files(Made(STACK)), tmp_path / 'in')}")


def again(made: Image, root: Path) -> Image:
    place = parse(f"oci:{root}/out:1")
    assert place is not None
    write(made, place)
    found = open_image(place)
    assert () == validate(found)
    return found


def test_a_layer_is_made_of_pieces() -> None:
    made = layer_of(iter([STACK[0][:700], b"", STACK[0][700:]]))
    assert digest(STACK[0]) == made.diff_id
    assert STACK[0] == b"".join(made.source.tar())
    assert 5001 == made.unpacked


def test_all_layers_become_one(image: Image, tmp_path: Path) -> None:
    flat = with_layers(image, [layer_of(export_tree(image))], [{"created_by": "one"}])
    found = again(flat, tmp_path)
    assert (1, 1) == (found.sizes.unpacked, found.sizes.effective)
    assert b"3" == found.tree.read(b"a")
    assert {"Env": ["A=1"]} == found.runtime
    assert image.sizes.unpacked == 5002, "the original is as it was"


def test_layers_that_stay_keep_their_blobs(image: Image, tmp_path: Path) -> None:
    more = layer_of([tar(entry("c", b"4"))])
    found = again(with_layers(image, [*image.layers, more]), tmp_path)
    assert [layer.digest for layer in image.layers] == [layer.digest for layer in found.layers[:2]]
    assert 5003 == found.sizes.unpacked


def test_the_config_is_changed_and_the_layers_stay(image: Image, tmp_path: Path) -> None:
    made = configured(image, User="app", Env=None)
    found = again(made, tmp_path)
    assert {"User": "app"} == found.runtime
    assert [layer.diff_id for layer in image.layers] == [layer.diff_id for layer in found.layers]
    assert made.digest != image.digest
    assert made.digest == configured(image, User="app", Env=None).digest


@pytest.mark.parametrize("history", [[{}], [{}, {}, {}], [{"empty_layer": True}, {}]])
def test_a_history_that_tells_of_other_layers_is_refused(image: Image, history: list[dict[str, Any]]) -> None:
    with pytest.raises(ValueError):
        with_layers(image, image.layers, history)
