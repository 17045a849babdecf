"""The project on disk: its Dockerfile found and read, and at the end replaced if nobody else touched it.

The ignore file, too: extended, or written where there was none.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from jettison.core import state
from jettison.core.errors import DiskError, DockerfileError, UsageError
from jettison.dockerfile.contexts import given
from jettison.dockerfile.file import read_file
from jettison.dockerfile.graph import check_references, expand_from, needed, resolve_target
from jettison.dockerfile.parse import decode, encode, parse
from jettison.lighten.recipe import Recipe
from jettison.lighten.sources import encode_file
from jettison.subject import IGNORE_FILE

NAMES = ("Dockerfile", "Containerfile")
NO_FILES: Mapping[str, str] = {}


@dataclass(frozen=True)
class Project:
    """A build context and its Dockerfile; `data` is what the file held when it was read."""

    context: Path
    dockerfile: Path
    data: bytes
    ignore: bytes | None = None  # what the ignore file held then; None where there was none

    @property
    def text(self) -> str:
        return decode(self.data)


def open_project(path: Path, file: Path | None) -> Project:
    """The project at `path` (a directory, or the Dockerfile itself). Raises UsageError, DockerfileError."""
    try:
        there = path.exists()
    except OSError as error:
        raise UsageError(f"cannot look at {path}: {error.strerror}", hint="check the permissions above it") from error
    if not there:
        raise UsageError(f"{path} does not exist", hint="give the directory that you would give to `docker build`")
    if path.is_file() and file is None:
        path, file = path.parent, path
    if not path.is_dir():
        raise UsageError(f"{path} is not a directory", hint="give the directory that you would give to `docker build`")
    context = path.resolve()
    if context == Path(context.anchor):
        raise UsageError(
            "the build context would be the whole file system", hint="run jettison in the project's own directory"
        )
    dockerfile = _find(path) if file is None else file if file.exists() or file.is_absolute() else path / file
    data = read_file(dockerfile, "give the Dockerfile with -f FILE")
    return Project(context, dockerfile, data, _held(context / IGNORE_FILE))


def _find(path: Path) -> Path:
    for name in NAMES:
        if (path / name).exists() or (path / name).is_symlink():
            return path / name
    raise UsageError(f"there is no Dockerfile in {path}", hint="give the project's directory, or the file with -f FILE")


def _held(path: Path) -> bytes | None:
    """What a file holds; None where there is none, or nothing that can be read."""
    try:
        return path.read_bytes() if stat.S_ISREG(path.stat().st_mode) else None
    except OSError:
        return None


def write_back(project: Project, text: str, files: Mapping[str, str] = NO_FILES) -> tuple[Path, ...]:
    """Put the result in place, each file atomically, through a symbolic link into the real file; the paths written.

    Raises DiskError where one was changed, made or removed meanwhile, or cannot be written; then nothing was. The
    ignore file comes first: should the disk fail between the two, it does its work without the new Dockerfile.
    """
    try:
        now: bytes | None = read_file(project.dockerfile)
    except (UsageError, DockerfileError):
        now = None
    if now != project.data:
        raise _touched(project.dockerfile, "changed")
    ignore = project.context / IGNORE_FILE
    if files and (held := _held(ignore)) != project.ignore:
        raise _touched(ignore, "made" if project.ignore is None else "removed" if held is None else "changed")
    written = []
    real = check_writable(project) if encode(text) != project.data else None
    if files:
        written.append(write_ignore_file(ignore, project.ignore, files[IGNORE_FILE], project.dockerfile))
    if real is not None:
        state.write_atomically(real, encode(text))
        written.append(real)
    return tuple(written)


def write_ignore_file(path: Path, before: bytes | None, text: str, like: Path) -> Path:
    """Put an ignore file in place, atomically; a new one belongs to whom `like` belongs. The real file comes back.

    `before` is what it held when it was read. Raises DiskError where it was touched meanwhile, or cannot be written.
    """
    if (held := _held(path)) != before:
        raise _touched(path, "made" if before is None else "removed" if held is None else "changed")
    place = _check_ignore_file(path)
    state.write_atomically(place, encode_file(text))
    if before is None:
        _give_to_owner(place, like)
    return place


def _give_to_owner(made: Path, like: Path) -> None:
    """A new file belongs to whom its neighbour belongs: we are root, and the project is mostly somebody else's."""
    with suppress(OSError):
        status = like.stat()
        os.chown(made, status.st_uid, status.st_gid)


def _touched(path: Path, word: str) -> DiskError:
    return DiskError(
        f"{path} was {word} while jettison worked; nothing was written",
        hint="run jettison again, or take the result from --diff",
    )


def _check_ignore_file(path: Path) -> Path:
    """The real file that is written. Raises DiskError where it cannot be."""
    real = Path(os.path.realpath(path))
    if real.exists() and not (real.stat().st_mode & 0o222 and os.access(real, os.W_OK)):
        raise DiskError(f"{real} is read-only", hint=f"run `chmod u+w {real}`, or take the change from --diff")
    if os.path.lexists(path) and not real.is_file():
        raise DiskError(f"{path} is no file, and cannot be replaced by one", hint="remove it, and run jettison again")
    if not os.access(real.parent, os.W_OK):
        raise DiskError(
            f"{real.parent} is read-only, and {real.name} has to be written there",
            hint="make the directory writable, or take the change from --diff",
        )
    return real


def check_writable(project: Project) -> Path:
    """The real file that `write_back` would replace. Raises DiskError where it is read-only, also for root."""
    real = project.dockerfile.resolve()
    if os.statvfs(real).f_flag & os.ST_RDONLY:
        raise DiskError(f"{real} lies on a read-only file system", hint="take the change from --diff")
    if not real.stat().st_mode & 0o222 or not os.access(real, os.W_OK):
        raise DiskError(f"{real} is read-only", hint=f"run `chmod u+w {real}`, or take the change from --diff")
    if not os.access(real.parent, os.W_OK):
        raise DiskError(
            f"{real.parent} is read-only, and {real.name} is replaced by a new file there",
            hint="make the directory writable, or take the change from --diff",
        )
    return real


def check_text(text: str, recipe: Recipe) -> None:
    """Refuse what no engine can build, before any is asked. Raises DockerfileError, UsageError (unknown target)."""
    dockerfile = given(parse(text), recipe.contexts, recipe.build_args)
    stage = resolve_target(dockerfile, recipe.target)
    check_references(dockerfile, stage, recipe.build_args)
    for one in needed(dockerfile, stage, recipe.build_args):
        if one.base:
            expand_from(dockerfile, one, recipe.build_args)
