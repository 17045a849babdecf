"""Streams put down on disk, in files without a name: gone with the last that holds them, however we end."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from jettison.core.errors import DiskError
from jettison.core.state import disk_errors
from jettison.core.units import show_bytes
from jettison.image.blob import Blob
from jettison.image.readable import Readable as RawReadable

_CHUNK = 2**20
_HOLE = 2**17  # bytes of zeros that are worth a hole
_ASK_EVERY = 64 * 2**20  # bytes written between two looks at the free space
LEFT_FREE = 2**29  # bytes of the file system that are never taken


class Readable(Protocol):
    """What a spool drinks."""

    def read(self, count: int, /) -> bytes:
        """The next bytes, empty at the end."""
        ...


class _Unnamed:
    """A temporary file without a name."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.gettempdir())
        self.handle, name = tempfile.mkstemp(prefix="jettison-")
        Path(name).unlink()
        weakref.finalize(self, os.close, self.handle)

    def blob(self) -> Blob:
        """All that was written."""
        return Blob(Path(f"/proc/self/fd/{self.handle}"), 0, os.fstat(self.handle).st_size, self)


class Spooling(RawReadable):
    """Reads a stream, and puts down on disk what it reads; whole blocks of zeros cost no disk. Raises DiskError."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        with _on_disk():
            self._unnamed = _Unnamed()
        self._size, self._written, self._asked = 0, 0, 0

    def read(self, count: int | None = -1) -> bytes:
        chunk = self._stream.read(-1 if count is None else count)
        with _on_disk():
            self._keep(chunk)
        return chunk

    def _keep(self, chunk: bytes) -> None:
        if (
            len(chunk) >= _HOLE and not chunk[0] and chunk == bytes(len(chunk))
        ):  # bombs are made of them, layers hold some
            os.lseek(self._unnamed.handle, len(chunk), os.SEEK_CUR)
            self._size += len(chunk)
            return
        if chunk and self._written >= self._asked:
            _need_room(self._unnamed.directory, self._written)
            self._asked = self._written + _ASK_EVERY
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(self._unnamed.handle, rest) :]
        self._written += len(chunk)
        self._size += len(chunk)

    def blob(self) -> Blob:
        """All that was read so far."""
        with _on_disk():
            os.ftruncate(self._unnamed.handle, self._size)
        return self._unnamed.blob()


def spool(stream: Readable) -> Blob:
    """The rest of a stream on disk, under $TMPDIR. Raises DiskError before the disk is full."""
    spooling = Spooling(stream)
    while spooling.read(_CHUNK):
        pass
    return spooling.blob()


@contextmanager
def _on_disk() -> Iterator[None]:
    try:
        directory = Path(tempfile.gettempdir())
    except FileNotFoundError as error:  # as in a container whose file system is read-only
        raise DiskError(
            "there is no directory for temporary files that we may write to", hint="set TMPDIR to one"
        ) from error
    with disk_errors("write to", directory, hint="set TMPDIR to a directory with more room"):
        yield


def _need_room(directory: Path, written: int) -> None:
    free = shutil.disk_usage(directory).free
    if free < LEFT_FREE + _ASK_EVERY:
        raise DiskError(
            f"{directory} has {show_bytes(free)} left after {show_bytes(written)} of this image were unpacked there",
            hint="set TMPDIR to a directory with more room; is this archive what you think it is?",
        )
