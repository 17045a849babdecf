"""A layer read from its blob: a tar, gzipped, zstd or plain, somewhere in a file.

A plain tar is walked from header to header, and only what is asked for is read. A compressed one is read through
once, and its bytes are held against its digest meanwhile.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, cast

from jettison.core.errors import ImageError
from jettison.image.blob import Blob
from jettison.image.compression import compression_of, decompress
from jettison.image.model import Columns, Entry, Hash, LayerSource, digest_of
from jettison.image.readable import Readable

_CHUNK = 2**20
_MOST_HOLES = 2**36  # bytes of zeros hashed as such; more take hours, and what is stored, and where, stands for them
_PACE = {None: 2e9, "gzip": 1.2e8, "zstd": 2e8}  # bytes of a blob a second, as they are stored
_REPORT_EVERY = 4 * 2**20  # bytes


class BlobSource(LayerSource):
    """`digest` is what the blob's bytes must hash to, None where nobody said."""

    def __init__(self, blob: Blob, digest: str | None = None) -> None:
        self.blob, self.digest = blob, digest
        self.compression = compression_of(blob.head(6))
        self._plain = blob if self.compression is None else None
        self._opened = False

    @property
    def weight(self) -> int:
        return self.blob.size

    @property
    def effort(self) -> float:
        return self.blob.size / _PACE[self.compression]

    @property
    def proof(self) -> str | None:
        """The digest where all bytes are held against it, else which file it is and when it was changed last."""
        if self.digest is not None and self.compression is not None:
            return self.digest
        return self.blob.identity()

    def columns(self) -> Columns:
        return self.walk(lambda _: None)

    def walk(self, report: Callable[[int], object]) -> Columns:
        from jettison.image.hashing import Hashing  # a layer that is known needs neither
        from jettison.image.tar import walk

        if self._plain is not None:
            with cast(BinaryIO, Reporting(self._plain.open(), report)) as stream:
                return walk(stream)
        hashing = Hashing(cast(BinaryIO, Reporting(self.blob.open(), report)), self.digest)
        with decompress(cast(BinaryIO, hashing)) as stream:
            try:
                columns = walk(stream, hashing=True)
            except ImageError as error:
                hashing.finish()  # bytes that were changed on their way explain it better
                if not self.digest:
                    raise
                raise ImageError(f"layer {self.digest}: {error.message}", hint=error.hint) from error
            hashing.finish()
        return columns

    def open(self, entry: Entry) -> BinaryIO:
        raw = self.stored(entry)
        return cast(BinaryIO, Sparse(raw, entry)) if entry.extents else raw

    def stored(self, entry: Entry) -> BinaryIO:
        if self._opened:  # whoever reads a second file reads a third
            self.plain()
        self._opened = True
        stored = sum(length for _, length in entry.extents) if entry.extents else entry.size
        if self._plain is not None:
            return self._plain.part(entry.offset, stored).open()
        stream = decompress(self.blob.open())
        _skip(stream, entry.offset)
        return cast(BinaryIO, Limited(stream, stored))

    def plain(self) -> Blob:
        if self._plain is None:
            from jettison.image.spool import spool

            with decompress(self.blob.open()) as stream:
                self._plain = spool(stream)
        return self._plain

    def as_stored(self) -> Blob:
        return self.blob

    def tar(self) -> Iterator[bytes]:
        with self._plain.open() if self._plain is not None else decompress(self.blob.open()) as stream:
            while data := stream.read(_CHUNK):
                yield data

    def _hash(self, entries: Sequence[Entry], method: Callable[[], Hash]) -> list[bytes]:
        """In one pass over the layer, whatever the order asked."""
        if not entries:
            return []
        found: dict[int, bytes] = {}
        with self._plain.open() if self._plain is not None else decompress(self.blob.open()) as stream:
            at = 0
            for entry in sorted(entries, key=lambda entry: entry.offset):
                if entry.offset in found:
                    continue
                stored = sum(length for _, length in entry.extents) if entry.extents else entry.size
                if self._plain is not None:
                    stream.seek(entry.offset)
                else:
                    _skip(stream, entry.offset - at)
                found[entry.offset] = _digest(stream, entry, stored, method)
                at = entry.offset + stored
        return [found[entry.offset] for entry in entries]

    def verify(self, diff_id: str) -> None:
        """Read all of it and hold it against both digests. Raises ImageError."""
        from jettison.image.hashing import Hashing

        hashing = Hashing(self.blob.open(), self.digest)
        with decompress(cast(BinaryIO, hashing)) as stream:
            plain = Hashing(stream, diff_id)
            plain.finish()
            hashing.finish()


