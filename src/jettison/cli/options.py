"""What commands share: options, and how they write to standard output."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from jettison.core import state
from jettison.core.errors import UsageError

if TYPE_CHECKING:
    from jettison.image.model import Image, Layer

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
_INSECURE = "jettison.insecure"  # what the context of a command remembers it by


def format_option(*more: str) -> Decorator:
    """`--format`: text, JSON, and what more there is."""
    forms = click.Choice(["text", "json", *more])
    return click.option("--format", "form", type=forms, default="text", show_default=True)


def output_option() -> Decorator:
    """`-o`; `put_out` obeys it."""
    file = click.Path(path_type=Path)
    return click.option("-o", "--output", type=file, help="Write the report here instead of stdout.")


def color_option() -> Decorator:
    """`--no-color`; `colours` and `coloured` obey it."""
    return click.option("--no-color", is_flag=True, help="No colours; NO_COLOR is honoured as well.")


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


def report_options(*more: str) -> Decorator:
    """What a command takes that reports on images: format, output, platform, insecure, colour."""
    options = (format_option(*more), output_option(), platform_option(), color_option())

    def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorated


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


def width() -> int:
    """Columns of the terminal, 100 where there is none."""
    return shutil.get_terminal_size((100, 24)).columns


_STDOUT = Path("/dev/stdout")  # it may be a file that others write into as well: never one to be replaced


def put_out(text: str, output: Path | None) -> None:
    """A report to standard output, or into the file, device or pipe that -o names. Raises DiskError."""
    if output is None or output == _STDOUT:
        click.echo(text, nl=False, color=True)
        return
    data = text.encode("utf-8", "surrogateescape")
    if output.is_file() or not output.exists():
        state.write_atomically(output, data)
        return
    with state.disk_errors("write", output), output.open("wb") as stream:
        stream.write(data)


def colours(stream: IO[str], no_color: bool) -> bool:
    """Whether to paint what goes there."""
    return stream.isatty() and not no_color and not os.environ.get("NO_COLOR")


def coloured(output: Path | None, no_color: bool) -> bool:
    """Whether to paint a report that `put_out` takes."""
    return output is None and colours(sys.stdout, no_color)


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
