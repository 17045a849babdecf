"""`jettison inspect`: sizes, layers and exact waste of an image."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import click

from jettison.core import state
from jettison.documents.image import Inspection, image_to_json, inspect_image
from jettison.image.open import open_image
from jettison.report.image_markdown import inspection_markdown
from jettison.report.image_text import inspection_text


@click.command("inspect")
@click.argument("image")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("--top", type=click.IntRange(min=0), default=10, show_default=True, help="Rows of waste and of files.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the report here instead of stdout.")
@click.option("--no-color", is_flag=True, help="No colours; NO_COLOR is honoured as well.")
def command(image: str, form: str, top: int, output: Path | None, no_color: bool) -> int:
    """Show what IMAGE weighs: its sizes, its layers, and every byte that ships and cannot be seen.

    IMAGE is a name, a file or directory (docker-archive, OCI layout or archive), `-` for a `docker save` on
    standard input, or TRANSPORT:PLACE, as skopeo writes it. No engine is needed for files.
    """
    colour = output is None and sys.stdout.isatty() and not no_color and not os.environ.get("NO_COLOR")
    text = _rendered(inspect_image(open_image(image), top=top), form, top, colour=colour)
    if output is None:
        click.echo(text, nl=False, color=True)
    else:
        state.write_atomically(output, text.encode())
    return 0


def _rendered(inspection: Inspection, form: str, top: int, *, colour: bool) -> str:
    if form == "json":
        return json.dumps(image_to_json(inspection), indent=2) + "\n"
    if form == "markdown":
        return inspection_markdown(inspection, top=top)
    width = shutil.get_terminal_size((100, 24)).columns
    return inspection_text(inspection, width=width, top=top, colour=colour)
