"""Blobs on their way out: of each the size and the digest are known, and its bytes can be had as often as one likes.

Nothing big is held in memory. A layer that has to be compressed is put down on disk once; one that has to be unpacked
is read twice, for a tar wants to know a member's length before its first byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from jettison.core.errors import ImageError
from jettison.image.blob import Blob
from jettison.image.compression import compression_of
from jettison.image.gzip_blocks import gzipped
from jettison.image.model import Layer
from jettison.image.readable import Readable
from jettison.image.spool import spool

Report = Callable[[int], object]  # told how many bytes more have passed

_CHUNK = 2**18  # bytes
LAYER = "application/vnd.oci.image.layer.v1.tar"
_SUFFIXES = {None: "", "gzip": "+gzip", "zstd": "+zstd"}


@dataclass(frozen=True)
class Parcel:
    """A blob to be written. `pieces` makes its bytes anew each time; `checked` is how to take them."""

    digest: str
    size: int
    media_type: str
    pieces: Callable[[], Iterator[bytes]]

    def checked(self, report: Report | None = None) -> Iterator[bytes]:
        """The bytes, which are held against size and digest as they pass. Raises ImageError at the end."""
        state = hashlib.new(self.digest.partition(":")[0])
        size = 0
        for piece in self.pieces():
            state.update(piece)
            size += len(piece)
            if size > self.size:
                break
            if report is not None:
                report(len(piece))
            yield piece
        found = f"{state.name}:{state.hexdigest()}"
        if size != self.size or found != self.digest:
            raise ImageError(
                f"the bytes of {self.digest} are not what their digest says: {found}",
                hint="the image is damaged, or somebody changed it meanwhile: pull or save it again",
            )

    def descriptor(self) -> dict[str, str | int]:
        """What a manifest says of it."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


def of_bytes(data: bytes, media_type: str) -> Parcel:
    """A document."""
    return Parcel(digest_of(data), len(data), media_type, lambda: iter((data,)))


def digest_of(data: bytes) -> str:
    """Its SHA-256, as descriptors spell it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def stored(layer: Layer, digest: str, size: int, media_type: str) -> Parcel:
    """A layer's blob as its source has it, whatever that is; fetched when its bytes are asked for."""

    def pieces() -> Iterator[bytes]:
        blob = layer.source.as_stored()
        return _of_blob(blob) if blob is not None else layer.source.tar()

    return Parcel(digest, size, media_type, pieces)


def packed(layer: Layer, report: Report | None = None) -> Parcel:
    """The layer as registries hold it: its blob where that is compressed, else a gzip of its tar.

    Raises ImageError where its bytes are not what its diff ID says, DiskError.
    """
    blob = layer.source.as_stored()
    how = compression_of(blob.head(6)) if blob is not None else None
    if blob is not None and how is not None:
        digest = layer.digest
        if digest is None:  # an archive that names it otherwise: nothing but the diff ID vouches for it
            for _ in _held_against(layer, report):
                pass
            digest = _hashed(_of_blob(blob))[0]
        return Parcel(digest, blob.size, LAYER + _SUFFIXES[how], lambda: _of_blob(blob))
    made = spool(_Stream(gzipped(_held_against(layer, report))))
    return Parcel(_hashed(_of_blob(made))[0], made.size, f"{LAYER}+gzip", lambda: _of_blob(made))


def tar(layer: Layer, report: Report | None = None) -> Parcel:
    """The layer's own uncompressed tar, read once for its length. Raises ImageError where it is not its diff ID's."""
    blob = layer.source.as_stored()
    if blob is not None and compression_of(blob.head(6)) is None:
        return Parcel(layer.diff_id, blob.size, LAYER, lambda: _of_blob(blob))
    size = sum(map(len, _held_against(layer, report)))
    return Parcel(layer.diff_id, size, LAYER, layer.source.tar)


def _held_against(layer: Layer, report: Report | None) -> Iterator[bytes]:
    """The layer's tar. Raises ImageError at its end where it is not its diff ID's."""
    state = hashlib.new(layer.diff_id.partition(":")[0])
    for piece in layer.source.tar():
        state.update(piece)
        if report is not None:
            report(len(piece))
        yield piece
    found = f"{state.name}:{state.hexdigest()}"
    if found != layer.diff_id:
        raise ImageError(
            f"a layer's tar is not what the config says: {layer.diff_id} is {found}",
            hint="the image is damaged: pull or save it again",
        )


def _hashed(pieces: Iterable[bytes]) -> tuple[str, int]:
    state, size = hashlib.sha256(), 0
    for piece in pieces:
        state.update(piece)
        size += len(piece)
    return f"sha256:{state.hexdigest()}", size


def _of_blob(blob: Blob) -> Iterator[bytes]:
    with blob.open() as stream:
        while data := stream.read(_CHUNK):
            yield data


class _Stream(Readable):
    """Pieces as a stream; a read gives the next one, whatever count is asked."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, count: int | None = -1) -> bytes:
        return next((piece for piece in self._pieces if piece), b"")
