"""Dockerfiles below a path, by their names; the Compose and bake files that tell how they are built."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jettison.core.errors import UsageError
from jettison.core.values import Skipped
from jettison.review.matching import matches
from jettison.review.model import Source

DOCKERFILE = re.compile(r"(?i:dockerfile|containerfile)(?:[.-][\w.-]+)?|[\w.-]+\.(?i:dockerfile|containerfile)")
_NOT_ONE = re.compile(
    r"(?i).*\.(?:dockerignore|containerignore|md|txt|rst|j2|jinja2?|tmpl|tpl|template|erb|mustache|orig|rej|bak|swp|py|"
    r"js|ts|go|sh|ya?ml|json|toml|lock|html?|png|svg|rb|java|class|pyc|diff|patch)"
)
BUILD_FILES = re.compile(r"(?:docker-)?compose(?:\.[\w-]+)?\.ya?ml|docker-bake(?:\.override)?\.(?:json|hcl)")
_NOT_ENTERED = {
    ".git", ".hg", ".svn", "node_modules", ".venv", "venv", ".tox", ".nox", ".mypy_cache", ".ruff_cache",
    ".pytest_cache", "__pycache__", "site-packages", ".terraform", ".next", ".yarn", ".cache",
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """Dockerfiles and the files that name some, each once, sorted; what could not be looked into."""

    dockerfiles: tuple[Source, ...] = ()
    build_files: tuple[Path, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def is_dockerfile(name: str) -> bool:
    """Whether a file of this name is taken for a Dockerfile where nobody says so."""
    return DOCKERFILE.fullmatch(name) is not None and _NOT_ONE.fullmatch(name) is None


def find(paths: Sequence[Path], exclude: Sequence[str] = ()) -> Found:
    """What lies at and below these paths; a file that is named is taken whatever its name. Raises UsageError.

    A folder's Dockerfiles are built in their own folder, where nothing tells otherwise.
    """
    dockerfiles: dict[Path, Source] = {}
    build_files: dict[Path, None] = {}
    skipped: list[Skipped] = []
    for path in paths:
        if path.is_dir():
            for file in _below(path, exclude, skipped):
                if BUILD_FILES.fullmatch(file.name):
                    build_files[file] = None
                else:
                    dockerfiles.setdefault(file, source_at(file))
        elif BUILD_FILES.fullmatch(path.name) and path.is_file():
            build_files[path] = None
        elif path.exists() or path.is_symlink():
            dockerfiles.setdefault(path, source_at(path))
        else:
            raise UsageError(f"{path} does not exist", hint="give a Dockerfile, or a folder to look through")
    return Found(tuple(dockerfiles.values()), tuple(build_files), tuple(skipped))


def source_at(path: Path) -> Source:
    """A Dockerfile that is built in its own folder."""
    return Source(_name(path), path, path.parent)


def _name(path: Path) -> str:
    return os.fspath(path)


def _below(folder: Path, exclude: Sequence[str], skipped: list[Skipped]) -> Iterator[Path]:
    """Files of these names, a folder's own before those of its folders, sorted; links to folders are not followed."""
    waiting = [os.fspath(folder)]
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(place) as listing:
                entries = sorted(listing, key=lambda each: each.name)
        except OSError as error:
            skipped.append(Skipped(place, error.strerror or str(error)))
            continue
        inner = []
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _NOT_ENTERED and not _excluded(entry.path, exclude):
                    inner.append(entry.path)
            elif (is_dockerfile(entry.name) or BUILD_FILES.fullmatch(entry.name)) and not _excluded(
                entry.path, exclude
            ):
                yield Path(entry.path)
        waiting += reversed(inner)


def _excluded(path: str, exclude: Sequence[str]) -> bool:
    return any(matches(path, pattern) for pattern in exclude)
