"""What a manifest notes about its image. Source: OCI image-spec v1.1 `annotations.md`."""

from __future__ import annotations

from jettison.image.model import Image
from jettison.image.transports.documents import mapping, parse_json


def annotations_of(image: Image) -> dict[str, str]:
    """What the manifest that the image was read by notes about it; nothing where there was none."""
    if image.documents is None or not image.documents.manifest:
        return {}
    told = mapping(parse_json(image.documents.manifest, "the manifest"), "the manifest").get("annotations")
    return {key: value for key, value in told.items() if isinstance(value, str)} if isinstance(told, dict) else {}
