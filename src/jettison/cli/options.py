"""What the commands that look into images share: options, and how they write to standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from jettison.core.errors import UsageError

if TYPE_CHECKING:
    from jettison.dockerfile.model import Dockerfile
    from jettison.image.model import Image, Layer

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
_INSECURE = "jettison.insecure"  # what the context of a command remembers it by


def platform_option() -> Decorator:
    """`--platform`, for references that hold several images, and `--insecure`, for registries; `opened` obeys both."""
    platform = click.option(
        "--platform", metavar="OS/ARCH", help="Which image of a multi-platform one, as linux/arm64."
    )
    insecure = click.option(
        "--insecure",
        is_flag=True,
        expose_value=False,
        callback=_remember,
        help="Let a registry speak plain HTTP, or show a certificate that nobody vouches for.",
    )
    return lambda function: platform(insecure(function))


def _remember(context: click.Context, option: click.Parameter, value: bool) -> None:
    context.meta[_INSECURE] = value


def insecure() -> bool:
    """Whether the command that runs was given `--insecure`."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_INSECURE))


def layer_option(what: str) -> Decorator:
    """`--layer`, counted as `inspect` counts."""
    return click.option("--layer", type=int, metavar="N", help=f"{what}; 0 is the lowest, -1 the top one.")


def opened(reference: str, platform: str | None, *, whole: bool = True) -> Image:
    """The image that a command line names; unless not all of it is wanted, its layers are read, and that is shown.

    Raises ImageError, UsageError.
    """
    from jettison.core.platform import parse
    from jettison.image.open import open_image

    image = open_image(reference, parse(platform) if platform else None, insecure=insecure())
    if whole:
        from jettison.cli.reading import read_shown

        read_shown(image)
    return image


def layer_of(image: Image, number: int) -> tuple[int, Layer]:
    """(index, layer) of the layer that `--layer` names. Raises UsageError."""
    count = len(image.layers)
    if not -count <= number < count:
        told = f"it has {count} layers: 0 to {count - 1}" if count else "it has no layers"
        raise UsageError(f"{image.reference} has no layer {number}", hint=told)
    return number % count, image.layers[number]


def colours(stream: IO[str], no_color: bool) -> bool:
    """Whether to paint what goes there."""
    return stream.isatty() and not no_color and not os.environ.get("NO_COLOR")


def write_lines(lines: Iterable[str]) -> None:
    """Lines to standard output, many at a time: there may be a million."""
    held: list[str] = []
    for line in lines:
        held.append(line)
        if len(held) >= 512:
            sys.stdout.write("\n".join(held) + "\n")
            held.clear()
    if held:
        sys.stdout.write("\n".join(held) + "\n")


def say_absent(message: str, near: Sequence[bytes]) -> None:
    """On stderr: what is not there, and what may have been meant."""
    from jettison.core.escape import show_path, terminal

    click.echo(f"jettison: {terminal(message)}", err=True)
    if near:
        click.echo(f"hint: there is {', '.join('/' + show_path(each) for each in near)}", err=True)


def read_dockerfile(path: Path) -> tuple[str, Dockerfile]:
    """(name, parsed) of a Dockerfile, or of the one in a folder. Raises UsageError, DockerfileError."""
    from jettison.dockerfile.parse import decode, parse

    if path.is_dir():
        names = [path / each for each in ("Dockerfile", "Containerfile")]
        path = next((each for each in names if each.is_file()), names[0])
    try:
        return path.name, parse(decode(path.read_bytes()))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", hint="give the Dockerfile or its folder") from error
