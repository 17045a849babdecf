"""What an image must hold by its specifications, looked at in all of its bytes.

Source: OCI image-spec v1.1 `manifest.md`, `descriptor.md`, `config.md`, `layer.md`, `media-types.md`, `annotations.md`;
Docker "Image Manifest Version 2, Schema 2". An image that a reader refuses outright has no faults to be listed: that is
an ImageError, with its way out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from jettison.core.errors import ImageError
from jettison.core.reference import Transport
from jettison.image import parcel, validate_config, validate_layer, validate_layout
from jettison.image.model import Documents, Image, Layer
from jettison.image.transports import manifest as image_manifest
from jettison.image.transports.documents import parse_json, split_where
from jettison.image.transports.indexes import Descriptor, descriptor
from jettison.image.transports.layout_index import is_name
from jettison.image.validate_config import Fault

__all__ = ["Fault", "validate"]

_OCI_LAYER = re.compile(r"application/vnd\.oci\.image\.layer\.(nondistributable\.)?v1\.tar(\+gzip|\+zstd)?")
_DOCKER_LAYER = re.compile(
    r"application/vnd\.docker\.image\.rootfs\.(diff\.tar\.gzip|foreign\.diff\.tar\.gzip|diff\.tar|diff\.tar\.zstd)"
)
_DOCKER = "Image Manifest Version 2, Schema 2"


@dataclass(frozen=True)
class _Family:
    """What a manifest of one specification names."""

    config: str
    layers: re.Pattern[str]
    section: str


_FAMILIES = {
    image_manifest.OCI_MANIFEST: _Family(image_manifest.OCI_CONFIG, _OCI_LAYER, "manifest.md"),
    image_manifest.DOCKER_MANIFEST: _Family(image_manifest.DOCKER_CONFIG, _DOCKER_LAYER, _DOCKER),
}


def validate(image: Image) -> tuple[Fault, ...]:
    """Every fault, in the order layout, manifest, config, layers, tree; reads all, each layer once or twice.

    Raises ImageError where bytes cannot be had at all.
    """
    found = [*_named(image), *_in_layout(image)]
    if image.documents is not None and image.documents.manifest:
        found += _manifest(image, image.documents)
    found += validate_config.faults(image.config, len(image.layers))
    seen: set[str] = set()
    for number, layer in enumerate(image.layers):
        key = f"{layer.digest} {layer.diff_id}"
        if key not in seen:
            seen.add(key)
            found += _layer(f"layer {number}", layer)
    if not any(fault.where.startswith("layer") and fault.broken for fault in found):
        found += _stacked(image)
    return tuple(found)


def _in_layout(image: Image) -> Iterator[Fault]:
    """Faults of what led to the image, where that is a folder."""
    if image.reference.transport is Transport.OCI and image.documents is not None:
        told = parse_json(image.documents.manifest, "the manifest").get("mediaType")
        yield from validate_layout.faults(split_where(image.reference.where)[0], image.digest, told or "")


def _named(image: Image) -> Iterator[Fault]:
    if image.reference.transport not in (Transport.OCI, Transport.OCI_ARCHIVE):
        return
    name = image.reference.where.partition(":")[2]
    if name and not name.startswith("@") and "/" not in image.reference.where.partition(":")[2] and not is_name(name):
        yield Fault("name", f"{name[:100]!r} is none by the grammar", "annotations.md, image.ref.name", must=False)


def _manifest(image: Image, documents: Documents) -> Iterator[Fault]:
    value = parse_json(documents.manifest, "the manifest")
    family = _FAMILIES.get(documents.media_type)
    if value.get("schemaVersion") != 2:
        yield Fault("manifest", f"schemaVersion is {value.get('schemaVersion')!r}, not 2", "manifest.md, schemaVersion")
    if family is None:
        yield Fault("manifest", f"its media type is {documents.media_type[:100]!r}", "manifest.md, mediaType")
        return
    if family.section == _DOCKER and value.get("mediaType") != documents.media_type:
        yield Fault("manifest", "it does not tell its media type", f"{_DOCKER}, mediaType")
    if parcel.digest_of(documents.manifest) != image.digest and image.digest.startswith("sha256:"):
        yield Fault("manifest", "its bytes are not what its digest says", "descriptor.md, Digests")
    config = descriptor(value["config"], "config")
    yield from _descriptor("config", config, family.config, family)
    data = documents.config
    if config.size != len(data):
        yield Fault("config", f"it has {len(data)} bytes, and its descriptor says {config.size}", "descriptor.md, size")
    if hashlib.new(config.digest.partition(":")[0], data).hexdigest() != config.digest.partition(":")[2]:
        yield Fault("config", "its bytes are not what its digest says", "descriptor.md, Digests")
    for number, row in enumerate(value["layers"] or ()):
        one = descriptor(row, "a layer")
        if not family.layers.fullmatch(one.media_type):
            told = f"its media type is {one.media_type[:100]!r}"
            yield Fault(f"layer {number}", told, f"{family.section}, layers")
    yield from _annotations(value.get("annotations"))


def _descriptor(where: str, one: Descriptor, wanted: str, family: _Family) -> Iterator[Fault]:
    if one.media_type != wanted:
        told = f"its media type is {one.media_type[:100]!r}, where {wanted} is asked for"
        yield Fault(where, told, f"{family.section}, {where}")


def _annotations(value: Any) -> Iterator[Fault]:
    if value is None:
        return
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        yield Fault("manifest", "its annotations are not a map of strings", "annotations.md, Rules")


def _layer(where: str, layer: Layer) -> Iterator[Fault]:
    blob = layer.source.as_stored()
    if blob is not None:
        if layer.digest is not None:
            yield from _read(where, "descriptor.md, Digests", _stored(layer, blob.size))
        yield from validate_layer.packing(where, layer, blob)
    yield from validate_layer.faults(where, layer)


def _stored(layer: Layer, size: int) -> Callable[[], object]:
    assert layer.digest is not None
    one = parcel.stored(layer, layer.digest, size if layer.transfer is None else layer.transfer, "")
    return lambda: sum(map(len, one.checked()))


def _read(where: str, section: str, read: Callable[[], object]) -> Iterator[Fault]:
    """A fault where that raises ImageError."""
    try:
        read()
    except ImageError as error:
        yield Fault(where, error.message, section, broken=True)


def _stacked(image: Image) -> Iterator[Fault]:
    yield from _read("layers", "layer.md, Applying Changesets", lambda: image.merged)
