"""docs/inspect.md: its tables are those of the code, its numbers those that come out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from handmade_tree import GONE, Files, Piece, directory, image

from jettison.image.model import Kind
from jettison.waste.classes import Class
from jettison.waste.dive import dive_numbers
from jettison.waste.duplicates import SMALLEST
from jettison.waste.rows import Cause

PAGE = (Path(__file__).parents[2] / "docs/inspect.md").read_text()
FIRST = re.compile(r"^\| `([a-z-]+)` \|", re.MULTILINE)
DIVE = re.compile(r"^\| ([^|]+) \| ([\d,]+) wasted \| ([\d,]+) \|$", re.MULTILINE)

BIG: Files = {"big": directory(), "big/one": b"1" * 700, "big/two": b"2" * 300, "app": b"a" * 100}
IMAGES: dict[str, Files] = {
    "removes a directory of 1,000 bytes that is described": {"big": GONE},
    "removes a file of 100 bytes": {"app": GONE},
    "replaces a file of 100 bytes": {"app": b"A" * 100},
    "makes a directory of 1,000 bytes anew (opaque)": {"big": Piece(kind=Kind.OPAQUE)},
    "removes what never was, before it replaces 100 bytes": {"absent": GONE, "app": b"A" * 100},
}


def test_causes_and_classes_are_told_in_their_order() -> None:
    assert [each.value for each in (*Cause, *Class)] == FIRST.findall(PAGE)
    assert f"from {SMALLEST // 1024} KiB on" in PAGE


@pytest.mark.parametrize(("what", "dive", "exactly"), DIVE.findall(PAGE))
def test_dive_and_the_truth_are_what_the_page_says(what: str, dive: str, exactly: str) -> None:
    made = image(BIG, IMAGES[what])
    found = dive_numbers(made.layers).wasted_bytes, made.sizes.waste
    assert (int(dive.replace(",", "")), int(exactly.replace(",", ""))) == found


def test_the_page_has_every_image() -> None:
    assert list(IMAGES) == [what for what, _, _ in DIVE.findall(PAGE)]
