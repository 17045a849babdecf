"""Compressed bytes shared out to payloads: an estimate, for a compressor looks back over what came before.

A layer's blob is a curve from plain to compressed positions: measured while it is read, or a straight line from its
beginning to its end where nobody measured. A payload costs the piece of the curve that it lies on, so that the parts
of a blob always add up to it; what lies between payloads (headers, padding) is the tar's own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, cast

from jettison.image.compression import decompress
from jettison.image.layer_blob import BlobSource
from jettison.image.model import Columns, Layer
from jettison.image.readable import Readable

_STEP = 2**16  # compressed bytes between two measurements


@dataclass(frozen=True)
class Curve:
    """`plain[i]` bytes of the tar had been read when `packed[i]` bytes of the blob were taken; both begin with 0."""

    plain: tuple[int, ...]
    packed: tuple[int, ...]
    measured: bool = False

    def at(self, position: int) -> int:
        """Compressed bytes up to a plain position, by the straight line between two measurements."""
        if position >= self.plain[-1]:
            return self.packed[-1]
        after = bisect_right(self.plain, position)
        left, right = self.plain[after - 1], self.plain[after]
        low, high = self.packed[after - 1], self.packed[after]
        return low + (high - low) * (position - left) // (right - left)

    def cost(self, columns: Columns, index: int) -> int:
        """Compressed bytes of a payload; by its size alone where the source keeps files, which have no position."""
        offset = columns.offsets[index]
        extents = columns.extents.get(index)
        stored = sum(length for _, length in extents) if extents else columns.sizes[index]
        if offset < 0:
            return self.packed[-1] * stored // self.plain[-1]
        return self.at(offset + stored) - self.at(offset)


def line(layer: Layer) -> Curve | None:
    """The straight line; None where no blob is stored here."""
    total = layer.unpacked + layer.columns.overhead
    if layer.transfer is None:
        return None
    return Curve((0, max(total, 1)), (0, layer.transfer))


def measure(layer: Layer) -> Curve | None:
    """The curve of a compressed layer, which is read through for it; its straight line where it is not compressed."""
    source = layer.source
    if layer.transfer is None or not isinstance(source, BlobSource) or source.compression is None:
        return line(layer)
    taken = _Taken(source.blob.open())
    plain, packed, at = [0], [0], 0
    with decompress(cast(BinaryIO, taken)) as stream:
        while data := stream.read(_STEP):
            at += len(data)
            if taken.most > packed[-1]:
                plain.append(at)
                packed.append(taken.most)
    if len(plain) == 1:
        return line(layer)
    plain[-1], packed[-1] = at, layer.transfer
    return Curve(tuple(plain), tuple(packed), measured=True)


class _Taken(Readable):
    """A blob read in small pieces; `most` is how far."""

    def __init__(self, blob: BinaryIO) -> None:
        self._blob, self.most = blob, 0

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._blob.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._blob.seek(offset, whence)

    def read(self, count: int | None = -1) -> bytes:
        data = self._blob.read(_STEP if count is None or count < 0 else min(count, _STEP))
        self.most = max(self.most, self._blob.tell())
        return data

    def close(self) -> None:
        if not self.closed:
            self._blob.close()
        super().close()


def total(curves: Iterable[Curve | None]) -> int | None:
    """Bytes of all blobs; None where one is not known."""
    ends = [curve.packed[-1] if curve else None for curve in curves]
    known = [each for each in ends if each is not None]
    return sum(known) if len(known) == len(ends) else None
