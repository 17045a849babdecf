"""Further Dockerfiles of a context that the same ignore file counts for: `Dockerfile.dev`, `docker/web.Dockerfile`.

Whether one of them is built with this directory is nowhere written. One that names what is not there is not, and one
that has an ignore file of its own does not read this one; all others are taken for builds of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from jettison.context.copies import copies
from jettison.context.facts import Build
from jettison.context.precedence import precedence
from jettison.context.walk import Context
from jettison.core.errors import DockerfileError, UsageError
from jettison.core.values import Skipped
from jettison.dockerfile.parse import decode, parse

_NAME = re.compile(r"(?:^|/)(?:(?:Docker|Container)file(?:\.[^/]+)?|[^/]+\.(?:[dD]ocker|[cC]ontainer)file)$")
_PASSED = re.compile(
    r"(?:^|/)(?:node_modules|site-packages|vendor|\.git|\.venv)/|\.(?:docker|container)ignore$|~$|\.md$"
)
_LARGEST = 1 << 20  # bytes of a Dockerfile
MOST = 40  # that are looked at; of further ones it is told that they were not


@dataclass(frozen=True)
class Others:
    """Builds by the paths of their Dockerfiles, and Dockerfiles of which nothing can be told."""

    builds: dict[str, Build]
    skipped: tuple[Skipped, ...]


def other_builds(everything: Context, own: Path | None, build: Build) -> Others:
    """The other builds that read the ignore file of this one, in a context walked without ignore files.

    `own` is this build's Dockerfile, None where it is no file. Every stage of the others counts: any may be a target.
    """
    ours = precedence(everything.root, own or everything.root / "Dockerfile", build.dialect).file
    found: dict[str, Build] = {}
    skipped = []
    for path in _dockerfiles(everything, own):
        file = everything.root / path
        theirs = precedence(everything.root, file, build.dialect)
        if theirs.beside or (ours is not None and theirs.file != ours):
            continue
        if len(found) == MOST:
            skipped.append(Skipped(path, f"only {MOST} other Dockerfiles are looked at"))
            continue
        try:
            dockerfile = parse(decode(file.read_bytes()))
            takings = copies(dockerfile, dockerfile.stages, everything)
        except (DockerfileError, UsageError, OSError) as error:
            skipped.append(Skipped(path, f"is not understood: {getattr(error, 'message', error)}"))
            continue
        if takings and not any(each.missing for each in takings):
            found[path] = replace(build, dockerfile=dockerfile, stages=dockerfile.stages, build_args={})
    return Others(found, tuple(skipped))


def _dockerfiles(everything: Context, own: Path | None) -> Iterator[str]:
    """Regular files that are called as Dockerfiles are, this build's own aside."""
    real = own.resolve() if own is not None else None
    for each in everything.entries:
        called_so = _NAME.search(each.path) and not _PASSED.search(each.path)
        if called_so and each.kind == "file" and each.size <= _LARGEST and (everything.root / each.path) != real:
            yield each.path
