"""`jettison inspect`: sizes, layers, exact waste and classes of an image."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jettison.cli.options import colours, opened, platform_option, read_dockerfile
from jettison.core import state
from jettison.core.errors import UsageError

if TYPE_CHECKING:
    from jettison.dockerfile.model import Dockerfile
    from jettison.documents.image import Inspection
    from jettison.image.model import Image


@click.command("inspect")
@click.argument("image")
@click.option(
    "-f", "--file", type=click.Path(path_type=Path), help="The Dockerfile of IMAGE, or its folder: for lines."
)
@click.option("--target", help="The stage of the Dockerfile that became IMAGE.")
@click.option("--base-image", metavar="IMAGE", help="What IMAGE stands on; else the store's images are compared.")
@click.option("--packages", is_flag=True, help="Weigh packages: dpkg, apk, rpm, Python, Node and Go.")
@click.option("--measure", is_flag=True, help="Read compressed layers once more, for what each file costs in them.")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("--top", type=click.IntRange(min=0), default=10, show_default=True, help="Rows of waste and of files.")
@platform_option()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the report here instead of stdout.")
@click.option("--no-color", is_flag=True, help="No colours; NO_COLOR is honoured as well.")
def command(
    image: str,
    file: Path | None,
    target: str | None,
    base_image: str | None,
    packages: bool,
    measure: bool,
    form: str,
    top: int,
    platform: str | None,
    output: Path | None,
    no_color: bool,
) -> int:
    """Show what IMAGE weighs: its sizes, its layers, every byte that ships and cannot be seen, and what is hardly used.

    IMAGE is a name, a file or directory (docker-archive, OCI layout or archive), `-` for a `docker save` on
    standard input, or TRANSPORT:PLACE, as skopeo writes it. No engine is needed for files.
    """
    from jettison.documents.image import Asked, inspect_image
    from jettison.documents.provenance import provenance_of

    dockerfile = read_dockerfile(file) if file is not None else None
    if target is not None and dockerfile is None:
        raise UsageError("--target names a stage of a Dockerfile", hint="give it with -f FILE")
    found = opened(image, platform)
    made = provenance_of(found, dockerfile[1] if dockerfile else None, target)
    base = _base(base_image, platform, (dockerfile[1], target) if dockerfile else None)
    inspection = inspect_image(found, made, Asked(top, base, packages, measure))
    colour = output is None and colours(sys.stdout, no_color)
    text = _rendered(inspection, form, top, colour=colour, dockerfile=dockerfile[0] if dockerfile else "")
    if output is None:
        click.echo(text, nl=False, color=True)
    else:
        state.write_atomically(output, text.encode())
    return 0


def _base(
    name: str | None, platform: str | None, dockerfile: tuple[Dockerfile, str | None] | None
) -> tuple[str, Image | None]:
    """The base that was named, opened; or the name that the Dockerfile's FROM tells."""
    if name is not None:
        return name, opened(name, platform)
    if dockerfile is None:
        return "", None
    from jettison.dockerfile.graph import expand_from, resolve_target, stage_chain

    parsed, target = dockerfile
    told = expand_from(parsed, stage_chain(parsed, resolve_target(parsed, target))[0], {})
    return "" if told == "scratch" else told, None


def _rendered(inspection: Inspection, form: str, top: int, *, colour: bool, dockerfile: str) -> str:
    if form == "json":
        from jettison.documents.image_json import image_to_json

        return json.dumps(image_to_json(inspection), indent=2) + "\n"
    if form == "markdown":
        from jettison.report.image_markdown import inspection_markdown

        return inspection_markdown(inspection, top=top)
    from jettison.report.image_text import inspection_text

    width = shutil.get_terminal_size((100, 24)).columns
    return inspection_text(inspection, width=width, top=top, colour=colour, dockerfile=dockerfile)
