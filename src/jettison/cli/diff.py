"""`jettison diff`: what grew and what shrank."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from jettison.cli.options import coloured, opened, put_out, report_options, width
from jettison.compare.images import ImageDiff, compare_images
from jettison.documents.diff import diff_lines
from jettison.documents.provenance import Provenance, provenance_of
from jettison.report.image_diff_markdown import diff_markdown
from jettison.report.image_diff_text import diff_text

_SIZES = ["unpacked", "effective", "waste", "transfer"]


@click.command("diff")
@click.argument("old")
@click.argument("new")
@click.option("--size", "by", type=click.Choice(_SIZES), default="unpacked", show_default=True, help="What decides.")
@click.option("--all", "everything", is_flag=True, help="Every path, not only the folders that tell most.")
@report_options("markdown")
def command(
    old: str,
    new: str,
    by: str,
    everything: bool,
    form: str,
    output: Path | None,
    platform: str | None,
    no_color: bool,
) -> int:
    """Hold two images side by side: what grew and what shrank, by layer, folder, package, cause and class.

    Both may come from anywhere: archives, layouts, stores, registries. Ends with 0 where a container would see the
    same files and config and the size is equal, with 1 where not.
    """
    images = opened(old, platform), opened(new, platform)
    made = provenance_of(images[0]), provenance_of(images[1])
    found = compare_images(*images, by=by, made=(made[0].created_by, made[1].created_by))
    colour = coloured(output, no_color)
    if form == "json" and output is None:
        for piece in diff_lines(found, made):
            sys.stdout.write(piece)
        return int(found.verdict != "same")
    text = _rendered(found, made, form, everything=everything, colour=colour)
    put_out(text, output)
    shown = output is None and form == "text" and sys.stdout.isatty()
    if shown and text.count("\n") >= shutil.get_terminal_size().lines:
        click.echo("\n" + text.partition("\n")[0], color=True)  # the answer has scrolled away
    return int(found.verdict != "same")


def _rendered(
    found: ImageDiff, made: tuple[Provenance, Provenance], form: str, *, everything: bool, colour: bool
) -> str:
    if form == "json":
        return "".join(diff_lines(found, made))
    if form == "markdown":
        return diff_markdown(found, made, everything=everything)
    return diff_text(found, made, width=width(), everything=everything, colour=colour)
