"""oci and oci-archive: an OCI image layout, as a directory or as one tar.

Source: OCI image-spec v1.1 `image-layout.md`, `manifest.md`; containers/image `docs/containers-transports.5.md` for
what stands behind the path.
"""

from __future__ import annotations

from jettison.core.errors import ImageError
from jettison.core.platform import Platform
from jettison.core.reference import Reference, Transport
from jettison.image.blob import found
from jettison.image.layer_blob import BlobSource
from jettison.image.model import Documents, Image, Layer
from jettison.image.transports import config as image_config
from jettison.image.transports import manifest as image_manifest
from jettison.image.transports.documents import (
    Files,
    mapping,
    parse_json,
    read_json,
    read_small,
    split_where,
)
from jettison.image.transports.indexes import Descriptor, blob_of, choose


def read_directory(where: str, platform: Platform | None = None) -> Image:
    """The image in `directory[:tag]`. Raises ImageError."""
    root, name = split_where(where)
    if not root.is_dir():
        raise ImageError(f"{root} is not a directory", hint=f"write oci-archive:{where} or docker-archive:{where}")
    return image_of(lambda path: found(root / path), name, platform, Reference(Transport.OCI, where))


def read_archive(where: str, platform: Platform | None = None) -> Image:
    """The image in `file[:tag]`. Raises ImageError."""
    from jettison.image.transports.members import open_members  # brings the walker, which a directory may not need

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
    written = read_small(blob_of(files, chosen, "manifest"), what, chosen.digest)
    manifest = parse_json(written, what)
    config_at, layers = image_manifest.parts(manifest, what)
    data = read_small(blob_of(files, config_at, "config"), "the config", config_at.digest)
    config, ids = image_config.checked(parse_json(data, "the config"), "the config", len(layers))
    return Image(
        reference=reference,
        digest=chosen.digest,
        config=config,
        layers=tuple(_layer(files, one, diff_id) for one, diff_id in zip(layers, ids, strict=True)),
        config_size=len(data),
        other_platforms=others,
        documents=Documents(data, written, image_manifest.media_type(manifest, chosen.media_type)),
    )


def _layer(files: Files, one: Descriptor, diff_id: str) -> Layer:
    try:
        blob = blob_of(files, one, "layer")
    except ImageError as error:
        raise image_manifest.missing(one, error) from error
    return Layer(diff_id, BlobSource(blob, one.digest), one.digest, one.media_type or None, one.size)
