"""Files that a user names or a project holds: read where they are files, and never waited for."""

from __future__ import annotations

import stat
from pathlib import Path

from jettison.core.errors import UsageError

_PERMISSIONS = "check the file's permissions"


def size_of(path: Path, hint: str) -> int:
    """Bytes of a regular file, symlinks followed: reading it does not block, as a pipe would.

    Raises UsageError where there is none, with `hint`.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        word = "is a symbolic link to nothing" if path.is_symlink() else "does not exist"
        raise UsageError(f"{path} {word}", hint=hint) from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", hint=hint) from error
    if not stat.S_ISREG(status.st_mode):
        word = "a directory" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        raise UsageError(f"{path} is {word}", hint=hint)
    return status.st_size


def read_regular(path: Path, hint: str) -> bytes:
    """The bytes of a regular file. Raises UsageError: `hint` where there is none, another where it may not be read."""
    size_of(path, hint)
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", hint=_PERMISSIONS) from error


def is_file(path: Path) -> bool:
    """Whether a regular file is there; not where the path leads nowhere, or where we may not look."""
    try:
        return path.is_file()
    except OSError:  # a folder above it is closed to us, a name is too long; Python 3.14 says no by itself
        return False


def is_folder(path: Path) -> bool:
    """The same of a folder."""
    try:
        return path.is_dir()
    except OSError:
        return False
