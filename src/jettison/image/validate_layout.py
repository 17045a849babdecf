"""The folder of an OCI layout held against its specification: what leads to an image, as against the image itself.

Source: OCI image-spec v1.1 `image-layout.md`, `image-index.md`, `descriptor.md`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jettison.image.transports.indexes import INDEXES
from jettison.image.validate_config import Fault

_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]+")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][\w!#$&^.+-]{0,126}/[A-Za-z0-9][\w!#$&^.+-]{0,126}")


def faults(root: Path, digest: str, media_type: str) -> Iterator[Fault]:
    """Every fault of the folder; `digest` and `media_type` are those of the manifest that was read of it."""
    version = _read(root / "oci-layout")
    if not isinstance(version, dict) or version.get("imageLayoutVersion") != "1.0.0":
        message = "it is not there" if version is None else "it does not say imageLayoutVersion 1.0.0"
        yield Fault("oci-layout", message, "image-layout.md, oci-layout file")
    index = _read(root / "index.json")
    if not isinstance(index, dict):
        yield Fault("index.json", "it is no JSON object", "image-layout.md, index.json file")
        return
    if index.get("schemaVersion") != 2:
        yield Fault("index.json", "schemaVersion is not 2", "image-index.md, schemaVersion")
    if "mediaType" in index and index["mediaType"] not in INDEXES:
        yield Fault("index.json", f"mediaType is {str(index['mediaType'])[:100]!r}", "image-index.md, mediaType")
    rows = index.get("manifests")
    for number, row in enumerate(rows if isinstance(rows, list) else []):
        yield from _descriptor(f"index.json, manifest {number}", row, digest, media_type)


def _descriptor(where: str, row: Any, digest: str, media_type: str) -> Iterator[Fault]:
    if not isinstance(row, dict):
        yield Fault(where, "it is no JSON object", "descriptor.md")
        return
    told, size = row.get("mediaType"), row.get("size")
    if not isinstance(told, str) or not _MEDIA_TYPE.fullmatch(told):
        yield Fault(where, "it tells no media type", "descriptor.md, mediaType")
    elif row.get("digest") == digest and media_type and told != media_type:
        yield Fault(where, f"it says {told}, and the manifest {media_type}", "descriptor.md, mediaType")
    if not isinstance(row.get("digest"), str) or not _DIGEST.fullmatch(row["digest"]):
        yield Fault(where, "its digest is none by the grammar", "descriptor.md, digests")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        yield Fault(where, "its size is no number of bytes", "descriptor.md, size")


def _read(path: Path) -> Any:
    """The JSON value of a file that was read before; None where it is not there."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
