"""A layer held against its specification: its digests, its packing, and the members of its tar as they stand there.

Source: OCI image-spec v1.1 `layer.md` ("Distributable Format", "Whiteouts"), `media-types.md`, `config.md` ("Layer
DiffID"). The members are looked at by Python's tarfile, which is not what jettison reads images with.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator
from typing import Any

from jettison.core.errors import ImageError
from jettison.core.escape import show_path
from jettison.image.blob import Blob
from jettison.image.compression import compression_of
from jettison.image.model import Kind, Layer
from jettison.image.validate_config import Fault

_MOST = 20  # faults of one kind in one layer
_OPAQUE, _WHITEOUT, _RESERVED = ".wh..wh..opq", ".wh.", ".wh..wh."


def packing(where: str, layer: Layer, blob: Blob) -> Iterator[Fault]:
    """Whether a blob is compressed as its media type says."""
    told = layer.media_type
    if not told or not told.startswith("application/vnd."):
        return
    found = compression_of(blob.head(6))
    said = next((how for how in ("gzip", "zstd") if told.endswith((f"+{how}", f".{how}"))), None)
    if found != said:
        yield Fault(where, f"it is {found or 'not compressed'}, and its media type says {told}", "media-types.md")


def faults(where: str, layer: Layer) -> Iterator[Fault]:
    """Whether the tar is the diff ID's, is one, holds no path twice, and only names and whiteouts that are allowed."""
    try:
        pieces = layer.source.tar()
        state = hashlib.new(layer.diff_id.partition(":")[0])
        told = list(_members(where, _Hashed(pieces, state)))
    except ImageError as error:
        yield Fault(where, error.message, "layer.md, Distributable Format", broken=True)
        return
    found = f"{state.name}:{state.hexdigest()}"
    if found != layer.diff_id:
        yield Fault(where, f"its tar is {found}, and the config says {layer.diff_id}", "config.md, Layer DiffID")
    yield from told
    try:
        columns = layer.columns
    except ImageError as error:
        yield Fault(where, error.message, "layer.md, Distributable Format", broken=True)
        return
    seen: set[tuple[bytes, bool]] = set()
    twice: list[bytes] = []
    for path, kind in zip(columns.paths, columns.kinds, strict=True):
        if kind == Kind.OPAQUE:
            continue
        key = (path, kind == Kind.WHITEOUT)
        twice += [path] if key in seen and len(twice) < _MOST else []
        seen.add(key)
    for path in twice:
        yield Fault(where, f"it holds /{show_path(path)} twice", "layer.md, Distributable Format")
    if columns.extents:
        count = len(columns.extents)
        yield Fault(where, f"it holds {count} sparse files", "layer.md, File Attributes", must=False)


class _Hashed:
    """A tar's pieces as a stream that tarfile reads, hashed on the way."""

    def __init__(self, pieces: Iterator[bytes], state: Any) -> None:
        self._pieces, self._state, self._held = pieces, state, b""

    def read(self, count: int) -> bytes:
        """So many of the next bytes; fewer at the end only."""
        taken = [self._held]
        left = count - len(self._held)
        while left > 0 and (piece := next(self._pieces, b"")):
            self._state.update(piece)
            taken.append(piece)
            left -= len(piece)
        data = b"".join(taken)
        self._held = data[count:]
        return data[:count]

    def drain(self) -> None:
        """Pass over what is left."""
        for piece in self._pieces:
            self._state.update(piece)


def _members(where: str, stream: _Hashed) -> Iterator[Fault]:
    """What is wrong with names and whiteouts; a tar that tarfile cannot read is judged by the walker alone."""
    count: dict[str, int] = {}
    try:
        with tarfile.open(fileobj=stream, mode="r|", errors="surrogateescape") as archive:  # type: ignore[call-overload]
            while (member := archive.next()) is not None:
                archive.members.clear()  # there may be millions
                for fault in _member(where, member):
                    count[fault.section] = count.get(fault.section, 0) + 1
                    if count[fault.section] <= _MOST:
                        yield fault
    except (tarfile.TarError, ValueError, OverflowError, RecursionError):
        pass
    stream.drain()


def _member(where: str, member: tarfile.TarInfo) -> Iterator[Fault]:
    name = member.name
    shown = show_path(name.encode("utf-8", "surrogateescape"))
    parts = name.split("/")
    if name.startswith("/") or ".." in parts:
        yield Fault(where, f"the name {shown} does not stay below the root", "layer.md, Creating", must=False)
    *above, last = parts
    reserved = last.startswith(_RESERVED) and last != _OPAQUE
    if reserved or any(each.startswith(_WHITEOUT) for each in above):
        yield Fault(where, f"{shown} is no file and no whiteout", "layer.md, Whiteouts")
    elif last.startswith(_WHITEOUT) and (not member.isreg() or member.size):
        yield Fault(where, f"the whiteout {shown} is not an empty file", "layer.md, Whiteouts")
