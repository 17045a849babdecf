"""containerd: the store of nerdctl, Kubernetes' nodes and ctr, read in place while containerd runs or not.

Source: containerd `core/metadata/buckets.go` (names and targets in meta.db), `plugins/content/local` (blobs),
`plugins/snapshots/overlay` and `core/snapshots/storage/bolt.go` (unpacked layers, by chain ID), and
`docs/ops.md` for the places. Nodes of Kubernetes may throw the blobs of layers away when they are unpacked
(`discard_unpacked_layers`): those are read from their snapshots.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jettison.core.errors import ImageError
from jettison.core.platform import Platform
from jettison.core.reference import Reference, Transport
from jettison.image.blob import Blob, found
from jettison.image.directory import CachedSource
from jettison.image.layer_blob import BlobSource
from jettison.image.model import Documents, Image, Layer
from jettison.image.transports import config as image_config
from jettison.image.transports import manifest as image_manifest
from jettison.image.transports.bolt import Database
from jettison.image.transports.config import chain_id
from jettison.image.transports.documents import digest_parts, parse_json, read_small
from jettison.image.transports.indexes import Descriptor, blob_of, choose_among
from jettison.image.transports.storage import names_for

_CONTENT = "io.containerd.content.v1.content"
_META = "io.containerd.metadata.v1.bolt/meta.db"
_SNAPSHOTS = "io.containerd.snapshotter.v1.overlayfs"
_TRIES = 5  # reads of a database that is written to


@dataclass(frozen=True)
class Named:
    """A name in a namespace, and what it stands for."""

    namespace: str
    name: str
    target: Descriptor


def stores() -> list[Path]:
    """containerd's root directories that there are: its configuration's, the usual ones, Docker's own."""
    home = Path(os.environ.get("HOME", "/root"))
    usual = [Path("/var/lib/containerd"), home / ".local/share/containerd", Path("/var/lib/docker/containerd/daemon")]
    try:
        told = tomllib.loads(Path("/etc/containerd/config.toml").read_text(encoding="utf-8")).get("root")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        told = None
    candidates = [Path(told), *usual] if isinstance(told, str) and told else usual
    return [root for root in dict.fromkeys(candidates) if os.access(root, os.F_OK)]


def read(where: str, platform: Platform | None = None, root: Path | None = None) -> Image:
    """The image of that name or `@sha256:...`, of any namespace unless CONTAINERD_NAMESPACE says which.

    Raises ImageError.
    """
    root = root or next(iter(stores()), None)
    if root is None:
        raise ImageError("there is no containerd here", hint="save the image to an archive and give that")
    named = _find(_images(root), where, root)
    return image_of(root, named, platform, Reference(Transport.CONTAINERD, where))


def image_of(root: Path, named: Named, platform: Platform | None, reference: Reference) -> Image:
    """The image that a name stands for in a store. Raises ImageError."""
    files = _Files(root / _CONTENT)
    chosen, others = choose_among(files, [named.target], platform)
    what = f"manifest {chosen.digest}"
    written = read_small(blob_of(files, chosen, "manifest"), what, chosen.digest)
    manifest = parse_json(written, what)
    config_at, layers = image_manifest.parts(manifest, what)
    data = read_small(blob_of(files, config_at, "config"), "the config", config_at.digest)
    config, ids = image_config.checked(parse_json(data, "the config"), "the config", len(layers))
    snapshots = _Snapshots(root, named.namespace)
    return Image(
        reference=reference,
        digest=chosen.digest,
        config=config,
        layers=tuple(_layer(files, snapshots, one, ids[: at + 1]) for at, one in enumerate(layers)),
        config_size=len(data),
        other_platforms=others,
        documents=Documents(data, written, image_manifest.media_type(manifest, chosen.media_type)),
    )


