"""Which image of an index is meant: by name, by digest, by platform.

Source: OCI image-spec v1.1 `image-index.md`, `annotations.md`; Docker "Image Manifest V 2, Schema 2"; BuildKit
`docs/attestations/attestation-storage.md`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from jettison.core.errors import ImageError
from jettison.core.platform import Platform, host
from jettison.image.blob import Blob
from jettison.image.transports.documents import (
    AGAIN,
    Files,
    digest_parts,
    mapping,
    parse_json,
    read_json,
    read_small,
    sequence,
)

INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
DEEPEST = 8  # indexes in indexes
MOST = 10_000  # images in one layout
_NAMES = ("org.opencontainers.image.ref.name", "io.containerd.image.name")


@dataclass(frozen=True)
class Descriptor:
    """What an index or a manifest says of a blob."""

    digest: str
    size: int
    media_type: str
    platform: Platform | None
    names: tuple[str, ...]
    attestation: bool


def descriptor(value: Any, what: str) -> Descriptor:
    """The descriptor that a JSON value is. Raises ImageError."""
    fields = mapping(value, what)
    digest_parts(fields.get("digest"), what)
    size, media_type = fields.get("size"), fields.get("mediaType") or ""
    if not isinstance(size, int) or isinstance(size, bool) or size < 0 or not isinstance(media_type, str):
        raise ImageError(f"{what} has no usable size or media type", hint=AGAIN)
    notes = mapping(fields.get("annotations") or {}, f"annotations of {what}")
    return Descriptor(
        fields["digest"],
        size,
        media_type,
        platform_of(fields.get("platform")),
        tuple(str(notes[key]) for key in _NAMES if key in notes),
        notes.get("vnd.docker.reference.type") == "attestation-manifest",
    )


def platform_of(value: Any) -> Platform | None:
    """The platform of a descriptor or a config; None where it tells none."""
    if not isinstance(value, dict):
        return None
    parts = [value.get(key) or "" for key in ("os", "architecture", "variant")]
    if not all(isinstance(part, str) for part in parts) or not parts[0] or parts[0] == "unknown":
        return None
    return Platform(*parts)


def blob_of(files: Files, one: Descriptor, what: str) -> Blob:
    """The blob of a descriptor, of the size it tells. Raises ImageError."""
    blob = files(path_of(one.digest, what))
    if blob is None:
        raise ImageError(f"{what} {one.digest} is missing", hint=AGAIN)
    if blob.size != one.size:
        raise ImageError(f"{what} {one.digest} has {blob.size} bytes, and should have {one.size}", hint=AGAIN)
    return blob


def path_of(digest: str, what: str) -> str:
    """Where a layout keeps that blob."""
    algorithm, value = digest_parts(digest, what)
    return f"blobs/{algorithm}/{value}"


def choose(files: Files, name: str, platform: Platform | None) -> tuple[Descriptor, tuple[str, ...]]:
    """The manifest that is meant, and the platforms of the others beside it. Raises ImageError.

    `name` is a tag, a full name, `@INDEX` or `@sha256:...`; without one there must be only one. Without a platform
    it is linux on this machine's architecture, unless there is only one.
    """
    top = files("index.json")
    if top is None:
        raise ImageError("this is no OCI layout: it has no index.json", hint="give the directory that holds index.json")
    descriptors = descriptors_of(read_json(top, "index.json"), "index.json")
    return choose_among(files, _named(descriptors, name), platform)


def choose_among(
    files: Files, named: Iterable[Descriptor], platform: Platform | None
) -> tuple[Descriptor, tuple[str, ...]]:
    """The same of descriptors of manifests and indexes, of which one name may stand for several."""
    seen: set[str] = set()
    found = [each for one in named for each in _manifests(files, one, seen, DEEPEST)]
    present = [each for each in found if files(path_of(each.digest, "a manifest")) is not None]
    if not present:
        what = "manifest " + found[0].digest if found else "manifest of a container image"
        raise ImageError(
            f"this layout holds no {what}", hint="pull or save it again, with --platform if it has several"
        )
    return _for_platform(files, present, platform)


def descriptors_of(value: Any, what: str) -> list[Descriptor]:
    """What an index lists. Raises ImageError."""
    rows = sequence(mapping(value, what).get("manifests"), f"manifests of {what}")
    if len(rows) > MOST:
        raise ImageError(f"{what} lists {len(rows)} images", hint=AGAIN)
    return [descriptor(row, f"an entry of {what}") for row in rows]


def _named(descriptors: list[Descriptor], name: str) -> list[Descriptor]:
    """What the name means; without one all that could be meant, if they go by no more than one name."""
    usable = [one for one in descriptors if not one.attestation]
    if name.startswith("@"):
        counted = name[1:].isdecimal() and len(name) < 10 and int(name[1:]) < len(descriptors)
        found = [descriptors[int(name[1:])]] if counted else [one for one in descriptors if one.digest == name[1:]]
        if found and all(one.attestation for one in found):
            raise ImageError(
                f"{name} is an attestation (provenance or a bill of materials), no container image",
                hint="give the image that it speaks of",
            )
        if counted:
            return found
    elif name:
        found = [one for one in usable if name in one.names]
        found = found or [one for one in usable if any(each.endswith((f":{name}", f"/{name}")) for each in one.names)]
    else:
        found = usable
    names = sorted({one.names[0] for one in usable if one.names})
    listing = ", ".join(names[:20] or [f"@{one.digest}" for one in usable[:20]]) or "nothing"
    if not found:
        raise ImageError(f"there is no image {name or 'in this layout'}", hint=f"it has {listing}")
    if len({one.digest for one in found}) > 1 and len({one.names for one in found}) > 1:
        raise ImageError(f"this layout holds {len(found)} images", hint=f"say which, as PATH:NAME; it has {listing}")
    return found


def _manifests(files: Files, one: Descriptor, seen: set[str], depth: int) -> Iterator[Descriptor]:
    """The manifests that a descriptor leads to, each once, through indexes in indexes."""
    if one.digest in seen or one.attestation:
        return
    seen.add(one.digest)
    if one.media_type not in INDEXES and not (one.media_type == "" and _is_index(files, one)):
        yield one
        return
    if not depth or len(seen) > MOST:
        raise ImageError("indexes in indexes without end", hint=AGAIN)
    value = read_json(blob_of(files, one, "index"), f"index {one.digest}", one.digest)
    for each in descriptors_of(value, f"index {one.digest}"):
        yield from _manifests(files, each, seen, depth - 1)


def _is_index(files: Files, one: Descriptor) -> bool:
    return "manifests" in mapping(read_json(blob_of(files, one, "blob"), one.digest, one.digest), one.digest)


def _for_platform(
    files: Files, found: list[Descriptor], platform: Platform | None
) -> tuple[Descriptor, tuple[str, ...]]:
    if len(found) == 1 and platform is None:
        return found[0], ()
    known: dict[str, Platform | None] = {}
    return fitting([(one, one.platform or _told_by_config(files, one, known)) for one in found], platform)


def fitting(
    platforms: list[tuple[Descriptor, Platform | None]], platform: Platform | None
) -> tuple[Descriptor, tuple[str, ...]]:
    """The manifest for a platform, this machine's where none is told, and the platforms of the others.

    Raises ImageError.
    """
    wanted = platform or host()
    taken = [(one, each) for one, each in platforms if each is not None and each.fits(wanted)]
    others = sorted({str(each) for _, each in platforms if each is not None})
    if not taken:
        raise ImageError(
            f"there is no image for {wanted}", hint=f"there is {', '.join(others) or 'none that says its own'}"
        )
    exact = [one for one, each in taken if each == wanted] or [one for one, each in taken if not each.variant]
    chosen = exact or [one for one, _ in taken]
    if len({one.digest for one in chosen}) > 1:
        listing = ", ".join(f"@{one.digest}" for one in chosen[:5])
        raise ImageError(f"there are {len(chosen)} images for {wanted}", hint=f"say which: {listing}")
    return chosen[0], tuple(str(each) for one, each in platforms if each is not None and one.digest != chosen[0].digest)


def _told_by_config(files: Files, one: Descriptor, known: dict[str, Platform | None]) -> Platform | None:
    """`known` has what configs were found to tell, by digest: manifests may share one."""
    data = read_small(blob_of(files, one, "manifest"), f"manifest {one.digest}", one.digest)
    value = mapping(parse_json(data, f"manifest {one.digest}"), f"manifest {one.digest}").get("config")
    if value is None:
        return None
    config = descriptor(value, "a config's descriptor")
    if config.digest not in known:
        told = read_json(blob_of(files, config, "config"), "the config", config.digest)
        known[config.digest] = platform_of(told)
    return known[config.digest]
