"""The Dockerfile that a command line tells of an image: `-f`, `--target`, `--build-arg`, `--build-context`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jettison.core.errors import UsageError

if TYPE_CHECKING:
    from jettison.dockerfile.model import Dockerfile, Named
    from jettison.documents.provenance import Provenance
    from jettison.image.model import Image


@dataclass(frozen=True)
class Told:
    """A Dockerfile, the file that it stands in, and how the image was built of it as far as that is told."""

    path: Path
    dockerfile: Dockerfile
    target: str | None
    build_args: Mapping[str, str]
    contexts: Mapping[str, Named]


def dockerfile_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`-f` and what else tells how IMAGE was built, for commands that tell lines: their `told`, None without `-f`."""

    @wraps(function)
    def packed(
        *arguments: Any, file: Path | None, target: str | None, build_args: Sequence[str],
        build_contexts: Sequence[str], **others: Any
    ) -> Any:  # fmt: skip
        return function(*arguments, told=_told(file, target, build_args, build_contexts), **others)

    command = packed
    for option in (
        click.option(
            "--build-context",
            "build_contexts",
            multiple=True,
            metavar="NAME=VALUE",
            help="A named build context of IMAGE; repeatable.",
        ),
        click.option(
            "--build-arg", "build_args", multiple=True, metavar="K=V", help="A build argument of IMAGE; repeatable."
        ),
        click.option("--target", help="The stage of the Dockerfile that became IMAGE."),
        click.option(
            "-f", "--file", type=click.Path(path_type=Path), help="The Dockerfile of IMAGE, or its folder: for lines."
        ),
    ):
        command = option(command)
    return command


def _told(
    file: Path | None, target: str | None, build_args: Sequence[str], build_contexts: Sequence[str]
) -> Told | None:
    """What the options name; None where there is no -f. Raises UsageError, DockerfileError."""
    if file is not None:
        from jettison.cli.pairs import contexts, pairs
        from jettison.dockerfile.contexts import given

        path, dockerfile = _read(file)
        arguments, named = pairs(build_args, "--build-arg"), contexts(build_contexts)
        return Told(path, given(dockerfile, named, arguments), target, arguments, named)
    if target is not None:
        raise UsageError("--target names a stage of a Dockerfile", hint="give it with -f FILE")
    if build_args:
        raise UsageError("--build-arg tells how a Dockerfile was built", hint="give it with -f FILE")
    if build_contexts:
        raise UsageError("--build-context tells how a Dockerfile was built", hint="give it with -f FILE")
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
