"""What a manifest says: its config and its layers; or which word it is refused with.

Source: OCI image-spec v1.1 `manifest.md`, "Guidelines for Artifact Usage"; Docker "Image Manifest V 2" schemas 1 and 2;
containers/ocicrypt (encrypted layers); CVE-2021-41190 (documents that are a manifest and an index at once).
"""

from __future__ import annotations

from typing import Any

from jettison.core.errors import ImageError
from jettison.image.transports import artifacts
from jettison.image.transports.documents import AGAIN, mapping, sequence
from jettison.image.transports.indexes import Descriptor, descriptor

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"


def parts(value: Any, what: str) -> tuple[Descriptor, list[Descriptor]]:
    """The descriptors of the config and of the layers, bottom first. Raises ImageError."""
    manifest = mapping(value, what)
    if manifest.get("schemaVersion") == 1 or "fsLayers" in manifest:
        raise ImageError(
            "a manifest of schema 1, which no longer is in use", hint="pull the image anew with a current tool"
        )
    if "layers" not in manifest or "config" not in manifest:
        raise ImageError(f"{what} is not the manifest of an image", hint="give the image itself")
    if "manifests" in manifest:
        raise ImageError(f"{what} is a manifest and an index at once", hint=AGAIN)
    config = descriptor(manifest["config"], "the config's descriptor")
    layers = [descriptor(each, "a layer's descriptor") for each in sequence(manifest["layers"], "layers")]
    kind = manifest.get("artifactType")
    artifacts.refuse(config, layers, kind if isinstance(kind, str) else "")
    for one in layers:
        if one.media_type.endswith("+encrypted"):
            raise ImageError(
                f"layer {one.digest} is encrypted", hint="decrypt it: skopeo copy --decryption-key KEY ..."
            )
    return config, layers


def media_type(value: Any, told: str = "") -> str:
    """A manifest's media type: its own word, else what a descriptor or a header tells, else by what its config is."""
    own = value.get("mediaType")
    docker = value["config"].get("mediaType") == DOCKER_CONFIG
    return (own if isinstance(own, str) else "") or told or (DOCKER_MANIFEST if docker else OCI_MANIFEST)


def missing(one: Descriptor, error: ImageError) -> ImageError:
    """The error for a layer that is not there: its maker may keep it to himself (foreign layers of Windows)."""
    if "foreign" in one.media_type or "nondistributable" in one.media_type:
        return ImageError(f"layer {one.digest} is kept elsewhere by its maker", hint="pull it with its layers")
    return error
