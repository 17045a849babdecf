"""Files that stand at their place once they are whole, and nowhere before.

What is written has no name until then, so that nothing of it stays, however we end; where a file system has no files
without names, it has a temporary one beside its place. Source: open(2) (O_TMPFILE), link(2), rename(2).
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from jettison.core.state import status_of, take_after

_NO_UNNAMED = (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL)


class Unfinished:
    """A file being written: `stream` takes its bytes, `stand_at` gives it its name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._temporary: Path | None = None
        try:
            handle = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            if error.errno not in _NO_UNNAMED or not folder.is_dir():
                raise
            handle, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=".jettison")
            self._temporary = Path(name)
        self.stream: BinaryIO = os.fdopen(handle, "wb")

    def stand_at(self, path: Path) -> None:
        """Put what was written on the disk and give it this name, in the place of what has it. Raises OSError.

        It takes over the owner and mode of what had the name: what nobody else could read stays so.
        """
        self.stream.flush()
        handle = self.stream.fileno()
        take_after(handle, path, status_of(path), None)
        os.fsync(handle)
        if self._temporary is None:
            self._temporary = _linked(handle, path)
        if self._temporary is not None:
            self._temporary.replace(path)
            self._temporary = None

    def close(self) -> None:
        """Let go; what has no name yet is gone."""
        self.stream.close()
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)


def _linked(handle: int, path: Path) -> Path | None:
    """Give a file without a name this one; or, where somebody has it, the one beside it that is returned."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(FileExistsError):
            _link(handle, path.name, folder)
            return None
        for attempt in range(100):
            with suppress(FileExistsError):
                name = f".{path.name[:100]}.{os.getpid()}.{attempt}.jettison"
                _link(handle, name, folder)
                return path.with_name(name)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    finally:
        os.close(folder)


def _link(handle: int, name: str, folder: int) -> None:
    os.link(f"/proc/self/fd/{handle}", name, dst_dir_fd=folder, follow_symlinks=True)


@contextmanager
def unfinished(folder: Path) -> Iterator[Unfinished]:
    """A file on the file system of `folder`; gone with the block unless it got a name. Raises OSError."""
    found = Unfinished(folder)
    try:
        yield found
    finally:
        found.close()


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A stream; once the block has ended well, its bytes stand at `path`, in the place of what was there.

    A symbolic link is followed; devices and pipes are written to as they are. Raises OSError.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:
            yield stream
        return
    real = Path(os.path.realpath(path))
    with unfinished(real.parent) as made:
        yield made.stream
        made.stand_at(real)
