"""Which finding to try next: most predicted bytes for each second its build is expected to take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from jettison.align import Alignment
from jettison.dockerfile import edit
from jettison.dockerfile.model import Dockerfile, Instruction
from jettison.image.model import Image
from jettison.lighten.recipe import Recipe
from jettison.rule import Finding


@dataclass(frozen=True)
class Candidate:
    """A finding whose fix may be tried, and the text that it makes."""

    finding: Finding
    text: str
    expected_seconds: float | None  # of its build; None where the original's seconds are not known


def candidates(
    findings: Sequence[Finding], dockerfile: Dockerfile, recipe: Recipe, worth: int, seconds: Mapping[str, float]
) -> list[Candidate]:
    """Findings with an allowed fix that is worth a build, best first; `seconds` are by instruction value."""
    found = []
    for finding in findings:
        fix = finding.fix
        if fix is None or finding.predicted < worth or not wanted(finding.rule, recipe):
            continue
        if fix.applicability.rank > recipe.allow.rank and finding.rule not in recipe.select:
            continue
        text = edit.apply(dockerfile.text, fix.edits)
        found.append(Candidate(finding, text, _expected(dockerfile, finding, seconds)))
    return sorted(found, key=_order)


def wanted(rule: str, recipe: Recipe) -> bool:
    """Whether `--select` and `--ignore` leave this rule in."""
    return rule not in recipe.ignore and (not recipe.select or rule in recipe.select)


def _order(candidate: Candidate) -> tuple[float, str, int]:
    seconds = max(candidate.expected_seconds or 1.0, 1.0)
    line = candidate.finding.instruction.line if candidate.finding.instruction else 0
    return (-candidate.finding.predicted / seconds, candidate.finding.rule, line)


def _expected(dockerfile: Dockerfile, finding: Finding, seconds: Mapping[str, float]) -> float | None:
    """Everything from the first edited instruction on runs again."""
    if not seconds or finding.fix is None or not finding.fix.edits:
        return None
    first = min(change.span.start for change in finding.fix.edits)
    return sum(seconds.get(i.value, 0.0) for i in dockerfile.instructions if i.span.end > first)


def instruction_seconds(image: Image, alignment: Alignment, instructions: Sequence[Instruction]) -> dict[str, float]:
    """Seconds of each instruction of a cold build by its value, from the differences of `created` in the history.

    Empty where the history carries no usable times, or rows and instructions were not matched.
    """
    own = [instruction for instruction in instructions if instruction.keyword != "FROM"]
    rows = image.history[-len(own) :] if own else ()
    if not alignment.known or len(rows) != len(own):
        return {}
    times = [_moment(row.created) for row in rows]
    result: dict[str, float] = {}
    for instruction, before, after in zip(own[1:], times, times[1:], strict=False):
        if before is not None and after is not None:
            result[instruction.value] = result.get(instruction.value, 0.0) + max(0.0, (after - before).total_seconds())
    return result


def carry_seconds(seconds: Mapping[str, float], dockerfile: Dockerfile) -> dict[str, float]:
    """The same seconds for an edited text: what the vanished instructions took goes to the new RUNs, evenly."""
    values = {instruction.value for instruction in dockerfile.instructions}
    kept = {value: each for value, each in seconds.items() if value in values}
    lost = sum(seconds.values()) - sum(kept.values())
    new = [i.value for i in dockerfile.instructions if i.keyword == "RUN" and i.value not in seconds]
    return kept | {value: lost / len(new) for value in new}


def _moment(text: str) -> datetime | None:
    """RFC 3339 with nanoseconds, which Python reads to microseconds only."""
    head, dot, tail = text.partition(".")
    digits = "".join(c for c in tail if c.isdigit())[:6]
    try:
        return datetime.fromisoformat(head.removesuffix("Z") + (f".{digits:0<6}" if dot else "") + "+00:00")
    except ValueError:
        return None
