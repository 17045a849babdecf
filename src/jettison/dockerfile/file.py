"""A Dockerfile on disk: its bytes, where it is a file and not too large to be one."""

from __future__ import annotations

from pathlib import Path

from jettison.core.errors import DockerfileError
from jettison.core.regular_file import read_regular, size_of

LARGEST = 4 * 2**20  # bytes; a Dockerfile beyond that is something else


def read_file(path: Path, hint: str = "give a Dockerfile") -> bytes:
    """The bytes of a regular file, symlinks followed; never blocks on a pipe.

    Raises UsageError where there is none that can be read, DockerfileError where it is too large; `hint` tells what to
    do about it.
    """
    size = size_of(path, hint)
    if size > LARGEST:
        raise DockerfileError(f"{path} has {size} bytes: that is no Dockerfile", hint=hint)
    return read_regular(path, hint)
