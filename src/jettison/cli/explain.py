"""`jettison explain`: the page of a rule."""

from __future__ import annotations

from difflib import get_close_matches

import click

from jettison.core.errors import UsageError
from jettison.report.rule_page import for_people
from jettison.rule import all_rules


@click.command("explain")
@click.argument("name", required=False, metavar="[RULE]")
def command(name: str | None) -> int:
    """Print the page of RULE; without one, list the rules."""
    rules = {rule.name: rule for rule in all_rules()}
    if name is None:
        width = max(map(len, rules))
        for rule in rules.values():
            click.echo(f"{rule.name:<{width}}  {rule.page.splitlines()[0]}")
        return 0
    if name not in rules:
        near = get_close_matches(name, rules, 1)
        raise UsageError(
            f"there is no rule called {name}",
            hint=f"did you mean {near[0]}?" if near else "`jettison explain` lists the rules",
        )
    click.echo(f"{name}\n\n{for_people(rules[name])}")
    return 0
