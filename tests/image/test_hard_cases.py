"""Hard cases: every listing and every effective size are what engines make of them, and the second merge agrees."""

from __future__ import annotations

from pathlib import Path

import pytest
from handmade import Made, layout_files, write_layout
from hard_cases import HEADERS, HOLES, NAMES
from hard_stacks import STACKS
from seen_by import by_jettison, effective, listing

from jettison.image.open import open_image

CASES = {**HEADERS, **HOLES, **NAMES, **STACKS}


def test_there_are_more_than_forty() -> None:
    assert len(CASES) > 80
    assert len(CASES) == len(HEADERS) + len(HOLES) + len(NAMES) + len(STACKS)


@pytest.mark.parametrize("name", CASES)
def test_a_hard_case_is_seen_as_engines_show_it(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    write_layout(layout_files(Made(case.layers)), tmp_path)
    image = open_image(f"oci:{tmp_path}")
    seen = by_jettison(image.tree)
    assert case.seen == listing(seen)
    assert case.effective == effective(seen) == image.sizes.effective
    assert image.sizes.unpacked - image.sizes.effective == image.sizes.waste
