"""Events as lines for people: what is being tried and why, and what came of it."""

from __future__ import annotations

from jettison.core.escape import terminal
from jettison.core.units import show_bytes, show_seconds
from jettison.lighten import events
from jettison.lighten.ledger import Step, Verdict
from jettison.report.words import plural, seconds_words


def describe(event: events.Event) -> str:
    """One line, safe for a terminal, without its line end; empty for an event that needs none."""
    return terminal(_line(event))


def _line(event: events.Event) -> str:
    match event:
        case events.Note(text):
            return f"note: {text}"
        case events.Building():
            return _building(event)
        case events.Built(version, seconds):
            return f"{_name(version)}built in {show_seconds(seconds)}"
        case events.Weighed(version, sizes):
            moved = f", {show_bytes(sizes.transfer)} to transfer" if sizes.transfer is not None else ""
            return f"{_name(version)}weighs {show_bytes(sizes.unpacked)} unpacked{moved}"
        case events.Asking(title):
            return f"{_name('ask')}{title}"
        case events.Recording(text):
            return f"{_name('v0')}watching what it does: {text}"
        case events.Recorded():
            return _recorded(event)
        case events.Checking(version):
            return f"{_name(version)}checking that it still works"
        case events.Done(step):
            return _done(step)
        case events.Verifying(version):
            return f"{_name(version)}proving the result: built cold, weighed and checked once more"
    return ""


_SHOWN = {"verification": "proof", "v0-again": "v0"}


def _name(version: str) -> str:
    """Versions in a column of their own."""
    return f"{_SHOWN.get(version, version):<5} "


def _building(event: events.Building) -> str:
    how = "building cold" if event.cold else "building"
    if event.number == 0 and event.predicted is None:
        return f"{_name(event.version)}{how}: {event.title} ({event.why})"
    known = f" ({event.candidates} known)" if event.candidates else ""
    line = f"{_name(event.version)}try {event.number}{known}: {event.title}, because {event.why}"
    if event.predicted_seconds is not None:
        return f"{line}; predicted {show_seconds(event.predicted_seconds)} less after a source change"
    return line if event.predicted is None else f"{line}; predicted {show_bytes(event.predicted)}"


def _recorded(event: events.Recorded) -> str:
    line = f"{_name('v0')}contract: {event.checks} {plural(event.checks, 'check')}, "
    line += f"{event.exercised} distinct {plural(event.exercised, 'answer')} exercised"
    if event.not_exercised:
        line += f"; not exercised: {', '.join(event.not_exercised)}"
    return "; ".join((line, *event.notes))


def _done(step: Step) -> str:
    """The reason of a step that saved no bytes is its measurement, which is told anyway."""
    weighed = ""
    if step.measured is not None:
        word = "saved" if step.measured >= 0 else "grew by"
        weighed = f"{word} {show_bytes(abs(step.measured))}, predicted {show_bytes(step.predicted)}"
    if step.verdict.kept:
        told = "; ".join(part for part in (seconds_words(step), weighed, step.reason) if part)
        return f"{_name(step.version)}{step.verdict.value}: {told}"
    word = "skipped" if step.verdict is Verdict.SKIPPED else f"undone ({step.verdict.value})"
    told_already = step.verdict is Verdict.NO_GAIN and weighed and step.reason.startswith(("saved", "grew"))
    reason = "" if told_already and step.rebuild is None else step.reason
    return _name("") + ": ".join(part for part in (word, weighed, step.title, reason) if part)
