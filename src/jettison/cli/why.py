"""`jettison why`: the past of a path."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import click

from jettison.cli.options import colours, opened, platform_option, read_dockerfile, say_absent
from jettison.core import state
from jettison.core.errors import UsageError
from jettison.documents.provenance import provenance_of
from jettison.documents.why import why_to_json
from jettison.image.near import near_names
from jettison.image.past import past_of
from jettison.image.tar_fields import normalise
from jettison.report.why_text import why_text


@click.command("why")
@click.argument("image")
@click.argument("path")
@click.option(
    "-f", "--file", type=click.Path(path_type=Path), help="The Dockerfile of IMAGE, or its folder: for lines."
)
@click.option("--target", help="The stage of the Dockerfile that became IMAGE.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the report here instead of stdout.")
@platform_option()
@click.option("--no-color", is_flag=True, help="No colours; NO_COLOR is honoured as well.")
def command(
    image: str,
    path: str,
    file: Path | None,
    target: str | None,
    form: str,
    output: Path | None,
    platform: str | None,
    no_color: bool,
) -> int:
    """Tell which layers of IMAGE added, changed, removed or hid PATH, and which instructions made those layers.

    Symbolic links among its folders are followed, whiteouts, opaque directories and hard links taken for what they
    do. Of a directory all that is below it counts. Ends with 1 where PATH never was in the image.
    """
    wanted = os.fsencode(path)
    if not normalise(wanted):
        raise UsageError("every layer makes the root", hint=f"`jettison inspect {image}` shows the layers")
    dockerfile = read_dockerfile(file) if file is not None else None
    if target is not None and dockerfile is None:
        raise UsageError("--target names a stage of a Dockerfile", hint="give it with -f FILE")
    found = opened(image, platform)
    past = past_of(found, wanted)
    made = provenance_of(found, dockerfile[1] if dockerfile else None, target)
    text = ""
    if form == "json":
        text = json.dumps(why_to_json(found, past, made), indent=2) + "\n"
    elif past.events:
        width = shutil.get_terminal_size((100, 24)).columns
        names = image, dockerfile[0] if dockerfile else ""
        colour = output is None and colours(sys.stdout, no_color)
        text = why_text(past, made, names, width=width, colour=colour)
    if output is not None and text:
        state.write_atomically(output, text.encode())
    else:
        click.echo(text, nl=False, color=True)
    if past.events:
        return 0
    say_absent(f"{path} never was in {image}", near_names(found.tree, wanted))
    return 1
