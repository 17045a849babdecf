"""A byte stream that knows where it is and skips what nobody wants."""

from __future__ import annotations

from typing import BinaryIO

_CHUNK = 2**18  # bytes; isal is fastest so, and of a plain file less is read that nobody wants


class Stream:
    """A byte stream with a position; skips by seeking where it can.

    `buffer[at:]` has been read and not been taken yet; walkers may look at it and move `at` themselves.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.buffer = b""
        self.at = 0
        self.before = 0  # position of the buffer's first byte
        self._end: int | None = None
        if stream.seekable():
            start = stream.tell()
            self._end = stream.seek(0, 2) - start
            stream.seek(start)

    @property
    def position(self) -> int:
        """How many bytes were taken or skipped."""
        return self.before + self.at

    def more(self) -> bytes:
        """The next chunk, of which nothing is taken yet."""
        self.before += len(self.buffer)
        self.buffer, self.at = self._stream.read(_CHUNK), 0
        return self.buffer

    def take(self, count: int) -> bytes:
        """The next bytes; fewer only at the end of the stream."""
        data = self.buffer[self.at : self.at + count]
        self.at += len(data)
        if len(data) == count:
            return data
        pieces, missing = [data], count - len(data)
        while missing and self.more():
            pieces.append(self.buffer[:missing])
            self.at = len(pieces[-1])
            missing -= self.at
        return b"".join(pieces)

    def hash(self, count: int) -> bytes | None:
        """XXH3-128 of the next bytes, which are taken; None where the stream ends before."""
        from xxhash import xxh3_128

        state = xxh3_128()
        while count:
            if self.at == len(self.buffer) and not self.more():
                return None
            piece = memoryview(self.buffer)[self.at : self.at + count]
            state.update(piece)
            self.at += len(piece)
            count -= len(piece)
        return state.digest()

    def skip(self, count: int) -> bool:
        """Go past that many bytes; False where the stream ends before."""
        inside = len(self.buffer) - self.at
        if count <= inside:
            self.at += count
            return True
        count -= inside
        if self._end is not None:
            self.before += len(self.buffer) + count
            self.buffer, self.at = b"", 0
            if self.before > self._end:
                return False
            self._stream.seek(count, 1)
            return True
        while chunk := self.more():
            if len(chunk) >= count:
                self.at = count
                return True
            count -= len(chunk)
        return False
