"""`jettison why`: the past of a path."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from jettison.cli.options import coloured, opened, put_out, report_options, say_absent, width
from jettison.cli.told import Told, dockerfile_options, made_by
from jettison.core.errors import UsageError
from jettison.documents.why import why_to_json
from jettison.image.near import near_names
from jettison.image.past import past_of
from jettison.image.tar_fields import normalise
from jettison.report.why_text import why_text


@click.command("why")
@click.argument("image")
@click.argument("path")
@dockerfile_options
@report_options()
def command(
    image: str,
    path: str,
    told: Told | None,
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
    found = opened(image, platform)
    past = past_of(found, wanted)
    made = made_by(found, told)
    text = ""
    if form == "json":
        text = json.dumps(why_to_json(found, past, made), indent=2) + "\n"
    elif past.events:
        names = image, told.path.name if told else ""
        colour = coloured(output, no_color)
        text = why_text(past, made, names, width=width(), colour=colour)
    put_out(text, output if text else None)
    if past.events:
        return 0
    say_absent(f"{path} never was in {image}", near_names(found.tree, wanted))
    return 1
