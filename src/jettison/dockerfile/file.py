"""A Dockerfile on disk: its bytes, where it is a file and not too large to be one."""

from __future__ import annotations

import stat
from pathlib import Path

from jettison.core.errors import DockerfileError, UsageError

LARGEST = 4 * 2**20  # bytes; a Dockerfile beyond that is something else


def read_file(path: Path, hint: str = "give a Dockerfile") -> bytes:
    """The bytes of a regular file, symlinks followed; never blocks on a pipe.

    Raises UsageError where there is none that can be read, DockerfileError where it is too large; `hint` tells what to
    do about it.
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
    if status.st_size > LARGEST:
        raise DockerfileError(f"{path} has {status.st_size} bytes: that is no Dockerfile", hint=hint)
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", hint="check the file's permissions") from error
