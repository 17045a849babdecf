"""What `inspect` found in an image, and its JSON document, `jettison.inspection/1`."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from jettison.core.redact import Redactor
from jettison.documents.text import path_fields, plain
from jettison.image.model import Image, Kind, Layer, Sizes
from jettison.image.tree import merge, sizes
from jettison.waste.rows import Cause, WasteRow, waste_rows

SCHEMA = "jettison.inspection/1"


@dataclass(frozen=True)
class Payload:
    """A regular file of the merged tree under one of its names, and the layer that brought its bytes."""

    path: bytes
    bytes: int
    layer: int


@dataclass(frozen=True)
class Inspection:
    """An image measured. `created_by` has one text a layer, None where the history does not match the layers."""

    image: Image
    sizes: Sizes
    created_by: tuple[str | None, ...]
    waste: tuple[WasteRow, ...]
    largest: tuple[Payload, ...]

    @property
    def platform(self) -> str:
        """`linux/arm64/v8`, as far as the config tells."""
        keys = ("os", "architecture", "variant")
        return "/".join(plain(str(self.image.config[key])) for key in keys if self.image.config.get(key))

    @property
    def causes(self) -> dict[Cause, tuple[int, int]]:
        """(bytes, payloads) of each cause that occurs, most bytes first."""
        size: Counter[Cause] = Counter()
        for row in self.waste:
            size[row.cause] += row.bytes
        count = Counter(row.cause for row in self.waste)
        return {cause: (total, count[cause]) for cause, total in size.most_common()}


def inspect_image(image: Image, *, top: int) -> Inspection:
    """Read every layer once; `top` is how many of the biggest files are named. Raises ImageError."""
    found = sizes(image.layers, config_size=image.config_size, daemon=image.daemon_size)
    return Inspection(image, found, _created_by(image), waste_rows(image.layers), _largest(image, top))


def files_of(layer: Layer) -> int:
    """How many regular files with a payload of their own a layer brings, empty ones too."""
    return sum(kind == Kind.FILE for kind in layer.columns.kinds)


def _created_by(image: Image) -> tuple[str | None, ...]:
    """History rows that made a layer, matched by their number, secrets taken out."""
    rows = [row for row in image.history if not row.empty_layer]
    if len(rows) != len(image.layers):
        return (None,) * len(image.layers)
    redactor = Redactor()
    return tuple(redactor.text(str(row.created_by)) for row in rows)


def _largest(image: Image, top: int) -> tuple[Payload, ...]:
    """Each payload once, under the first of its names in path order."""
    tree = merge(image.layers)
    names: dict[tuple[int, int], bytes] = {}
    for path in tree:
        place = tree.payload(path)
        if place[1] >= 0 and (place not in names or path < names[place]):  # below 0: a directory nobody described
            names[place] = path
    columns = [layer.columns.sizes for layer in image.layers]
    found = (Payload(path, columns[layer][index], layer) for (layer, index), path in names.items())
    worth = (payload for payload in found if payload.bytes)
    return tuple(heapq.nsmallest(top, worth, key=lambda payload: (-payload.bytes, payload.path)))


def image_to_json(inspection: Inspection) -> dict[str, Any]:
    """The document; `jettison schema inspection` describes it. What was not looked for is null."""
    image = inspection.image
    return {
        "schema": SCHEMA,
        "reference": plain(str(image.reference)),
        "platform": inspection.platform,
        "digest": image.digest,
        "sizes": asdict(inspection.sizes),
        "base": None,
        "layers": [
            _layer(index, layer, created_by)
            for index, (layer, created_by) in enumerate(zip(image.layers, inspection.created_by, strict=True))
        ],
        "causes": {cause.value: size for cause, (size, _) in inspection.causes.items()},
        "classes": None,
        "waste": [
            {**path_fields(row.path), "bytes": row.bytes, "cause": row.cause.value}
            | {"layer": row.layer, "by_layer": row.by_layer}
            for row in inspection.waste
        ],
        "largest": [
            {**path_fields(each.path), "bytes": each.bytes, "layer": each.layer} for each in inspection.largest
        ],
        "findings": None,
        "dive": None,
    }


def _layer(index: int, layer: Layer, created_by: str | None) -> dict[str, Any]:
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
        "line": None,
        "base": None,
    }
