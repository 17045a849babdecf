"""Layer blobs opened for what their first bytes say they are: gzip, zstd or plain.

Source: RFC 1952 (gzip, several members one after another), RFC 8878 (zstd, several and skippable frames).
Media types are not asked: they have been seen to lie.
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO, cast

from jettison.core.errors import ImageError
from jettison.image.readable import Readable

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = tuple(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))
_OTHERS = {  # docker load takes the first two, no registry does
    b"BZh": "bzip2 -d",
    b"\xfd7zXZ": "xz -d",
    b"\x04\x22\x4d\x18": "lz4 -d",
    b"LZIP": "lzip -d",
    b"PK\x03\x04": "unzip",
    b"7z\xbc\xaf": "7z x",
}
_LARGEST_WINDOW = 2**27  # what zstd itself takes without --long; bounds the memory a blob can ask for
_BUFFER = 2**18
_ALWAYS_TAKEN = 2**36  # plain bytes of a small blob
_MOST_TIMES = 2000  # its size that a blob may unpack to beyond that; gzip cannot do more than 1032, zstd 43,000
_AGAIN = "pull or save the image again"


def compression_of(head: bytes) -> str | None:
    """`gzip`, `zstd`, or None for plain bytes; needs the first 6. Raises ImageError for what is not read."""
    if head.startswith(_GZIP):
        return "gzip"
    if head.startswith((_ZSTD, *_SKIPPABLE)):
        return "zstd"
    for magic, command in _OTHERS.items():
        if head.startswith(magic):
            name = {"unzip": "zip", "7z x": "7z"}.get(command, command.partition(" ")[0])
            raise ImageError(f"compressed by {name}, which is not read here", hint=f"unpack it with `{command}` first")
    return None


class Decompressed(Readable):
    """The plain bytes of a compressed blob, forward only; broken data raises ImageError. Closes the blob too.

    `broken` are the errors by which the decompressor tells of it.
    """

    def __init__(self, plain: BinaryIO, blob: BinaryIO, broken: tuple[Any, ...]) -> None:
        self._plain, self._blob, self._broken = plain, blob, broken
        self._room = max(_ALWAYS_TAKEN, _MOST_TIMES * blob.seek(0, io.SEEK_END))
        blob.seek(0)

    def read(self, size: int = -1) -> bytes:
        try:
            data = self._plain.read(size)
        except self._broken as error:
            raise ImageError(f"broken compressed data: {error}", hint=_AGAIN) from error
        self._room -= len(data)
        if self._room < 0:
            raise ImageError("it unpacks to absurdly much of the same", hint="is this image what you think it is?")
        return data

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
        import zlib

        from isal import igzip, isal_zlib  # 4 ms, and a layer that is known is not read

        reader = cast(BinaryIO, igzip.IGzipFile(fileobj=blob, mode="rb"))  # type: ignore[no-untyped-call]
        return cast(BinaryIO, Decompressed(reader, blob, (EOFError, zlib.error, isal_zlib.error, igzip.BadGzipFile)))
    if kind == "zstd":
        import zstandard  # few layers are, and it takes 3 ms

        _check_frames(blob)
        engine = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
        frames = engine.stream_reader(blob, read_size=_BUFFER, read_across_frames=True, closefd=False)
        return cast(BinaryIO, Decompressed(cast(BinaryIO, frames), blob, (zstandard.ZstdError,)))
    return blob


def _check_frames(blob: BinaryIO) -> None:
    """Raises ImageError where the last frame is cut: the decompressor would take its end for the stream's."""
    at = 0
    size = blob.seek(0, io.SEEK_END)
    while at < size:
        blob.seek(at)
        head = blob.read(8)
        if head.startswith(_SKIPPABLE) and len(head) == 8:
            at += 8 + int.from_bytes(head[4:], "little")
        elif head.startswith(_ZSTD) and len(head) > 4:
            at = _frame_end(blob, at + 4, head[4], size)
        else:
            at = size + 1
    if at > size:
        raise ImageError("broken compressed data: the last zstd frame is cut short", hint=_AGAIN)
    blob.seek(0)


def _frame_end(blob: BinaryIO, at: int, told: int, size: int) -> int:
    """Where a frame ends, by its descriptor and the headers of its blocks (RFC 8878, 3.1.1)."""
    single = told >> 5 & 1
    at += 1 + (1 - single) + (0, 1, 2, 4)[told & 3] + (single, 2, 4, 8)[told >> 6]
    last = 0
    while not last and at < size:
        blob.seek(at)
        header = int.from_bytes(blob.read(3), "little")
        last, kind = header & 1, header >> 1 & 3
        at += 3 + (1 if kind == 1 else header >> 3)  # a run of one byte stores that byte alone
    return at + (4 if told >> 2 & 1 else 0) if last else size + 1
