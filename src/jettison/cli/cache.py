"""`jettison cache`: what is kept of images that were read before."""

from __future__ import annotations

import json

import click

from jettison.cli.options import format_option
from jettison.core.escape import terminal
from jettison.core.units import show_bytes
from jettison.image.cache import user_cache, why_none


@click.command("cache")
@click.argument("action", type=click.Choice(["show", "clear"]), default="show")
@format_option()
def command(action: str, form: str) -> int:
    """Show or clear what is kept of layers that were read before.

    It is made anew where it is missing: nothing but time is lost with it. It lies in $JETTISON_CACHE, else
    $XDG_CACHE_HOME/jettison, and takes at most $JETTISON_CACHE_SIZE (2GB; 0 for none).
    """
    cache = user_cache()
    if cache is None:
        told: dict[str, object] = {"where": None, "entries": 0, "bytes": 0, "bound": 0}
        text = f"nothing is kept: {why_none()}"
    elif action == "clear":
        count, size = cache.clear()
        told = {"where": str(cache.folder), "removed": count, "bytes": size}
        text = f"removed {count} entries, {show_bytes(size)}, of {cache.folder}"
    else:
        kept = cache.kept()
        size = sum(each.bytes for each in kept)
        told = {"where": str(cache.folder), "entries": len(kept), "bytes": size, "bound": cache.bound}
        text = f"{len(kept)} entries, {show_bytes(size)} of at most {show_bytes(cache.bound)}, in {cache.folder}"
    click.echo(json.dumps(told, indent=2) if form == "json" else terminal(text))
    return 0
