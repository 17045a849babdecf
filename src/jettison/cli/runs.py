"""`jettison runs`: what was done before, and what can be resumed."""

from __future__ import annotations

import json

import click

from jettison.cli.options import format_option
from jettison.core.escape import terminal
from jettison.core.units import show_bytes
from jettison.lighten.history import PastRun, past_runs


@click.command("runs")
@format_option()
def command(form: str) -> int:
    """List past runs, newest first."""
    runs = past_runs()
    if form == "json":
        click.echo(json.dumps([vars(run) for run in runs], indent=2))
        return 0
    if not runs:
        click.echo("no runs yet; start with `jettison optimize PATH`")
    width = max((len(run.id) for run in runs), default=0)
    for run in runs:
        click.echo(f"{run.id:<{width}}  {run.state:<11}  {_saved(run):<24}  {terminal(run.project)}")
    return 0


def _saved(run: PastRun) -> str:
    if run.before is None:
        return ""
    return f"{show_bytes(run.before)} -> {show_bytes(run.after if run.after is not None else run.before)}"
