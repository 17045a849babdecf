"""The document of a validation, `jettison.validation/1`; `jettison schema validation` describes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jettison.documents.text import plain
from jettison.image.model import Image
from jettison.image.validate import Fault

SCHEMA = "jettison.validation/1"


def validation_to_json(image: Image, faults: Sequence[Fault]) -> dict[str, Any]:
    """The document. `valid` where nothing is wrong but what is only advised."""
    rows = [
        {"where": each.where, "message": plain(each.message), "section": each.section}
        | {"level": "must" if each.must else "should"}
        for each in faults
    ]
    told = {"schema": SCHEMA, "reference": plain(str(image.reference)), "digest": image.digest}
    return {**told, "layers": len(image.layers), "valid": is_valid(faults), "faults": rows}


def is_valid(faults: Sequence[Fault]) -> bool:
    """Whether nothing is wrong but what is only advised."""
    return not any(each.must for each in faults)
