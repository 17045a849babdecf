"""oci and oci-archive: an OCI image layout, as a directory or as one tar.

Source: OCI image-spec v1.1 `image-layout.md`, `manifest.md`; containers/image `docs/containers-transports.5.md` for
what stands behind the path.
"""

from __future__ import annotations

from jettison.core.errors import ImageError
from jettison.core.platform import Platform
from jettison.core.reference import Reference, Transport
from jettison.image.blob import Blob, whole
from jettison.image.layer_blob import BlobSource
from jettison.image.model import Image, Layer
from jettison.image.transports import config as image_config
from jettison.image.transports.documents import (
    Files,
    mapping,
    parse_json,
    read_json,
    read_small,
    sequence,
    split_where,
)
from jettison.image.transports.indexes import Descriptor, blob_of, choose, descriptor
from jettison.image.transports.members import open_members


def read_directory(where: str, platform: Platform | None = None) -> Image:
    """The image in `directory[:tag]`. Raises ImageError."""
    root, name = split_where(where)
    if not root.is_dir():
        raise ImageError(f"{root} is not a directory", hint=f"write oci-archive:{where} or docker-archive:{where}")

    def files(path: str) -> Blob | None:
        file = root / path
        return whole(file) if file.exists() else None

    return image_of(files, name, platform, Reference(Transport.OCI, where))


def read_archive(where: str, platform: Platform | None = None) -> Image:
    """The image in `file[:tag]`. Raises ImageError."""
    path, name = split_where(where)
    return image_of(open_members(path), name, platform, Reference(Transport.OCI_ARCHIVE, where))


def image_of(files: Files, name: str, platform: Platform | None, reference: Reference) -> Image:
    """The image of a layout whose files are had by name. Raises ImageError."""
    version = files("oci-layout")
    if version is not None:
        told = mapping(read_json(version, "oci-layout"), "oci-layout").get("imageLayoutVersion")
        if not str(told).startswith("1."):
            raise ImageError(f"an OCI layout of version {told!r}", hint="versions 1.x can be read")
    chosen, others = choose(files, name, platform)
    return _image(files, chosen, others, reference)


def _image(files: Files, chosen: Descriptor, others: tuple[str, ...], reference: Reference) -> Image:
    what = f"manifest {chosen.digest}"
    manifest = mapping(read_json(blob_of(files, chosen, "manifest"), what, chosen.digest), what)
    if manifest.get("schemaVersion") == 1 or "fsLayers" in manifest:
        raise ImageError(
            "a manifest of schema 1, which no longer is in use", hint="pull the image anew with a current tool"
        )
    if "layers" not in manifest or "config" not in manifest:
        raise ImageError(f"{what} is not the manifest of an image", hint="give the image itself")
    config_at = descriptor(manifest["config"], "the config's descriptor")
    layers = [descriptor(each, "a layer's descriptor") for each in sequence(manifest["layers"], "layers")]
    data = read_small(blob_of(files, config_at, "config"), "the config", config_at.digest)
    config, ids = image_config.checked(parse_json(data, "the config"), "the config", len(layers))
    return Image(
        reference=reference,
        digest=chosen.digest,
        config=config,
        layers=tuple(_layer(files, one, diff_id) for one, diff_id in zip(layers, ids, strict=True)),
        config_size=len(data),
        other_platforms=others,
    )


def _layer(files: Files, one: Descriptor, diff_id: str) -> Layer:
    if one.media_type.endswith("+encrypted"):
        raise ImageError(f"layer {one.digest} is encrypted", hint="decrypt it: skopeo copy --decryption-key KEY ...")
    try:
        blob = blob_of(files, one, "layer")
    except ImageError as error:
        if "foreign" in one.media_type or "nondistributable" in one.media_type:
            raise ImageError(
                f"layer {one.digest} is kept elsewhere by its maker", hint="pull it with its layers"
            ) from error
        raise
    return Layer(diff_id, BlobSource(blob, one.digest), one.digest, one.media_type or None, one.size)
