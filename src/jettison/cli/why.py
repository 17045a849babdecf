"""`jettison why`: the past of a path."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from jettison.cli.options import (
    color_option,
    coloured,
    dockerfile_options,
    format_option,
    opened,
    output_option,
    platform_option,
    put_out,
    say_absent,
    told_dockerfile,
    width,
)
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
@dockerfile_options()
@format_option()
@output_option()
@platform_option()
@color_option()
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
    dockerfile = told_dockerfile(file, target)
    found = opened(image, platform)
    past = past_of(found, wanted)
    made = provenance_of(found, dockerfile[1] if dockerfile else None, target)
    text = ""
    if form == "json":
        text = json.dumps(why_to_json(found, past, made), indent=2) + "\n"
    elif past.events:
        names = image, dockerfile[0] if dockerfile else ""
        colour = coloured(output, no_color)
        text = why_text(past, made, names, width=width(), colour=colour)
    put_out(text, output if text else None)
    if past.events:
        return 0
    say_absent(f"{path} never was in {image}", near_names(found.tree, wanted))
    return 1
