"""The ledger's table in HTML: v0, then each step in the order it was tried, with its bar and its diff."""

from __future__ import annotations

from jettison.core.units import show_bytes
from jettison.lighten.ledger import Ledger, Step, Verdict, Weight
from jettison.report.html_bars import Part, bar, step_bar
from jettison.report.html_markup import NOTHING, Markup, Piece, joined, lines, tag
from jettison.report.html_source import diff_counts, diff_source
from jettison.report.words import build_words, undone

_HEAD = ("version", "change", "unpacked", "transfer", "build", "saved", "predicted", "verdict")
_WORDS = ("version", "change", "verdict")  # columns that hold no number


def size(count: int | None) -> Markup:
    """A size for people, the exact bytes beside it for those who point at it and for machines."""
    if count is None:
        return tag("span", "-", class_="none")
    return tag("data", show_bytes(count), value=count, title=f"{count:,} bytes")


def versions(ledger: Ledger) -> Markup:
    """The whole table. Roles are written out, since a narrow screen lays rows out as blocks."""
    kept = [step.weight.sizes.unpacked for step in ledger.kept if step.weight is not None]
    whole = max(ledger.before.sizes.unpacked, *kept, 1)
    head = tag("tr", *(_column(name) for name in _HEAD), role="row")
    return tag(
        "table",
        lines(
            NOTHING,
            tag("thead", head, role="rowgroup"),
            _original(ledger, whole),
            *(_step(step, number, whole) for number, step in enumerate(ledger.steps, 1)),
            NOTHING,
        ),
        class_="versions",
        role="table",
        aria_labelledby="versions",
    )


def _column(name: str) -> Markup:
    return tag("th", name, scope="col", role="columnheader", class_=None if name in _WORDS else "n")


def _original(ledger: Ledger, whole: int) -> Markup:
    before = ledger.before
    cells = [_name("v0"), _cell("change", tag("b", "the Dockerfile as it is")), *_weight(before)]
    cells += [_cell(name, NOTHING, "empty") for name in ("saved", "predicted", "verdict")]
    drawn = bar([Part(before.sizes.unpacked, "left")], whole, f"v0: {show_bytes(before.sizes.unpacked)}")
    return _group("v0", cells, drawn, "kept")


def _step(step: Step, number: int, whole: int) -> Markup:
    cells = [
        _name(step.version),
        _cell("change", _change(step)),
        *_weight(step.weight),
        _cell("saved", size(step.measured), "n"),
        _cell("predicted", size(step.predicted), "n"),
        _cell("verdict", tag("span", step.verdict.value, class_=_style(step.verdict))),
    ]
    drawn = step_bar(step, whole) if step.verdict.kept else NOTHING
    below = joined(_diff(step), drawn)
    return _group(f"step-{number}", cells, below, "kept" if step.verdict.kept else "undone")


def _group(name: str, cells: list[Markup], below: Markup, style: str) -> Markup:
    rows = [tag("tr", *cells, role="row")]
    if below != NOTHING:
        rows.append(tag("tr", tag("td", below, colspan=len(_HEAD), role="cell"), role="row", class_="below"))
    return tag("tbody", lines(*rows), id=name, class_=style, role="rowgroup")


def _name(version: str) -> Markup:
    shown: Piece = version or tag("span", "-", class_="none")
    return tag("th", shown, scope="row", role="rowheader")


def _cell(name: str, content: Markup, style: str = "") -> Markup:
    return tag("td", content, role="cell", data_label=name, class_=f"{name} {style}".strip())


def _weight(weight: Weight | None) -> list[Markup]:
    unpacked = weight.sizes.unpacked if weight else None
    transfer = weight.sizes.transfer if weight else None
    build = tag("span", build_words(weight), class_=None if weight else "none")
    return [_cell("unpacked", size(unpacked), "n"), _cell("transfer", size(transfer), "n"), _cell("build", build, "n")]


def _change(step: Step) -> Markup:
    """What was done, by which rule and how far that is trusted, and why it did not stay."""
    ran = [f"{step.instructions_run} of {step.instructions} instructions run"] if step.instructions else []
    rules = [tag("code", rule) for rule in step.rules]
    pieces: list[Piece] = [*rules, step.applicability.value, *ran]
    said = undone(step)
    style = "said" if step.verdict.kept else f"said {_style(step.verdict)}"
    reason = tag("p", said, class_=style) if said else NOTHING
    return joined(tag("b", step.title), tag("p", joined(*pieces, between=" · "), class_="rule"), reason)


def _style(verdict: Verdict) -> str:
    if verdict.kept:
        return "good"
    return "warn" if verdict in {Verdict.NO_GAIN, Verdict.SKIPPED} else "bad"


def _diff(step: Step) -> Markup:
    if not step.diff:
        return NOTHING
    summary = tag("summary", "diff: ", diff_counts(step.diff))
    return tag("details", summary, diff_source(step.diff))
