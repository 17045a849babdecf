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
        if not row["found"]:
            click.echo(f"{row['name']}  not usable: {row['reason']}\n  hint: {row['hint']}")
            continue
        click.echo(f"{row['name']} {row['version']}, builds with {row['builder']}, keeps images by {row['storage']}")
        if old := row["end_of_life"]:
            click.echo(f"  past its end of life: upstream left {old['branch']} on {old['since']} ({old['source']})")
        for key, value in row["capabilities"].items():
            shown = {True: "yes", False: "no"}.get(
                value, ", ".join(value) if isinstance(value, (tuple, list)) else value
            )
            click.echo(f"  {key.replace('_', ' '):<20} {shown}")
    return 0
