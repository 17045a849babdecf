"""docker-archive and oci-archive, written: one tar, always the same bytes for the same image.

Source: moby `image/spec/spec.md` v1.2 (manifest.json), containers/image `docker/internal/tarfile` (names of members);
OCI image-spec v1.1 `image-layout.md`. Nothing stands at the file's place before all of it was written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from jettison.core.errors import UsageError
from jettison.core.state import disk_errors
from jettison.core.whole_file import whole_file
from jettison.image import parcel, tar_write
from jettison.image.blob import is_there
from jettison.image.model import Entry, Image, Kind
from jettison.image.parcel import Parcel, Report
from jettison.image.shipment import config_of, shipment_of
from jettison.image.transports import layout_index
from jettison.image.transports.archive import familiar
from jettison.image.transports.indexes import path_of
from jettison.image.transports.layout_index import LAYOUT
from jettison.registry import names

_HELD = 2**18  # bytes that go out in one piece


def write_docker(image: Image, where: str, report: Report | None = None) -> str:
    """The image in `FILE[:NAME:TAG]`, in the place of what is there; its digest is the config's, the image's id.

    `-` is standard output.

    Raises UsageError, ImageError, DiskError.
    """
    file, name = split_new(where)
    pieces = docker_pieces(image, (tag_of(name),) if name else (), report)
    _put(file, pieces)
    return parcel.digest_of(config_of(image))


def write_oci(image: Image, where: str, report: Report | None = None) -> str:
    """The image in `FILE[:TAG]`, in the place of what is there; its digest.

    Raises UsageError, ImageError, DiskError.
    """
    file, name = split_new(where)
    layout_index.check_name(name)
    shipment = shipment_of(image, report)
    index = layout_index.with_image(None, layout_index.row_of(image, shipment, name))
    documents = {"oci-layout": parcel.of_bytes(LAYOUT, ""), "index.json": parcel.of_bytes(index, "")}
    blobs = {path_of(each.digest, "a blob"): each for each in (*shipment.blobs, shipment.manifest)}
    _put(file, _archive(documents | blobs, report))
    return shipment.manifest.digest


def docker_pieces(image: Image, tags: tuple[str, ...], report: Report | None = None) -> Iterator[bytes]:
    """A `docker save`: plain layers by their diff IDs, each once. Raises ImageError."""
    data = config_of(image)
    config = f"{parcel.digest_of(data).partition(':')[2]}.json"
    layers = {layer.diff_id: layer for layer in image.layers}
    row = {"Config": config, "RepoTags": list(tags) or None, "Layers": [_name(layer.diff_id) for layer in image.layers]}
    members = {_name(diff_id): parcel.tar(layer, report) for diff_id, layer in layers.items()}
    members[config] = parcel.of_bytes(data, "")
    members["manifest.json"] = parcel.of_bytes(json.dumps([row], separators=(",", ":")).encode(), "")
    return _archive(members, report)


def tag_of(name: str) -> str:
    """A name as Docker shows it, with its tag. Raises UsageError where it is no name, or names a digest."""
    parsed = names.parse(name)
    if parsed.digest:
        raise UsageError(f"'{name}' names a digest", hint="give it a tag: NAME:TAG")
    return familiar(str(parsed))


def split_new(where: str) -> tuple[Path, str]:
    """A path that may not be there yet, and what stands behind its colon.

    Where no beginning of it is there, the first colon ends the path, as containers/image has it.
    """
    at = where.find(":")
    while at >= 0:
        if at and is_there(Path(where[:at])):
            return Path(where[:at]), where[at + 1 :]
        at = where.find(":", at + 1)
    if is_there(Path(where)):
        return Path(where), ""
    path, _, name = where.partition(":")
    if not path:
        raise UsageError(f"'{where}' names no file", hint="write TRANSPORT:FILE, or TRANSPORT:FILE:NAME")
    return Path(path), name


def _name(diff_id: str) -> str:
    return f"{diff_id.partition(':')[2]}.tar"


def _archive(members: dict[str, Parcel], report: Report | None) -> Iterator[bytes]:
    """A tar of regular files, in this order, of no time and nobody's."""
    for name, each in members.items():
        yield tar_write.header(Entry(name.encode(), Kind.FILE, 0o644, 0, 0, 0, each.size, b"", 0, (0, 0), ()))
        yield from each.checked(report)
        yield tar_write.padding(each.size)
    yield tar_write.END


def _put(file: Path, pieces: Iterable[bytes]) -> None:
    file = Path("/dev/stdout") if file == Path("-") else file
    with disk_errors("write", file), whole_file(file) as stream:
        for piece in together(pieces):
            stream.write(piece)


def together(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Small pieces joined with what follows them."""
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) >= _HELD:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)
