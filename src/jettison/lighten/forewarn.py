"""What the user should know before anything is built: a first build already puts a copied key into an image."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.context.sensitive import sensitive
from jettison.core.errors import DockerfileError, UsageError
from jettison.dockerfile.contexts import given
from jettison.dockerfile.graph import resolve_target, stage_chain
from jettison.dockerfile.parse import parse
from jettison.lighten import events
from jettison.lighten.bench import Bench
from jettison.lighten.choose import wanted
from jettison.subject import Text

RULE = "secrets-copied-in"
_SHOWN = 5


def forewarned(bench: Bench, text: str) -> Iterator[events.Event]:
    """A note for each instruction of the stage that ships which takes keys, passwords or a repository along."""
    if not wanted(RULE, bench.recipe):
        return
    recipe = bench.recipe
    dockerfile = given(parse(text), recipe.contexts, recipe.build_args)
    stage = resolve_target(dockerfile, recipe.target)
    stages = stage_chain(dockerfile, stage, recipe.build_args)
    try:
        views = Text(dockerfile, recipe.project, stage, recipe.build_args, bench.ignore).views
        every = [(view, each) for view in views for each in view.taken(stages)]
        found = [(each.instruction, sensitive(view.sent, each.paths)) for view, each in every]
    except (UsageError, DockerfileError):
        return  # the builder says what is wrong with it
    for instruction, secrets in found:
        if secrets and instruction.keyword != "RUN":
            told = ", ".join(f"{each.path} ({each.why})" for each in secrets[:_SHOWN])
            more = f" and {len(secrets) - _SHOWN} more" if secrets[_SHOWN:] else ""
            yield events.Note(f"line {instruction.line} puts {told}{more} into the image that is built now")
