"""docker: an image of a registry. Its documents are read at once; a layer's blob when somebody asks for the layer.

Source: OCI distribution-spec v1.1, "Pull"; image-spec v1.1 `manifest.md`, `image-index.md`; containers/image
`docs/containers-transports.5.md` for `docker://`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jettison.core.errors import ImageError
from jettison.core.platform import Platform
from jettison.core.reference import Reference, Transport
from jettison.image.model import Documents, Image, Layer
from jettison.image.transports import config as image_config
from jettison.image.transports import manifest as image_manifest
from jettison.image.transports.documents import AGAIN, LARGEST, mapping, parse_json
from jettison.image.transports.fetched import FetchedSource
from jettison.image.transports.indexes import (
    DEEPEST,
    INDEXES,
    MOST,
    Descriptor,
    descriptors_of,
    fitting,
    platform_of,
)
from jettison.registry.download import Download
from jettison.registry.names import parse
from jettison.registry.patience import Patience
from jettison.registry.pull import Pull
from jettison.registry.repository import Document


def read(
    where: str, platform: Platform | None = None, *, insecure: bool = False, patience: Patience | None = None
) -> Image:
    """The image of that name; `insecure` allows plain HTTP and unproven certificates. Raises ImageError, UsageError.

    Without a platform, of an index: linux on this machine's architecture, unless there is only one image.
    """
    pull = Pull(parse(where), insecure=insecure, patience=patience)
    top = pull.manifest()
    value = mapping(parse_json(top.body, "the manifest"), "the manifest")
    if "fsLayers" not in value and ("manifests" in value or top.media_type in INDEXES):
        chosen, others = _of_index(pull, top.digest, value, platform)
        top = _document(pull, chosen)
        value = mapping(parse_json(top.body, f"manifest {top.digest}"), f"manifest {top.digest}")
    else:
        others = ()
    config_at, descriptors = image_manifest.parts(value, f"manifest {top.digest}")
    data = _small(pull, config_at, "the config")
    config, ids = image_config.checked(parse_json(data, "the config"), "the config", len(descriptors))
    return Image(
        reference=Reference(Transport.DOCKER, where),
        digest=top.digest,
        config=config,
        layers=_layers(pull, descriptors, ids),
        config_size=len(data),
        other_platforms=others,
        documents=Documents(data, top.body, image_manifest.media_type(value, top.media_type)),
    )


def _of_index(
    pull: Pull, digest: str, value: dict[str, Any], platform: Platform | None
) -> tuple[Descriptor, tuple[str, ...]]:
    """The manifest that an index leads to, and the other platforms. Raises ImageError."""
    if "layers" in value or "config" in value:
        raise ImageError(f"{digest} is a manifest and an index at once", hint=AGAIN)
    found = list(_manifests(pull, value, {digest}, DEEPEST))
    if not found:
        raise ImageError(f"index {digest} lists no image", hint="give the image itself; these may be its attestations")
    if len(found) == 1 and platform is None:
        return found[0], ()
    return fitting([(one, one.platform or _told_by_config(pull, one)) for one in found], platform)


def _manifests(pull: Pull, index: dict[str, Any], seen: set[str], depth: int) -> Iterator[Descriptor]:
    """The manifests of images that an index leads to, each once, through indexes in indexes."""
    for one in descriptors_of(index, "the index"):
        if one.digest in seen or one.attestation:
            continue
        seen.add(one.digest)
        if not depth or len(seen) > MOST:
            raise ImageError("indexes in indexes without end", hint=AGAIN)
        if one.media_type in INDEXES:
            yield from _manifests(pull, _manifest(pull, one), seen, depth - 1)
        else:
            yield one


def _document(pull: Pull, one: Descriptor) -> Document:
    """A manifest or an index, of the size that was told. Raises ImageError."""
    document = pull.manifest(one.digest)
    if len(document.body) != one.size:
        raise ImageError(
            f"manifest {one.digest} has {len(document.body)} bytes, and should have {one.size}", hint=AGAIN
        )
    return document


def _manifest(pull: Pull, one: Descriptor) -> dict[str, Any]:
    return mapping(parse_json(_document(pull, one).body, f"manifest {one.digest}"), f"manifest {one.digest}")


def _told_by_config(pull: Pull, one: Descriptor) -> Platform | None:
    """For an index that does not say it itself."""
    manifest = _manifest(pull, one)
    if "config" not in manifest:
        return None
    config_at, _ = image_manifest.parts(manifest, f"manifest {one.digest}")
    return platform_of(parse_json(_small(pull, config_at, "the config"), "the config"))


def _small(pull: Pull, one: Descriptor, what: str) -> bytes:
    """A blob that is a document. Raises ImageError."""
    if one.size > LARGEST:
        raise ImageError(f"{what} is absurdly large: {one.size} bytes, where {LARGEST} are allowed", hint=AGAIN)

    def take(download: Download) -> bytes:
        return b"".join(iter(lambda: download.read(LARGEST), b""))

    return pull.blob(one.digest, one.size, take)


def _layers(pull: Pull, descriptors: list[Descriptor], ids: list[str]) -> tuple[Layer, ...]:
    """Layers of one blob share what is fetched of it."""
    sources = {one.digest: FetchedSource(pull, one) for one in descriptors}
    return tuple(
        Layer(diff_id, sources[one.digest], one.digest, one.media_type or None, one.size)
        for one, diff_id in zip(descriptors, ids, strict=True)
    )
