"""Layer blobs opened for what their first bytes say they are: gzip, zstd or plain.

Source: RFC 1952 (gzip, several members one after another), RFC 8878 (zstd, several and skippable frames).
Media types are not asked: they have been seen to lie.
"""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import zstandard
from isal import igzip, isal_zlib

from jettison.core.errors import ImageError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = tuple(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))
_BROKEN: tuple[Any, ...] = (EOFError, zlib.error, isal_zlib.error, zstandard.ZstdError, igzip.BadGzipFile)
_OTHERS = {b"BZh": "bzip2", b"\xfd7zXZ": "xz"}  # docker load takes them, no registry does
_LARGEST_WINDOW = 2**27  # what zstd itself takes without --long; bounds the memory a blob can ask for
_BUFFER = 2**18


def compression_of(head: bytes) -> str | None:
    """`gzip`, `zstd`, or None for plain bytes; needs the first 6. Raises ImageError for what is not read."""
    if head.startswith(_GZIP):
        return "gzip"
    if head.startswith((_ZSTD, *_SKIPPABLE)):
        return "zstd"
    for magic, name in _OTHERS.items():
        if head.startswith(magic):
            raise ImageError(f"compressed by {name}, which is not read here", hint=f"unpack it with `{name} -d` first")
    return None


class Decompressed(io.RawIOBase):
    """The plain bytes of a compressed blob, forward only; broken data raises ImageError. Closes the blob too."""

    def __init__(self, plain: BinaryIO, blob: BinaryIO) -> None:
        self._plain, self._blob = plain, blob

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        try:
            return self._plain.read(size)
        except _BROKEN as error:
            raise ImageError(f"broken compressed data: {error}", hint="pull or save the image again") from error

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._plain.close()
            self._blob.close()
        super().close()


def decompress(blob: BinaryIO) -> BinaryIO:
    """The plain stream of a seekable blob, which it owns from now on: the blob itself where it is plain already."""
    kind = compression_of(blob.read(6))
    blob.seek(0)
    if kind == "gzip":
        reader = cast(BinaryIO, igzip.IGzipFile(fileobj=blob, mode="rb"))  # type: ignore[no-untyped-call]
        return cast(BinaryIO, Decompressed(reader, blob))
    if kind == "zstd":
        engine = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
        frames = engine.stream_reader(blob, read_size=_BUFFER, read_across_frames=True, closefd=False)
        return cast(BinaryIO, Decompressed(cast(BinaryIO, frames), blob))
    return blob
