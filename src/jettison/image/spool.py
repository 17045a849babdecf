"""Streams put down on disk, in files without a name: gone with the last that holds them, however we end."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Protocol

from jettison.core.errors import DiskError
from jettison.core.state import disk_errors
from jettison.core.units import show_bytes
from jettison.image.blob import Blob

_CHUNK = 2**20
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


def spool(stream: Readable) -> Blob:
    """The rest of a stream on disk, under $TMPDIR. Raises DiskError before the disk is full."""
    with disk_errors("write to", Path(tempfile.gettempdir()), hint="set TMPDIR to a directory with more room"):
        unnamed = _Unnamed()
        written, asked = 0, 0
        while chunk := stream.read(_CHUNK):
            if written >= asked:
                _need_room(unnamed.directory, written)
                asked = written + _ASK_EVERY
            rest = memoryview(chunk)
            while rest:
                rest = rest[os.write(unnamed.handle, rest) :]
            written += len(chunk)
    return unnamed.blob()


def _need_room(directory: Path, written: int) -> None:
    free = shutil.disk_usage(directory).free
    if free < LEFT_FREE + _ASK_EVERY:
        raise DiskError(
            f"{directory} has {show_bytes(free)} left after {show_bytes(written)} of this image were unpacked there",
            hint="set TMPDIR to a directory with more room; is this archive what you think it is?",
        )
