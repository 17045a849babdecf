"""A base that gets no fixes any more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.bases.end_of_life import ended, language_ended
from jettison.core.errors import DockerfileError
from jettison.core.values import Severity
from jettison.dockerfile.graph import expand_from, find_stage, source_stage, stage_chain
from jettison.dockerfile.model import Instruction, Stage
from jettison.dockerfile.values import arguments
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "base-past-end-of-life"
_INTERPRETER = re.compile(
    r"/(?:usr/(?:local/)?|nodejs/)bin/(?:node|nodejs|python[\d.]*|java|php[\d.]*|ruby[\d.]*|perl)"
    r"|/usr/local(?:/bin)?/?|/(?:usr/lib/jvm|opt/java)(?:/.*)?"
)  # where official images have it
_TAKES = "takes"


@text_rule("JT302", severity=Severity.NOTE)
def base_past_end_of_life(text: Text) -> Iterator[Finding]:
    """The image that ships stands on a release whose support has ended, or its interpreter does.

    **What it costs.** No bytes: holes that become known stay open, and package repositories of an old system vanish,
    so that one day it builds no more.

    **The fix** is not jettison's to make: another release of a language or a system is another program. The date is
    the project's own (`bases/end_of_life.py` names the sources); of a release that is not in that list nothing is said.

    **Safety.** Told, never applied.

    This rule's example needs no layers and saves no bytes: it is tested on texts (tests/rules/test_proposals.py).
    """
    told: set[str] = set()
    for instruction, name, how in _taken(text):
        end = ended(name) if how == _TAKES else language_ended(name)
        if end is None or name in told:
            continue
        told.add(name)
        message = f"line {instruction.line} {how} {name}, which has had no fixes since {end.isoformat()}"
        proposal = "a newer release gets them, and may break what relies on this one"
        yield Finding(NAME, message, instruction, 0, proposal=proposal)


def _taken(text: Text) -> Iterator[tuple[Instruction, str, str]]:
    """The base, and the images out of which an interpreter is copied: where that is done, and in which words."""
    chain = stage_chain(text.dockerfile, text.stage, text.build_args)
    yield chain[0].instructions[0], _base(text, chain[0]), _TAKES
    for each in (each for stage in chain for each in stage.instructions if each.keyword == "COPY"):
        origin = each.flag("from")
        what = next((word for word in arguments(each)[:-1] if _INTERPRETER.fullmatch(word)), None) if origin else None
        if origin and what is not None:
            other = source_stage(text.dockerfile, origin)
            yield each, origin if other is None else _base(text, other), f"copies {what} out of"


def _base(text: Text, stage: Stage) -> str:
    """The image that a stage, or the lowest of those that it is FROM, stands on; empty where that is not known."""
    lowest = stage_chain(text.dockerfile, stage, text.build_args)[0]
    if find_stage(text.dockerfile, lowest.base, lowest.index, text.build_args) is not None:
        return ""
    try:
        return expand_from(text.dockerfile, lowest, text.build_args)
    except DockerfileError:
        return ""
