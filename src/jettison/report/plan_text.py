"""What would be tried, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.core.escape import terminal
from jettison.core.units import show_bytes, show_seconds
from jettison.lighten.choose import Candidate
from jettison.lighten.plan import Plan
from jettison.report.layout import pad, wrap
from jettison.report.words import build_words

_LEFT = 14  # columns of the bytes


def plan_text(plan: Plan, *, width: int) -> str:
    """Each change worth a build with what it would save and what its build would take; then what is left out."""
    width = max(width, 40)
    sizes = plan.weight.sizes
    first = f"v0 weighs {show_bytes(sizes.unpacked)} unpacked, built in {build_words(plan.weight)}."
    lines = [*wrap(first, width), ""]
    if plan.tried:
        lines.append("Would be tried, in this order:")
        for candidate in plan.tried:
            lines += _candidate(candidate, width)
        lines += ["", *wrap(_total(plan), width)]
    else:
        lines += wrap(f"Nothing is worth a build: a change must be predicted to save {show_bytes(plan.worth)}.", width)
    if plan.left:
        lines += ["", "Left out:"]
        for finding, why in plan.left:
            text = f"{finding.rule}: {finding.message}; {why}"
            lines += _item("" if finding.proposal else show_bytes(finding.predicted), text, width)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _candidate(candidate: Candidate, width: int) -> Iterator[str]:
    finding = candidate.finding
    title = finding.fix.title if finding.fix is not None else finding.rule
    took = "" if candidate.expected_seconds is None else f"; about {show_seconds(candidate.expected_seconds)} to build"
    how = f" ({finding.fix.applicability.value})" if finding.fix is not None else ""
    yield from _item(_gain(candidate), f"{title}{how}: {finding.message} [{finding.rule}]{took}", width)


def _gain(candidate: Candidate) -> str:
    """Bytes; seconds after a source change where those are the currency."""
    if not candidate.finding.probe:
        return show_bytes(candidate.finding.predicted)
    return "seconds" if candidate.spared_seconds is None else show_seconds(candidate.spared_seconds)


def _item(size: str, text: str, width: int) -> Iterator[str]:
    for number, line in enumerate(wrap(terminal(text), width - _LEFT)):
        yield (pad(size, _LEFT - 2, right=True) + "  " if number == 0 else " " * _LEFT) + line


def _total(plan: Plan) -> str:
    """Two changes may count the same bytes, so the sum is a bound; and so is all that there is."""
    total = min(sum(max(0, each.finding.predicted) for each in plan.tried), plan.weight.sizes.unpacked)
    text = f"{'Together at' if len(plan.tried) > 1 else 'At'} most {show_bytes(total)}"
    rules = [each.finding.rule for each in plan.tried if each.finding.predicted > 0]
    if len(set(rules)) < len(rules):
        text += " (of several ways to the same bytes each is counted)"
    if any(each.finding.probe for each in plan.tried):
        text += " (seconds are those of a build after a source change)"
    known = [each.expected_seconds for each in plan.tried if each.expected_seconds is not None]
    if len(known) == len(plan.tried):
        text += f", about {show_seconds(sum(known))} of builds"
    return text + "; each is then built, weighed and checked before it is kept."
