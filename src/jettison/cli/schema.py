"""`jettison schema`: the JSON Schema of a document."""

from __future__ import annotations

import json

import click

from jettison.documents.schemas import schema, schema_names


@click.command("schema")
@click.argument("name", required=False)
def command(name: str | None) -> int:
    """Print the JSON Schema called NAME; without one, list them."""
    if name is None:
        click.echo("\n".join(schema_names()))
    else:
        click.echo(json.dumps(schema(name), indent=2))
    return 0
