"""Bytes held against their digest as they are read: the hash is taken in a thread beside whoever reads them.

hashlib and the decompressors let other threads run, so that a core that is idle takes the hash of one piece while the
next is inflated.
"""

from __future__ import annotations

import hashlib
import io
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import BinaryIO

from jettison.core.errors import ImageError
from jettison.image.model import Hash
from jettison.image.readable import Readable

_CHUNK = 2**20
_WORTH_A_THREAD = 2**18  # bytes of a piece; hashing fewer takes no longer than handing them over
_AHEAD = 2  # pieces that may wait to be hashed: what bounds the memory


class Hashing(Readable):
    """Hashes a stream as it is read; a part read again counts once. Whoever opens it closes it."""

    def __init__(self, stream: BinaryIO, digest: str | None) -> None:
        self._stream, self._digest = stream, digest
        self._state = hashlib.new(digest.partition(":")[0]) if digest else None
        self._beside: _Beside | None = None
        self._at = self._hashed = 0

    def seekable(self) -> bool:
        return self._stream.seekable()

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = self._stream.seek(offset, whence)
        return self._at

    def read(self, count: int | None = -1) -> bytes:
        data = self._stream.read(-1 if count is None else count)
        end = self._at + len(data)
        if self._state is not None and self._at <= self._hashed < end:
            self._take(self._state, memoryview(data)[self._hashed - self._at :])
            self._hashed = end
        self._at = end
        return data

    def finish(self) -> None:
        """Read what is left and compare. Raises ImageError where the bytes are not what the digest says."""
        if self._state is None:
            return
        if self._at != self._hashed:
            self.seek(self._hashed)
        while self.read(_CHUNK):
            pass
        self._join()
        found = f"{self._state.name}:{self._state.hexdigest()}"
        if found != self._digest:
            raise ImageError(
                f"a layer's bytes are not what its digest says: {self._digest} is {found}",
                hint="the image is damaged or was tampered with: pull or save it again",
            )

    def close(self) -> None:
        if not self.closed:
            try:
                self._join()
            finally:
                self._stream.close()
                super().close()

    def _take(self, state: Hash, piece: memoryview) -> None:
        if self._beside is None and len(piece) >= _WORTH_A_THREAD:
            with suppress(RuntimeError):  # this process may start no more threads
                self._beside = _Beside(state)
        if self._beside is not None:
            self._beside.take(piece)
        else:
            state.update(piece)

    def _join(self) -> None:
        beside, self._beside = self._beside, None
        if beside is not None:
            beside.join()


class _Beside:
    """A thread that takes pieces into a hash, in their order, until `join`."""

    def __init__(self, state: Hash) -> None:
        self._state = state
        self._pieces: SimpleQueue[memoryview | None] = SimpleQueue()
        self._room = threading.Semaphore(_AHEAD)
        self._error: MemoryError | ValueError | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def take(self, piece: memoryview) -> None:
        """Have a piece hashed; waits where too many have not been yet."""
        self._room.acquire()
        self._pieces.put(piece)

    def join(self) -> None:
        """Wait until all is hashed; the thread ends. Raises what hashing raised."""
        self._pieces.put(None)
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (piece := self._pieces.get()) is not None:
            try:
                if self._error is None:
                    self._state.update(piece)
            except (MemoryError, ValueError) as error:  # what hashlib's update raises (CPython, _hashopenssl.c)
                self._error = error
            finally:
                self._room.release()
