"""oci, written: an image added to a layout, which is made where there is none.

Source: OCI image-spec v1.1 `image-layout.md`. A blob gets its name when it is whole, and index.json names the image
when all its blobs are there, so readers never see half of it. Writers share a lock on the layout's folder, and hold it
alone while they change the index. What a failed one has left is removed, unless another may use it by now.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from jettison.core.errors import ImageError
from jettison.core.state import disk_errors
from jettison.core.whole_file import unfinished
from jettison.image.blob import whole
from jettison.image.model import Image
from jettison.image.parcel import Parcel, Report
from jettison.image.shipment import Shipment, shipment_of
from jettison.image.transports import layout_index
from jettison.image.transports.archive_write import split_new
from jettison.image.transports.documents import LARGEST, mapping, read_json, sequence
from jettison.image.transports.indexes import path_of

_CHUNK = 2**20


def write(image: Image, where: str, report: Report | None = None) -> str:
    """The image in `DIRECTORY[:TAG]`, beside those that are there; its digest.

    Raises UsageError, ImageError, DiskError; then the layout is as it was.
    """
    root, name = split_new(where)
    layout_index.check_name(name)
    if root.exists() and not root.is_dir():
        raise ImageError(f"{root} is a file", hint="give a directory, or write oci-archive:FILE")
    if root.is_dir() and not (root / "index.json").is_file() and not _is_empty(root):
        raise ImageError(f"{root} has files and no OCI layout", hint="give a directory that is empty, or a layout")
    shipment = shipment_of(image, report)
    row = layout_index.row_of(image, shipment, name)
    with disk_errors("write", root):
        made: list[Path] = []
        try:
            _make(root, {path_of(each.digest, "a blob") for each in (*shipment.blobs, shipment.manifest)}, made)
            _add(root, shipment, row, report)
        except BaseException:
            for folder in reversed(made):
                with suppress(OSError):  # another writer uses it
                    folder.rmdir()
            raise
    return shipment.manifest.digest


def _is_empty(root: Path) -> bool:
    """Nothing but what other writers make of a layout before its index."""
    return {each.name for each in root.iterdir()} <= {"blobs", "oci-layout"}


def _make(root: Path, paths: set[str], made: list[Path]) -> None:
    """Make the folders that are not there, from the top; each is in `made` before it is, for a signal may come."""
    for folder in sorted({parent for path in paths for parent in (root / path).parents}):
        if not folder.exists():
            made.append(folder)
            with suppress(FileExistsError):  # another writer was faster, and may need it: it is removed while empty
                folder.mkdir()


def _add(root: Path, shipment: Shipment, row: dict[str, Any], report: Report | None) -> None:
    placed: list[Path] = []
    with _locked(root) as folder:
        try:
            for each in (*shipment.blobs, shipment.manifest):
                path = root / path_of(each.digest, "a blob")
                if not _is_there(path, each):
                    _place(each, path, report)
                    placed.append(path)
            _lock(folder, fcntl.LOCK_EX)
            _enter(root, shipment, row, placed)
        except BaseException:
            _withdraw(root, placed, folder)
            raise


@contextmanager
def _locked(root: Path) -> Iterator[int]:
    """The layout's folder, its lock shared with other writers."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _lock(folder, fcntl.LOCK_SH)
        yield folder
    finally:
        os.close(folder)


def _lock(folder: int, how: int) -> None:
    """Wait for the lock; a file system that locks no folders (NFS) leaves writers to themselves. Raises OSError."""
    try:
        fcntl.flock(folder, how)
    except OSError as error:
        if error.errno not in (errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.EOPNOTSUPP):
            raise


def _is_there(path: Path, each: Parcel) -> bool:
    """Whether the layout has this blob, and has it whole."""
    if not path.is_file() or path.stat().st_size != each.size:
        return False
    state = hashlib.new(each.digest.partition(":")[0])
    with path.open("rb") as stream:
        while data := stream.read(_CHUNK):
            state.update(data)
    return f"{state.name}:{state.hexdigest()}" == each.digest


def _place(each: Parcel, path: Path, report: Report | None) -> None:
    with unfinished(path.parent) as file:
        for piece in each.checked(report):
            file.stream.write(piece)
        file.stand_at(path)


def _enter(root: Path, shipment: Shipment, row: dict[str, Any], placed: list[Path]) -> None:
    """Name the image in the index, which nobody else changes meanwhile. Raises ImageError."""
    for each in (*shipment.blobs, shipment.manifest):
        if not (root / path_of(each.digest, "a blob")).is_file():
            raise ImageError(f"somebody removed {each.digest} from {root} meanwhile", hint="try again")
    index = root / "index.json"
    data = layout_index.with_image(read_json(whole(index), "index.json") if index.is_file() else None, row)
    if len(data) > LARGEST:
        raise ImageError(f"{index} has no room for another image", hint="write it to a layout of its own")
    for path, content in ((root / "oci-layout", layout_index.LAYOUT), (index, data)):
        if path == index or not path.exists():
            with unfinished(root) as file:
                file.stream.write(content)
                file.stand_at(path)
                placed.append(path)


def _withdraw(root: Path, placed: list[Path], folder: int) -> None:
    """Remove what was placed and no image of the index names; nothing while others are writing."""
    with suppress(OSError, ImageError):
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        index = root / "index.json"
        named = set(_named(root, read_json(whole(index), "index.json"))) if index.is_file() else set()
        for path in placed:
            if path not in named and (not index.is_file() or path.parent != root):
                path.unlink(missing_ok=True)


def _named(root: Path, value: Any) -> Iterator[Path]:
    """The blobs that an index or a manifest leads to, itself left out. Raises ImageError."""
    told = mapping(value, "an index")
    for each in sequence(told.get("manifests"), "manifests"):
        path = _path(root, each)
        yield path
        if path.is_file():
            yield from _named(root, read_json(whole(path), str(path)))
    if "layers" in told:
        for each in (*sequence(told["layers"], "layers"), told.get("config")):
            yield _path(root, each)


def _path(root: Path, row: Any) -> Path:
    """Of the blob that a descriptor names."""
    return root / path_of(mapping(row, "a descriptor").get("digest", ""), "a blob")
