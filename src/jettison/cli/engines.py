"""`jettison engines`: what is here, and what it can do."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from typing import Any

import click

from jettison.cli.options import format_option
from jettison.core.errors import EngineError
from jettison.engine.ages import SOURCE, end_of_life
from jettison.engine.find import ENGINES, find_engine

_SAYS = {
    "ports_published": "reaches containers by published ports",
    "private_network": "gives each container a network of its own",
    "signals_seen": "tells death by a signal from an exit code",
    "healthchecks": "runs HEALTHCHECK by itself",
    "limits": "limits a container's memory and processes",
    "secrets": "RUN --mount=type=secret",
    "heredocs": "heredocs (RUN <<EOF)",
    "copy_link": "COPY --link",
    "empty_run_is_layer": "makes a layer of a RUN that changes nothing",
    "ignore_files": "ignore files, the first that is there",
    "ignore_file_apart": "builds with an ignore file from elsewhere",
    "build_networks": "builds in another network where told so",
    "build_contexts": "named build contexts",
    "cache_mounts": "RUN --mount=type=cache",
    "limits_by": "limits by",
}


@click.command("engines")
@format_option()
def command(form: str) -> int:
    """List engines: versions, age, storage, capabilities; what is not here says why."""
    rows: list[dict[str, Any]] = []
    for name in ENGINES:
        try:
            engine = find_engine(name)
        except EngineError as error:
            rows.append({"name": name, "found": False, "reason": error.message, "hint": error.hint})
            continue
        old = end_of_life(name, engine.version, date.today())
        rows.append(
            {
                "name": name,
                "found": True,
                "version": engine.version,
                "end_of_life": {"branch": old.branch, "since": old.since.isoformat(), "source": SOURCE}
                if old
                else None,
                "builder": engine.builder,
                "storage": engine.storage,
                "capabilities": dataclasses.asdict(engine.capabilities),
            }
        )
    if form == "json":
        click.echo(json.dumps(rows, indent=2))
        return 0
    for row in rows:
        _show(row)
    first = next((row["name"] for row in rows if row["found"]), None)
    if first is not None:
        click.echo(f"{first} is taken where no --engine names another: the first that works")
    return 0


def _show(row: dict[str, Any]) -> None:
    if not row["found"]:
        click.echo(f"{row['name']}  not usable: {row['reason']}\n  hint: {row['hint']}\n")
        return
    click.echo(f"{row['name']} {row['version']}, builds with {row['builder']}, keeps images by {row['storage']}")
    if old := row["end_of_life"]:
        click.echo(f"  past its end of life: upstream left {old['branch']} on {old['since']}\n    ({old['source']})")
    for key, value in row["capabilities"].items():
        if isinstance(value, (tuple, list)):
            click.echo(f"  {_SAYS[key]}:")
            click.echo("".join(f"    {each}\n" for each in value), nl=False)
        elif value != "":
            click.echo(f"  {_SAYS[key]:<44} {({True: 'yes', False: 'no'}).get(value, value)}")
    click.echo()
