"""`jettison engines`: what is here, and what it can do."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import click

from jettison.core.errors import EngineError
from jettison.engine.find import ENGINES, find_engine


@click.command("engines")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(form: str) -> int:
    """List engines, their versions and capabilities; what is not here says why."""
    rows: list[dict[str, Any]] = []
    for name in ENGINES:
        try:
            engine = find_engine(name)
        except EngineError as error:
            rows.append({"name": name, "found": False, "reason": error.message, "hint": error.hint})
            continue
        capabilities = dataclasses.asdict(engine.capabilities)
        found = {"name": name, "found": True, "version": engine.version, "builder": engine.builder}
        rows.append({**found, "capabilities": capabilities})
    if form == "json":
        click.echo(json.dumps(rows, indent=2))
        return 0
    for row in rows:
        if not row["found"]:
            click.echo(f"{row['name']}  not usable: {row['reason']}\n  hint: {row['hint']}")
            continue
        click.echo(f"{row['name']} {row['version']}, builds with {row['builder']}")
        for key, value in row["capabilities"].items():
            shown = {True: "yes", False: "no"}.get(
                value, ", ".join(value) if isinstance(value, (tuple, list)) else value
            )
            click.echo(f"  {key.replace('_', ' '):<20} {shown}")
    return 0
