"""A base that gets no fixes any more."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.bases.end_of_life import ended
from jettison.core.errors import DockerfileError
from jettison.core.values import Severity
from jettison.dockerfile.graph import expand_from, find_stage, stage_chain
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "base-past-end-of-life"


@text_rule("JT302", severity=Severity.NOTE)
def base_past_end_of_life(text: Text) -> Iterator[Finding]:
    """The image that ships stands on a release whose support has ended.

    **What it costs.** No bytes: holes that become known stay open, and package repositories of an old system vanish,
    so that one day it builds no more.

    **The fix** is not jettison's to make: another release of a language or a system is another program. The date is
    the project's own (`bases/end_of_life.py` names the sources); of a release that is not in that list nothing is said.

    **Safety.** Told, never applied.

    This rule's example needs no layers and saves no bytes: it is tested on texts (tests/rules/test_proposals.py).
    """
    stage = stage_chain(text.dockerfile, text.stage, text.build_args)[0]
    if find_stage(text.dockerfile, stage.base, stage.index, text.build_args) is not None:
        return
    try:
        name = expand_from(text.dockerfile, stage, text.build_args)
    except DockerfileError:
        return
    end = ended(name)
    if end is None:
        return
    line = stage.instructions[0]
    message = f"line {line.line} takes {name}, which has had no fixes since {end.isoformat()}"
    proposal = "a newer release gets them, and may break what relies on this one"
    yield Finding(NAME, message, line, 0, proposal=proposal)
