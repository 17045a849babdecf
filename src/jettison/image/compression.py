"""Layer blobs opened for what their first bytes say they are: gzip, zstd or plain.

Source: RFC 1952 (gzip, several members one after another), RFC 8878 (zstd, several and skippable frames).
Media types are not asked: they have been seen to lie.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Buffer, Callable
from typing import BinaryIO, cast

import zstandard
from isal import igzip, isal_zlib

from jettison.core.errors import ImageError

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = tuple(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))
_BROKEN = (EOFError, zlib.error, isal_zlib.IsalError, zstandard.ZstdError, igzip.BadGzipFile)
_LARGEST_WINDOW = 2**27  # what zstd itself takes without --long; bounds the memory a blob can ask for


def compression_of(head: bytes) -> str | None:
    """`gzip`, `zstd`, or None for plain bytes; needs the first 4."""
    if head.startswith(_GZIP):
        return "gzip"
    if head.startswith((_ZSTD, *_SKIPPABLE)):
        return "zstd"
    return None


class Decompressed(io.RawIOBase):
    """The plain bytes of a compressed blob, forward only; broken data raises ImageError."""

    def __init__(self, plain: BinaryIO, blob: BinaryIO) -> None:
        self._plain, self._blob = plain, blob

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        return self._guard(lambda: cast(io.RawIOBase, self._plain).readinto(buffer) or 0)

    def read(self, size: int = -1) -> bytes:
        return self._guard(lambda: self._plain.read(size))

    def _guard[T](self, act: Callable[[], T]) -> T: ...

    def close(self) -> None:
        if not self.closed:
            self._plain.close()
            self._blob.close()
        super().close()
