"""The ledger for a pull request or an issue."""

from __future__ import annotations

import re

from jettison.core.escape import markdown
from jettison.core.units import show_bytes
from jettison.lighten.ledger import Ledger, Step, Weight
from jettison.report.diff import show_diff
from jettison.report.words import Fact, build_words, ends, factor, facts, maybe_bytes, place, undone

_HEAD = "| version | what changed | unpacked | transfer | build | saved | predicted | verdict |"
_RULE = "|:--|:--|--:|--:|--:|--:|--:|:--|"


def ledger_markdown(ledger: Ledger) -> str:
    """GitHub-flavoured Markdown: the sizes, a table of all steps, the proof, the diff."""
    engine = markdown(f"{ledger.platform}, {' '.join(ledger.engine)}")
    lines = [
        f"### {markdown(place(ledger))}",
        "",
        f"**{ends(ledger)}** ({factor(ledger)}) on {engine}",
        "",
        _HEAD,
        _RULE,
    ]
    lines.append(_row(("v0", "the Dockerfile as it is", *_weight(ledger.before), "", "", "")))
    lines += [_step(step) for step in ledger.steps]
    lines.append("")
    for fact in facts(ledger):
        lines += _fact(fact)
    if ledger.diff:
        lines += ["", *_fenced(show_diff(ledger.diff, colour=False), "diff")]
    return "\n".join(lines) + "\n"


def _step(step: Step) -> str:
    title = f"{step.title} [{', '.join(step.rules)}]" if step.rules else step.title
    what = markdown(title) + (f"<br>{markdown(said)}" if (said := undone(step)) else "")
    sizes = _weight(step.weight)
    saved = maybe_bytes(step.measured)
    return _row((step.version, what, *sizes, saved, show_bytes(step.predicted), step.verdict.value))


def _weight(weight: Weight | None) -> tuple[str, str, str]:
    if weight is None:
        return "-", "-", build_words(None)
    return show_bytes(weight.sizes.unpacked), maybe_bytes(weight.sizes.transfer), build_words(weight)


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _fact(fact: Fact) -> list[str]:
    return [f"- **{fact.label}**: {markdown(fact.text)}", *(f"  - {markdown(each)}" for each in fact.details)]


def _fenced(text: str, language: str) -> list[str]:
    """A code block whose fence no line of `text` can close (CommonMark, "Fenced code blocks")."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence + language, *text.rstrip("\n").split("\n"), fence]