class _Files:
    """The content store's blobs, by the paths that a layout has."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __call__(self, path: str) -> Blob | None:
        return found(self._root / path)


def _layer(files: _Files, snapshots: _Snapshots, one: Descriptor, ids: list[str]) -> Layer:
    """From its blob, which is verified as it is read; where that was thrown away, from its snapshot."""
    try:
        blob = blob_of(files, one, "layer")
    except ImageError as error:
        folder = snapshots.folder(ids)
        if folder is None:
            raise image_manifest.missing(one, error) from error
        return Layer(ids[-1], CachedSource(folder), one.digest, one.media_type or None)
    return Layer(ids[-1], BlobSource(blob, one.digest), one.digest, one.media_type or None, one.size)


class _Snapshots:
    """Unpacked layers of a namespace, of the overlay snapshotter."""

    def __init__(self, root: Path, namespace: str) -> None:
        self._root, self._namespace = root, namespace.encode()

    def folder(self, ids: list[str]) -> Path | None:
        """Where the topmost of these layers is unpacked; None where it is not, or by another snapshotter."""
        key = chain_id(ids).encode()
        database = self._root / _SNAPSHOTS / "metadata.db"
        if not os.access(database, os.F_OK):
            return None
        held = Database(self._root / _META).bucket(b"v1", self._namespace, b"snapshots", b"overlayfs", key)
        name = next((value for each, value, _ in held if each == b"name"), None)
        if name is None:
            return None
        found = {each: value for each, value, _ in Database(database).bucket(b"v1", b"snapshots", name)}
        folder = self._root / _SNAPSHOTS / "snapshots" / str(_unsigned(found.get(b"id", b""))) / "fs"
        return folder if folder.is_dir() else None


def _images(root: Path) -> list[Named]:
    """All names of all namespaces. Raises ImageError."""
    for _ in range(_TRIES):
        database = Database(root / _META)
        try:
            found = [
                each for namespace, _, inner in database.bucket(b"v1") if inner for each in _of(database, namespace)
            ]
        except ImageError:
            if database.unchanged():
                raise
            continue
        if database.unchanged():
            return found
    raise ImageError("containerd changes its database without a pause", hint="try again")


def _of(database: Database, namespace: bytes) -> Iterator[Named]:
    for name, _, inner in database.bucket(b"v1", namespace, b"images"):
        if inner:
            told = {key: value for key, value, _ in database.bucket(b"v1", namespace, b"images", name, b"target")}
            digest = told.get(b"digest", b"").decode("utf-8", "replace")
            digest_parts(digest, "an image of containerd")
            media_type = told.get(b"mediatype", b"").decode("utf-8", "replace")
            size = _unsigned(told.get(b"size", b"")) >> 1  # zigzag, as Go writes signed numbers
            spelled = name.decode("utf-8", "replace")
            yield Named(
                namespace.decode("utf-8", "replace"),
                spelled,
                Descriptor(digest, size, media_type, None, (spelled,), False),
            )


def _unsigned(data: bytes) -> int:
    """Go's variable-length number, seven bits a byte, the lowest first."""
    return sum((byte & 0x7F) << (7 * at) for at, byte in enumerate(data[:10]))


def _find(images: list[Named], where: str, root: Path) -> Named:
    """The image that is meant. Raises ImageError where none is, or where namespaces mean different ones."""
    namespace = os.environ.get("CONTAINERD_NAMESPACE")
    within = [each for each in images if not namespace or each.namespace == namespace]
    wanted = [where, *names_for(where)]
    found = [each for each in within if each.name in wanted or f"@{each.target.digest}" == where]
    if not found:
        listing = ", ".join(sorted({each.name for each in within})[:20]) or "no image at all"
        raise ImageError(f"containerd has no image {where}", hint=f"the store read is {root}; it has {listing}")
    best = min(found, key=lambda each: wanted.index(each.name) if each.name in wanted else 0)
    same = [each for each in found if each.name == best.name]
    if len({each.target.digest for each in same}) > 1:
        spaces = ", ".join(sorted(each.namespace for each in same))
        raise ImageError(f"{where} means different images in the namespaces {spaces}", hint="set CONTAINERD_NAMESPACE")
    return best
