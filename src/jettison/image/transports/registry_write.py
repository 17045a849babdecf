"""docker://, written: layers that the registry has not got, the config, then the manifest that names them.

Source: OCI distribution-spec v1.1, "Push"; image-spec v1.1 `annotations.md` (org.opencontainers.image.base.name).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from jettison.core.errors import UsageError
from jettison.core.reference import Transport
from jettison.image.annotations import annotations_of
from jettison.image.model import Image
from jettison.image.parcel import Report
from jettison.image.shipment import shipment_of
from jettison.registry.names import Name, parse
from jettison.registry.patience import Patience
from jettison.registry.push import Push

BASE_NAME = "org.opencontainers.image.base.name"
_KEPT_BACK = ("nondistributable", "foreign")  # by their makers: downloaded from them, never uploaded


def write(
    image: Image,
    where: str,
    report: Report | None = None,
    *,
    insecure: bool = False,
    patience: Patience | None = None,
) -> str:
    """Push the image to `HOST/NAME[:TAG]`; its digest. Raises UsageError, ImageError, DiskError.

    The name leads to what it led to before until all of the image is there.
    """
    name = parse(where)
    shipment = shipment_of(image, report)
    if name.digest and name.digest != shipment.manifest.digest:
        raise UsageError(f"this image is {shipment.manifest.digest}, not {name.digest}", hint="give a tag")
    push = Push(name, tuple(dict.fromkeys(_beside(image, name))), insecure=insecure, patience=patience)
    for each in shipment.blobs:
        if not any(word in each.media_type for word in _KEPT_BACK):
            push.blob(each.digest, each.size, partial(each.checked, report))
    manifest = shipment.manifest
    push.manifest(name.tag or name.digest, b"".join(manifest.checked()), manifest.media_type, manifest.digest)
    return manifest.digest


def _beside(image: Image, name: Name) -> Iterator[str]:
    """Repositories of the same registry that may have some of the blobs: the image's own, its base's."""
    told = [image.reference.where] if image.reference.transport is Transport.DOCKER else []
    for each in (*told, annotations_of(image).get(BASE_NAME, "")):
        try:
            other = parse(each)
        except UsageError:
            continue
        if other.host == name.host and other.repository != name.repository:
            yield other.repository
