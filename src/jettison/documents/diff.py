"""Two images held side by side as a JSON document, `jettison.diff/1`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jettison.compare.images import ImageDiff
from jettison.compare.layers import LayerPair
from jettison.compare.paths import Change, PathChange
from jettison.documents.provenance import Provenance
from jettison.documents.text import path_fields, plain
from jettison.image.model import Image

SCHEMA = "jettison.diff/1"


def diff_lines(found: ImageDiff, made: tuple[Provenance, Provenance]) -> Iterator[str]:
    """The document as JSON, piece by piece: a path a line, for there may be a million."""
    head = json.dumps(_without_paths(found, made), indent=2)
    yield head.removesuffix("\n}") + ',\n  "paths": ['
    between = "\n    "
    for each in found.paths:
        yield between + json.dumps(_path(each))
        between = ",\n    "
    yield "\n  ]\n}\n"


def _without_paths(found: ImageDiff, made: tuple[Provenance, Provenance]) -> dict[str, Any]:
    """Numbers of the old image and of the new one side by side."""
    return {
        "schema": SCHEMA,
        "old": _image(found.old),
        "new": _image(found.new),
        "verdict": found.verdict,
        "by": found.by,
        "sizes": {name: {"old": old, "new": new} for name, (old, new) in found.sizes.items()},
        "layers": [_layer(pair, found, made) for pair in found.layers],
        "folders": [
            {**path_fields(row.path), "bytes": row.net, "grown": row.grown, "shrunk": row.shrunk, "paths": row.paths}
            for row in found.folders
        ],
        "causes": _sides(found.causes),
        "classes": _sides(found.classes),
        "packages": [
            {
                "type": each.kind,
                "name": plain(each.name),
                "change": each.change,
                "old": None if each.old is None else plain(each.old),
                "new": None if each.new is None else plain(each.new),
                "bytes": each.grown,
            }
            for each in found.packages
        ],
        "config": list(found.config),
    }


def _image(image: Image) -> dict[str, Any]:
    return {
        "reference": plain(str(image.reference)),
        "digest": image.digest,
        "platform": plain(image.platform),
        "layers": len(image.layers),
    }


def _layer(pair: LayerPair, found: ImageDiff, made: tuple[Provenance, Provenance]) -> dict[str, Any]:
    """One layer on both sides, null on the side that has none."""
    sides = zip(("old", "new"), (found.old, found.new), (pair.old, pair.new), made, strict=True)
    return {"change": pair.change, **{name: _side(image, index, told) for name, image, index, told in sides}}


def _side(image: Image, index: int | None, made: Provenance) -> dict[str, Any] | None:
    if index is None:
        return None
    created_by = made.created_by[index]
    return {
        "index": index,
        "diff_id": image.layers[index].diff_id,
        "unpacked": image.layers[index].unpacked,
        "created_by": None if created_by is None else plain(created_by),
    }


def _path(each: PathChange) -> dict[str, Any]:
    told: dict[str, Any] = {
        **path_fields(each.path),
        "change": each.change.value,
        "bytes": each.grown,
        "old": each.old,
        "new": each.new,
    }
    if each.change not in (Change.ADDED, Change.REMOVED):
        told["aspects"] = list(each.aspects)
    return told


def _sides(pairs: Mapping[str, tuple[int, int]]) -> dict[str, dict[str, int]]:
    return {name: {"old": old, "new": new} for name, (old, new) in pairs.items()}
