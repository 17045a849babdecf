"""`jettison ls`: what is in an image."""

from __future__ import annotations

import os
import sys

import click

from jettison.cli.options import (
    color_option,
    colours,
    format_option,
    layer_of,
    layer_option,
    opened,
    platform_option,
    say_absent,
    write_lines,
)
from jettison.core.errors import UsageError
from jettison.image.listing import Row, is_wild, list_layer, list_tree
from jettison.image.near import near_names
from jettison.image.tree import Tree
from jettison.report.listing_text import listing_json, listing_lines


@click.command("ls")
@click.argument("image")
@click.argument("patterns", nargs=-1, metavar="[PATTERN]")
@click.option("-R", "--recursive", is_flag=True, help="Everything below, not only what lies directly in it.")
@click.option("-S", "--by-size", is_flag=True, help="The biggest first.")
@layer_option("Only what this layer holds, its whiteouts too")
@click.option("--bytes", "exact", is_flag=True, help="Sizes in bytes.")
@format_option()
@platform_option()
@color_option()
def command(
    image: str,
    patterns: tuple[str, ...],
    recursive: bool,
    by_size: bool,
    layer: int | None,
    exact: bool,
    form: str,
    platform: str | None,
    no_color: bool,
) -> int:
    """List what a container of IMAGE would see, or what one layer holds, without an engine.

    PATTERN is a path or a pattern: `/etc`, `'/usr/lib/*.so*'`, `'*.pyc'` (anywhere), `'/app/**/test'`. Each line has
    mode, owner, size, day, the layer that it came with (L0 is the lowest) and the path; a folder's size is that of
    all below it. `--format json` writes an object a line. Ends with 1 where nothing is of that name.
    """
    if len(patterns) > 1:
        raise UsageError(
            f"ls takes one path or pattern, and was given {len(patterns)}",
            hint="quote a pattern, so that the shell leaves it as it is: '*.pyc'",
        )
    pattern = patterns[0] if patterns else "/"
    found, wanted = opened(image, platform, whole=layer is None), os.fsencode(pattern)
    if layer is None:
        rows = list_tree(found, wanted, recursive=recursive)
    else:
        number, chosen = layer_of(found, layer)
        rows = list_layer(chosen, number, wanted)
    if by_size:
        rows = iter(sorted(rows, key=_weight))
    first = next(rows, None)
    if first is None:
        return _nothing(image, pattern, found.tree if layer is None else None, wanted)
    listed = (row for part in ((first,), rows) for row in part)
    if form == "json":
        write_lines(listing_json(listed))
    else:
        write_lines(listing_lines(listed, exact=exact, colour=colours(sys.stdout, no_color)))
    return 0


def _weight(row: Row) -> tuple[int, bytes]:
    return -(row.entry.size or row.below or 0), row.entry.path


def _nothing(image: str, pattern: str, tree: Tree | None, wanted: bytes) -> int:
    """0 for a folder that is there and empty; else 1, and a word on stderr."""
    if tree is None:
        say_absent(f"that layer of {image} holds nothing called {pattern}", [])
        return 1
    if not is_wild(wanted) and tree.resolve(wanted) is not None:
        return 0
    near = [] if is_wild(wanted) else near_names(tree, wanted)
    say_absent(f"{image} has nothing called {pattern}", near)
    return 1
