"""Dead payloads, one row each: `unpacked - effective` equals the sum of the rows, always."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from jettison.image.model import Layer


class Cause(Enum):
    """Why a payload is dead; the first that fits (INTERFACE)."""

    DELETED_LATER = "deleted-later"
    OPAQUE_DIRECTORY = "opaque-directory"
    METADATA_ONLY = "metadata-only"
    OVERWRITTEN_LATER = "overwritten-later"
    REPLACED_IN_SAME_LAYER = "replaced-in-same-layer"


@dataclass(frozen=True)
class WasteRow:
    """`layer` brought the payload, `by_layer` took its last name; indices, bottom first."""

    path: bytes
    bytes: int
    cause: Cause
    layer: int
    by_layer: int


def waste_rows(layers: Sequence[Layer]) -> tuple[WasteRow, ...]:
    """All dead payloads of a stack of layers."""
    raise NotImplementedError
