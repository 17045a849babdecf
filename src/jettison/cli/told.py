"""The Dockerfile that a command line tells of an image: `-f`, `--target`, `--build-arg`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jettison.core.errors import UsageError

if TYPE_CHECKING:
    from jettison.dockerfile.model import Dockerfile
    from jettison.documents.provenance import Provenance
    from jettison.image.model import Image


@dataclass(frozen=True)
class Told:
    """A Dockerfile, the file that it stands in, and how the image was built of it as far as that is told."""

    path: Path
    dockerfile: Dockerfile
    target: str | None
    build_args: Mapping[str, str]


def dockerfile_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`-f`, `--target` and `--build-arg`, for commands that tell lines; `told_dockerfile` takes what they give."""
    for option in (
        click.option(
            "--build-arg", "build_args", multiple=True, metavar="K=V", help="A build argument of IMAGE; repeatable."
        ),
        click.option("--target", help="The stage of the Dockerfile that became IMAGE."),
        click.option(
            "-f", "--file", type=click.Path(path_type=Path), help="The Dockerfile of IMAGE, or its folder: for lines."
        ),
    ):
        function = option(function)
    return function


def told_dockerfile(file: Path | None, target: str | None, build_args: Sequence[str]) -> Told | None:
    """What the options name; None where there is no -f. Raises UsageError, DockerfileError."""
    if file is not None:
        from jettison.cli.pairs import pairs

        path, dockerfile = _read(file)
        return Told(path, dockerfile, target, pairs(build_args, "--build-arg"))
    if target is not None:
        raise UsageError("--target names a stage of a Dockerfile", hint="give it with -f FILE")
    if build_args:
        raise UsageError("--build-arg tells how a Dockerfile was built", hint="give it with -f FILE")
    return None


def _read(path: Path) -> tuple[Path, Dockerfile]:
    """(file, parsed) of a Dockerfile, or of the one in a folder. Raises UsageError, DockerfileError."""
    from jettison.dockerfile.file import read_file
    from jettison.dockerfile.parse import decode, parse

    if path.is_dir():
        names = [path / each for each in ("Dockerfile", "Containerfile")]
        path = next((each for each in names if each.is_file()), names[0])
    return path, parse(decode(read_file(path)))


def made_by(image: Image, told: Told | None) -> Provenance:
    """Which layers the history and the Dockerfile tell of. Raises UsageError, DockerfileError."""
    from jettison.documents.provenance import provenance_of

    if told is None:
        return provenance_of(image)
    return provenance_of(image, told.dockerfile, told.target, told.build_args)