class Reporting(Readable):
    """Tells how far a stream has been read, now and then."""

    def __init__(self, stream: BinaryIO, report: Callable[[int], object]) -> None:
        self._stream, self._report = stream, report
        self._told = 0

    def seekable(self) -> bool:
        return self._stream.seekable()

    def tell(self) -> int:
        return self._stream.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def read(self, count: int | None = -1) -> bytes:
        at = self._stream.tell()
        if at >= self._told + _REPORT_EVERY:
            self._told = at
            self._report(at)
        return self._stream.read(-1 if count is None else count)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


class Limited(Readable):
    """The next `size` bytes of a stream, forward only."""

    def __init__(self, stream: BinaryIO, size: int, *, owns: bool = True) -> None:
        self._stream, self._left, self._owns = stream, size, owns

    def read(self, count: int | None = -1) -> bytes:
        count = self._left if count is None or count < 0 else min(count, self._left)
        if not count:
            return b""
        data = self.filled(self._some, count)
        self._left -= len(data)
        return data

    def _some(self, count: int) -> bytes:
        data = self._stream.read(count)
        if not data:
            raise ImageError("a layer ends within a file", hint="pull or save the image again")
        return data

    def close(self) -> None:
        if not self.closed and self._owns:
            self._stream.close()
        super().close()


class Sparse(Readable):
    """A file with holes: its stored pieces, zeros between them; forward only. Files without holes pass through."""

    def __init__(self, stored: BinaryIO, entry: Entry) -> None:
        self._stored = stored
        self._pieces = list(reversed(entry.extents or ((0, entry.size),)))
        self._size = entry.size
        self._at = 0

    def read(self, count: int | None = -1) -> bytes:
        left = self._size - self._at
        return self.filled(self._some, left if count is None or count < 0 else min(count, left))

    def _some(self, count: int) -> bytes:
        while self._pieces and sum(self._pieces[-1]) <= self._at:
            self._pieces.pop()
        start, length = self._pieces[-1] if self._pieces else (self._size, 0)
        if self._at < start:
            data = bytes(min(count, start - self._at, _CHUNK))
        else:
            data = self._stored.read(min(count, start + length - self._at))
        self._at += len(data)
        return data

    def close(self) -> None:
        if not self.closed:
            self._stored.close()
        super().close()


def _skip(stream: BinaryIO, count: int) -> None:
    while count:
        data = stream.read(min(count, _CHUNK))
        if not data:
            raise ImageError("a layer ends before a file that it held", hint="pull or save the image again")
        count -= len(data)


def _digest(stream: BinaryIO, entry: Entry, stored: int, method: Callable[[], Hash]) -> bytes:
    """Of the payload that comes next in the stream."""
    if stored <= _CHUNK and not entry.extents:
        state = method()
        while stored:
            data = stream.read(stored)
            if not data:
                raise ImageError("a layer ends within a file", hint="pull or save the image again")
            state.update(data)
            stored -= len(data)
        return state.digest()
    limited = cast(BinaryIO, Limited(stream, stored, owns=False))
    if entry.size - stored > _MOST_HOLES:
        state = method()
        state.update(repr((entry.size, entry.extents)).encode())
        while chunk := limited.read(_CHUNK):
            state.update(chunk)
        return state.digest()
    return digest_of(cast(BinaryIO, Sparse(limited, entry)), method)
