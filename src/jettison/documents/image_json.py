"""The document of an inspection, `jettison.inspection/1`; `jettison schema inspection` describes it."""

from __future__ import annotations

from dataclasses import asdict
from math import isinf
from typing import TYPE_CHECKING, Any

from jettison.align import Base
from jettison.documents.image import Inspection, Part, files_of, parts
from jettison.documents.text import path_fields, plain
from jettison.image.model import Layer
from jettison.waste.dive import DiveNumbers

if TYPE_CHECKING:
    from jettison.waste.inventory import Inventory

SCHEMA = "jettison.inspection/1"


def image_to_json(inspection: Inspection) -> dict[str, Any]:
    """The document. What was not looked for, or cannot be known at this source, is null."""
    image = inspection.image
    return {
        "schema": SCHEMA,
        "reference": plain(str(image.reference)),
        "platform": inspection.platform,
        "digest": image.digest,
        "sizes": asdict(inspection.sizes),
        "base": _base(inspection, inspection.base),
        "layers": [_layer(index, layer, inspection) for index, layer in enumerate(image.layers)],
        "causes": {cause.value: size for cause, (size, _) in inspection.causes.items()},
        "classes": {
            each.value: {"bytes": share.size, "files": share.files, "transfer": share.transfer}
            for each, share in inspection.classes.items()
        },
        "waste": [
            {**path_fields(row.path), "bytes": row.bytes, "cause": row.cause.value}
            | {"layer": row.layer, "by_layer": row.by_layer, "transfer": transfer}
            | {"line": inspection.made.lines.get(row.layer), "by_line": inspection.made.lines.get(row.by_layer)}
            for row, transfer in zip(inspection.waste, inspection.transfers, strict=True)
        ],
        "largest": [
            {**path_fields(each.path), "bytes": each.bytes, "layer": each.layer} for each in inspection.largest
        ],
        "folders": [
            {**path_fields(each.path), "bytes": each.bytes, "files": each.files} for each in inspection.folders
        ],
        "packages": _packages(inspection.packages),
        "executables": {"in_path": inspection.executables.in_path, "all": inspection.executables.all},
        "estimate": _estimate(inspection),
        "engines": asdict(inspection.engines),
        "findings": _findings(inspection),
        "dive": _dive(inspection.dive),
    }


def _findings(inspection: Inspection) -> list[dict[str, Any]] | None:
    """What the rules say of the Dockerfile and the image, the gravest first; null where there is no Dockerfile."""
    found = inspection.findings
    if found is None:
        return None
    from jettison.documents.check import finding_to_json

    return [finding_to_json(each) for each in found]


def _base(inspection: Inspection, base: Base | None) -> dict[str, Any] | None:
    if base is None:
        return None
    below, own = parts(inspection)
    name = None if base.name is None else plain(base.name)
    return {"known": base.known, "name": name, "layers": base.layers, "totals": _part(below), "own": _part(own)}


def _part(part: Part) -> dict[str, Any]:
    return {"layers": part.layers, "unpacked": part.unpacked, "transfer": part.transfer, "waste": part.waste}


def _layer(index: int, layer: Layer, inspection: Inspection) -> dict[str, Any]:
    created_by = inspection.created_by[index]
    span = inspection.made.together.get(index)
    return {
        "index": index,
        "digest": layer.digest,
        "diff_id": layer.diff_id,
        "media_type": None if layer.media_type is None else plain(layer.media_type),
        "transfer": layer.transfer,
        "unpacked": layer.unpacked,
        "overhead": layer.columns.overhead,
        "files": files_of(layer),
        "created_by": None if created_by is None else plain(created_by),
        "line": inspection.made.lines.get(index),
        "lines": list(span) if span else None,
        "base": None if inspection.base is None else index < inspection.base.layers,
    }


def _packages(found: Inventory | None) -> dict[str, Any] | None:
    if found is None:
        return None
    rows = [
        {"type": each.kind, "name": plain(each.name), "version": plain(each.version), "layer": each.layer}
        | {"bytes": each.size, "files": each.files}
        for each in found.packages
    ]
    return {"packages": rows, "rest": found.rest}


def _estimate(inspection: Inspection) -> dict[str, Any] | None:
    """How compressed bytes were shared out."""
    if not inspection.account.packed:
        return None
    method = "measured" if inspection.account.measured else "proportional"
    return {"method": method, "waste": inspection.wasted_transfer}


def _dive(found: DiveNumbers) -> dict[str, Any]:
    share = found.user_wasted
    percent = None if share is None or isinf(share) else share * 100
    return {"efficiency": found.efficiency, "wasted_bytes": found.wasted_bytes, "user_wasted_percent": percent}
