"""index.json of a layout: which images are in it, by which names.

Source: OCI image-spec v1.1 `image-layout.md` ("index.json file", "oci-layout file"), `image-index.md`, `annotations.md`
(grammar of org.opencontainers.image.ref.name).
"""

from __future__ import annotations

import json
import re
from typing import Any

from jettison.core.errors import UsageError
from jettison.image.model import Image
from jettison.image.shipment import Shipment
from jettison.image.transports.documents import mapping, sequence
from jettison.image.transports.indexes import INDEXES

LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
NAME = "org.opencontainers.image.ref.name"
_PART = r"[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*"
_GRAMMAR = re.compile(rf"{_PART}(?:/{_PART})*")
_LONGEST = 512  # characters


def is_name(name: str) -> bool:
    """Whether the specification allows it."""
    return len(name) <= _LONGEST and _GRAMMAR.fullmatch(name) is not None


def check_name(name: str) -> None:
    """Raises UsageError where an image in a layout cannot be called so; it need not be called at all."""
    if name and not is_name(name):
        raise UsageError(
            f"'{name[:100]}' is no name for an image in a layout", hint="write letters, digits and -._:@/+"
        )


def row_of(image: Image, shipment: Shipment, name: str) -> dict[str, Any]:
    """The descriptor of an image."""
    row: dict[str, Any] = shipment.manifest.descriptor()
    keys = ("architecture", "os", "variant")
    if image.config.get("os") and image.config.get("architecture"):
        row["platform"] = {key: image.config[key] for key in keys if image.config.get(key)}
    if name:
        row["annotations"] = {NAME: name}
    return row


def with_image(index: Any, row: dict[str, Any]) -> bytes:
    """An index with one image more, or with another one of its name and platform; all that it says besides is kept.

    `index` is None for a new one. Raises ImageError where it is no index.
    """
    value = {"schemaVersion": 2, "mediaType": INDEXES[0]} if index is None else dict(mapping(index, "index.json"))
    rows = [mapping(each, "an entry of index.json") for each in sequence(value.get("manifests"), "manifests")]
    value["manifests"] = [each for each in rows if not _replaced(each, row)] + [row]
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _replaced(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether an entry makes room: of the same name and no other platform, or the same image without a name."""
    name = (new.get("annotations") or {}).get(NAME)
    own = (old.get("annotations") or {}).get(NAME)
    if name is None:
        return own is None and old.get("digest") == new["digest"]
    platforms = old.get("platform"), new.get("platform")
    return own == name and (None in platforms or platforms[0] == platforms[1])
