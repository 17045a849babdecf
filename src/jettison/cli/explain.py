"""`jettison explain`: the page of a rule."""

from __future__ import annotations

import sys

import click

from jettison.cli.options import width
from jettison.core.errors import UsageError
from jettison.report.rule_page import WIDTH, for_people, listing
from jettison.review.settings import rules_named
from jettison.rule import all_rules


@click.command("explain")
@click.argument("names", nargs=-1, metavar="[RULE]...")
def command(names: tuple[str, ...]) -> int:
    """Print the page of each RULE; without one, list the rules.

    RULE is a name or a code; what hadolint or BuildKit's checks call the same will do as well.
    """
    rules = all_rules()
    columns = width() if sys.stdout.isatty() else None
    if not names:
        click.echo(listing(rules, columns))
        return 0
    asked = rules_named(names)
    if not asked:
        raise UsageError("no rule is named", hint="`jettison explain` lists the rules")
    pages = [
        f"{each.name} ({each.code})\n\n{for_people(each, columns or WIDTH)}" for each in rules if each.name in asked
    ]
    click.echo("\n\n\n".join(pages))
    return 0
