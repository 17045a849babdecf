"""Where bytes lie: a range of a file, opened as often as one likes, each time with a position of its own."""

from __future__ import annotations

import io
import os
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from jettison.core.errors import ImageError
from jettison.image.readable import Readable

_JUST_NOW = 50_000_000  # nanoseconds; file systems keep times by the kernel's tick of 1 to 10 ms


@dataclass(frozen=True)
class Blob:
    """`size` bytes of `file` from `offset`. `keep` is what must live as long: the temporary file they lie in."""

    file: Path
    offset: int
    size: int
    keep: object = field(default=None, compare=False, repr=False)

    def open(self) -> BinaryIO:
        """A seekable stream of these bytes. Raises ImageError."""
        return cast(BinaryIO, Region(self.file, self.offset, self.size))

    def part(self, offset: int, size: int) -> Blob:
        """A range within this one."""
        assert 0 <= offset <= offset + size <= self.size
        return Blob(self.file, self.offset + offset, size, self.keep)

    def identity(self) -> str | None:
        """Which bytes these are, as long as nobody changes the file: device, inode, its last change, the range.

        None for what has no name any more, and for a file that was changed just now.
        """
        try:
            status = self.file.stat()
        except (OSError, ValueError):
            return None
        if not status.st_nlink or not settled(status):
            return None
        where = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        return "file:" + ":".join(map(str, (*where, self.offset, self.size)))

    def head(self, count: int) -> bytes:
        """The first bytes, fewer where there are fewer."""
        with self.open() as stream:
            return stream.read(count)


class Region(Readable):
    """Reads a range of a file; a file that has become shorter meanwhile raises ImageError."""

    def __init__(self, file: Path, offset: int, size: int) -> None:
        self._file, self._offset, self._size = file, offset, size
        self._at = 0
        self._handle = _open(file)

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def read(self, count: int | None = -1) -> bytes:
        left = max(0, self._size - self._at)
        count = left if count is None or count < 0 else min(count, left)
        if not count:
            return b""
        data = os.pread(self._handle, count, self._offset + self._at)
        if not data:
            raise ImageError(
                f"{self._file} became shorter while it was read", hint="wait until it is written, try again"
            )
        self._at += len(data)
        return data

    def close(self) -> None:
        if not self.closed:
            os.close(self._handle)
        super().close()


def settled(status: os.stat_result) -> bool:
    """Whether a change from now on would show in the time of the last change."""
    return abs(time.time_ns() - status.st_ctime_ns) >= _JUST_NOW


def whole(file: Path) -> Blob:
    """All of a regular file. Raises ImageError."""
    handle = _open(file)
    try:
        return Blob(file, 0, os.fstat(handle).st_size)
    finally:
        os.close(handle)


def is_there(path: Path) -> bool:
    """Whether there is something, as far as we may look; a name that no file system takes is nobody's."""
    return os.path.exists(path)  # noqa: PTH110  # Path.exists raises for those


def found(file: Path) -> Blob | None:
    """All of a regular file, None where there is none. Raises ImageError."""
    try:
        file.stat()
    except PermissionError:
        pass  # to be told as that
    except (OSError, ValueError):
        return None
    return whole(file)


def _open(file: Path) -> int:
    """A handle on a regular file; a pipe in its place does not make us wait."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise ImageError(f"there is no file {file}", hint="look at the path") from None
    except PermissionError:
        raise ImageError(f"may not read {file}", hint="run as its owner, or make it readable for you") from None
    except (OSError, ValueError) as error:
        raise ImageError(f"cannot open {file}: {error}", hint="look at the path") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ImageError(f"{file} is not a regular file", hint="give an archive, or a directory with an OCI layout")
    return handle
