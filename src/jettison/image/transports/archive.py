"""docker-archive: what `docker save`, `podman save`, buildah, skopeo and kaniko write.

Source: moby `image/tarexport` and its `image/spec/spec.md` v1.2 (manifest.json; config and layers by their names),
containers/image `docker/internal/tarfile`. From Docker 25 on the same archive is an OCI layout as well; manifest.json
then names `blobs/sha256/...`, whose names are digests.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jettison.core.errors import ImageError
from jettison.core.reference import Reference, Transport
from jettison.image.layer_blob import BlobSource
from jettison.image.model import Documents, Image, Layer
from jettison.image.transports import config as image_config
from jettison.image.transports.documents import (
    AGAIN,
    mapping,
    parse_json,
    read_json,
    read_small,
    sequence,
    split_where,
    text,
)
from jettison.image.transports.members import Members, open_members

_SYSTEM = {b"etc", b"usr", b"bin", b"lib", b"var", b"dev", b"proc", b"sys"}  # of which an export has two
_BLOB = re.compile(r"blobs/(sha256|sha512)/([0-9a-f]+)")
_CONFIG = re.compile(r"(?:.*/)?(?:sha256:)?([0-9a-f]{64})(?:\.json)?")


def read(where: str) -> Image:
    """The image in `PATH`, `PATH:NAME:TAG`, `PATH:@INDEX` or `PATH:@sha256:ID`; or in `-`. Raises ImageError."""
    path, name = (Path("-"), "") if where == "-" else split_where(where)
    return image_of(open_members(path), name, Reference(Transport.DOCKER_ARCHIVE, where))


def image_of(members: Members, name: str, reference: Reference) -> Image:
    """The image of that name in an archive, the only one where no name is given. Raises ImageError."""
    blob = members("manifest.json")
    if blob is None:
        raise _no_manifest(members)
    rows = sequence(read_json(blob, "manifest.json"), "manifest.json")
    row = _choose([mapping(each, "an image in manifest.json") for each in rows], name, members.where)
    config_name = text(row.get("Config"), "Config in manifest.json")
    data = read_small(_member(members, config_name), "the config", _digest_in(config_name))
    names = [text(each, "a layer's name in manifest.json") for each in sequence(row.get("Layers"), "Layers")]
    config, ids = image_config.checked(parse_json(data, "the config"), "the config", len(names))
    sources = row.get("LayerSources")
    told = sources if isinstance(sources, dict) else {}
    return Image(
        reference=reference,
        digest=_digest_in(config_name) or _hash(data),
        config=config,
        layers=tuple(_layer(members, layer, diff_id, told) for layer, diff_id in zip(names, ids, strict=True)),
        config_size=len(data),
        documents=Documents(data),
    )


def _layer(members: Members, name: str, diff_id: str, told: dict[str, Any]) -> Layer:
    """`transfer` only where the blob is compressed, as a registry would hold it."""
    match = _BLOB.fullmatch(name)
    digest = f"{match[1]}:{match[2]}" if match else None
    source = BlobSource(_member(members, name), digest)
    descriptor = told.get(diff_id)
    media_type = descriptor.get("mediaType") if isinstance(descriptor, dict) else None
    return Layer(
        diff_id,
        source,
        digest=digest,
        media_type=media_type if isinstance(media_type, str) else None,
        transfer=source.blob.size if source.compression else None,
    )


def _member(members: Members, name: str) -> Any:
    blob = members(name)
    if blob is None:
        raise ImageError(f"{members.where} names {name!r} and does not hold it", hint=AGAIN)
    return blob


def _digest_in(name: str) -> str | None:
    """The digest that a config's file name is."""
    match = _BLOB.fullmatch(name)
    if match:
        return f"{match[1]}:{match[2]}"
    match = _CONFIG.fullmatch(name)
    return f"sha256:{match[1]}" if match else None


def _hash(data: bytes) -> str:
    import hashlib

    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _choose(rows: list[dict[str, Any]], name: str, where: str) -> dict[str, Any]:
    """The row that is meant: by index, by name, or the only one. Raises ImageError."""
    if name.startswith("@sha256:"):
        found = [row for row in rows if _digest_in(str(row.get("Config"))) == name[1:]]
        if not found:
            raise ImageError(
                f"{where} has no image {name}", hint="it is the digest of a config, which `docker images` calls the id"
            )
        return found[0]
    if name.startswith("@"):
        number = int(name[1:]) if name[1:].isdecimal() and len(name) < 10 else -1
        if not 0 <= number < len(rows):
            raise ImageError(f"{where} has no image {name}", hint=f"it has {len(rows)}, counted from @0")
        return rows[number]
    found = [row for row in rows if not name or familiar(name) in {familiar(tag) for tag in _tags(row)}]
    if len({str(row.get("Config")) for row in found}) == 1:
        return found[0]
    names = [tag for row in rows for tag in _tags(row)] + [f"@{at}" for at, row in enumerate(rows) if not _tags(row)]
    listing = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    if not rows:
        raise ImageError(f"{where} holds no image", hint="save one into it")
    if not found:
        raise ImageError(f"{where} has no image {name}", hint=f"it has {listing}")
    raise ImageError(f"{where} holds {len(found)} images", hint=f"say which, as PATH:NAME; it has {listing}")


def _tags(row: dict[str, Any]) -> list[str]:
    return [text(tag, "a name in manifest.json") for tag in sequence(row.get("RepoTags"), "RepoTags")]


def familiar(name: str) -> str:
    """A name as people write it, with its tag: Docker and podman complete names in their own ways."""
    for prefix in ("docker.io/library/", "docker.io/", "localhost/"):
        name = name.removeprefix(prefix)
    return name if ":" in name.rpartition("/")[2] or "@" in name else f"{name}:latest"


def _no_manifest(members: Members) -> ImageError:
    if not members.columns.paths:
        return ImageError(f"{members.where} is empty", hint="was it written to its end? use `docker save IMAGE`")
    tops = {path.partition(b"/")[0] for path in members.columns.paths}
    if b"repositories" in tops:
        return ImageError(
            f"{members.where} is of the first format (Docker before 1.10), which tells no diff IDs",
            hint="load it with `docker load` and save it again",
        )
    if b"index.json" in tops:
        return ImageError(f"{members.where} is an OCI archive", hint=f"write oci-archive:{members.where}")
    if any(path.endswith(b"/Chart.yaml") and path.count(b"/") == 1 for path in members.columns.paths):
        return ImageError(
            f"{members.where} is a Helm chart, no container image",
            hint="give an image that its templates name (`helm template CHART`)",
        )
    if b".dockerenv" in tops or len(tops & _SYSTEM) >= 2:
        return ImageError(
            f"{members.where} holds a file system, as `docker export` writes it: its layers and history are gone",
            hint="use `docker save IMAGE`, or make an image of it with `docker import`",
        )
    return ImageError(f"{members.where} is no image archive: it has no manifest.json", hint="use `docker save IMAGE`")
