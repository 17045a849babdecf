"""Which builder a project's CI files name, where it is one that reads less than BuildKit does.

Looked at are the files by which the well-known services run a build, in the build context and in the folders above it
up to the one that git keeps. kaniko leaves `RUN --mount` out, or refuses it, but for later versions that are told to
take it (GoogleContainerTools/kaniko issues 969 and 1568, osscontainertools/kaniko pull 245); Docker's classic builder,
which `DOCKER_BUILDKIT=0` asks for, refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

_FILES = (
    ".gitlab-ci.yml", ".gitlab-ci.yaml", ".github/workflows/*.yml", ".github/workflows/*.yaml", ".circleci/config.yml",
    "Jenkinsfile", "cloudbuild.yml", "cloudbuild.yaml", "bitbucket-pipelines.yml", "azure-pipelines.yml", ".drone.yml",
    ".woodpecker.yml", ".woodpecker/*.yml", ".tekton/*.yaml", ".travis.yml", "buildspec.yml", "skaffold.yaml",
    "Makefile", "Taskfile.yml", "justfile",
)  # fmt: skip
_MOST, _SIZE, _ABOVE = 100, 500_000, 5  # files of a folder, bytes of one, folders above
_NAMED = (
    ("kaniko", re.compile(r"^[^#\n]*\bkaniko\b", re.MULTILINE)),
    ("the classic builder", re.compile(r"^[^#\n]*\bDOCKER_BUILDKIT\b[\"']?\s*[:=]+\s*[\"']?0\b", re.MULTILINE)),
)


@dataclass(frozen=True)
class Lesser:
    """A builder without `RUN --mount`, and the file that names it, by its path from the folder it was found below."""

    name: str
    file: str


def without_mounts(context: Path) -> Lesser | None:
    """The first builder without `RUN --mount` that a CI file of this project names; None where none does."""
    for folder in _folders(context):
        for path in _files(folder):
            try:
                text = _begin(path) if path.is_file() else ""
            except OSError:
                continue  # nobody lets us read it: it tells nothing
            for name, pattern in _NAMED:
                if pattern.search(text):
                    return Lesser(name, path.relative_to(folder).as_posix())
    return None


def _folders(context: Path) -> Iterator[Path]:
    """The context, and what is above it up to the folder with `.git`; the context alone where there is none."""
    folder = context.resolve()
    chain = [folder, *islice(folder.parents, _ABOVE)]
    top = next((number for number, each in enumerate(chain) if (each / ".git").exists()), 0)
    yield from chain[: top + 1]


def _begin(path: Path) -> str:
    with path.open("rb") as stream:
        return stream.read(_SIZE).decode("utf-8", "replace")


def _files(folder: Path) -> Iterator[Path]:
    return islice((path for pattern in _FILES for path in sorted(folder.glob(pattern))), _MOST)
