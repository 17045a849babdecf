"""What of an image is sent to a layout or a registry: its blobs, and the manifest that names them.

Source: OCI image-spec v1.1 `manifest.md`. An image that was read from such a place and has not been changed keeps its
manifest byte for byte, so that the copy has the same digest; else there is a new one, the same for the same image.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.core.errors import ImageError
from jettison.image import parcel
from jettison.image.model import Documents, Image
from jettison.image.parcel import Parcel, Report
from jettison.image.transports import manifest as image_manifest
from jettison.image.transports.documents import parse_json


@dataclass(frozen=True)
class Shipment:
    """`layers` lowest first, the same one as often as the image has it."""

    manifest: Parcel
    config: Parcel
    layers: tuple[Parcel, ...]

    @property
    def blobs(self) -> tuple[Parcel, ...]:
        """The layers and the config, each once: all but the manifest, which goes last."""
        return tuple({each.digest: each for each in (*self.layers, self.config)}.values())

    @property
    def size(self) -> int:
        """Bytes of all of it."""
        return self.manifest.size + sum(each.size for each in self.blobs)


def config_of(image: Image) -> bytes:
    """The image's config: as it was read, unless it has been changed since. Raises ImageError."""
    if image.documents is not None and parse_json(image.documents.config, "the config") == image.config:
        return image.documents.config
    ids = (image.config.get("rootfs") or {}).get("diff_ids")
    if ids != [layer.diff_id for layer in image.layers]:
        raise ImageError(
            "the config does not name the layers that the image has", hint="this is a fault of jettison: report it"
        )
    return json.dumps(image.config, ensure_ascii=False, separators=(",", ":")).encode()


def shipment_of(image: Image, report: Report | None = None) -> Shipment:
    """What to send. Layers that are stored plain, or as files, are compressed. Raises ImageError, DiskError."""
    data = config_of(image)
    if image.documents is not None and image.documents.manifest:
        known = _as_it_was(image, image.documents, data)
        if known is not None:
            return known
    config = parcel.of_bytes(data, image_manifest.OCI_CONFIG)
    layers = tuple(_packed(image, report))
    value = {
        "schemaVersion": 2,
        "mediaType": image_manifest.OCI_MANIFEST,
        "config": config.descriptor(),
        "layers": [each.descriptor() for each in layers],
    }
    written = json.dumps(value, separators=(",", ":")).encode()
    return Shipment(parcel.of_bytes(written, image_manifest.OCI_MANIFEST), config, layers)


def _packed(image: Image, report: Report | None) -> Iterator[Parcel]:
    made: dict[str, Parcel] = {}
    for layer in image.layers:
        key = layer.digest or layer.diff_id
        if key not in made:
            made[key] = parcel.packed(layer, report)
        yield made[key]


def _as_it_was(image: Image, documents: Documents, data: bytes) -> Shipment | None:
    """The manifest that the image was read by, where it still speaks of this config and these layers."""
    config_at, layers = image_manifest.parts(parse_json(documents.manifest, "the manifest"), "the manifest")
    if config_at.digest != parcel.digest_of(data) or [one.digest for one in layers] != [
        layer.digest for layer in image.layers
    ]:
        return None
    algorithm = image.digest.partition(":")[0]
    manifest = parcel.of_bytes(documents.manifest, documents.media_type)
    if algorithm != "sha256":
        manifest = Parcel(image.digest, manifest.size, manifest.media_type, manifest.pieces)
    return Shipment(
        manifest,
        parcel.of_bytes(data, config_at.media_type),
        tuple(
            parcel.stored(layer, one.digest, one.size, one.media_type)
            for layer, one in zip(image.layers, layers, strict=True)
        ),
    )
