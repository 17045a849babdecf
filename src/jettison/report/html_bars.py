"""Sizes as bars, in inline SVG: widths are shares, so a bar fits whatever width it is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jettison.core.units import show_bytes
from jettison.lighten.ledger import Ledger, Step
from jettison.report.html_markup import NOTHING, Markup, joined, tag
from jettison.report.words import ends

_SLIVER = 0.25  # percent; what is not nothing is seen
_GROWN = 0.01  # of what was saved; what steps for other currencies than bytes may have added and is not seen
_ROOM = 7.0  # percent; a narrower part has no room for its name
_THICK = 28
_THIN = 5


@dataclass(frozen=True)
class Part:
    """Some bytes of a bar: `left` are in the image still, `took` were taken away."""

    count: int
    style: str  # left, took
    name: str = ""


def bar(parts: Sequence[Part], whole: int, says: str) -> Markup:
    """A thin bar, `whole` bytes wide, with its parts from the left."""
    return _svg(_rects(parts, whole, _THIN), _THIN, says)


def step_bar(step: Step, whole: int) -> Markup:
    """What an image weighs after a kept step, and what that step took away."""
    if step.weight is None:
        return NOTHING
    left, took = step.weight.sizes.unpacked, max(0, step.measured or 0)
    grown = max(0, -(step.measured or 0))
    moved = f"{show_bytes(grown)} more" if grown else f"{show_bytes(took)} less"
    says = f"{step.version}: {show_bytes(left)}, {moved} than before it"
    return bar([Part(left, "left"), Part(took, "took")], whole, says)


def shares(ledger: Ledger) -> Markup:
    """One bar for the whole run: what is left, then what each kept step took away, the last one first."""
    parts = _shares(ledger)
    whole = max(ledger.before.sizes.unpacked, sum(part.count for part in parts))
    said = ", ".join(f"{part.name} {show_bytes(part.count)}" for part in parts if part.name)
    names = tuple(_names(parts, whole))
    return _svg(
        (*_rects(parts, whole, _THICK), *names), _THICK + 18, f"{ends(ledger)}: {said}" if said else ends(ledger)
    )


def _shares(ledger: Ledger) -> list[Part]:
    left, kept = Part(ledger.after.sizes.unpacked, "left", "left"), ledger.kept[::-1]
    gone = ledger.before.sizes.unpacked - left.count
    grown = -sum(min(0, step.measured or 0) for step in kept)
    if grown > gone * _GROWN or sum(step.measured or 0 for step in kept) != gone:
        return [left, Part(max(0, gone), "took")]  # a step that grew has no width: only both ends are drawn
    return [left, *(Part(max(0, step.measured or 0), "took", step.version) for step in kept)]


def _rects(parts: Sequence[Part], whole: int, height: int) -> Iterator[Markup]:
    for part, at, width in _spread(parts, whole):
        if width:
            yield tag("rect", x=f"{at:.2f}%", width=f"{width:.2f}%", height=height, class_=part.style)
            if at and height == _THICK:
                yield tag("rect", x=f"{at:.2f}%", width=1, height=height, class_="gap")


def _names(parts: Sequence[Part], whole: int) -> Iterator[Markup]:
    for part, at, width in _spread(parts, whole):
        if part.name and width >= _ROOM:
            yield tag("text", part.name, x=f"{at:.2f}%", y=_THICK + 15)


def _spread(parts: Sequence[Part], whole: int) -> Iterator[tuple[Part, float, float]]:
    """Each part with its place and width in percent of `whole`."""
    at = 0.0
    for part in parts:
        width = part.count / whole * 100 if whole > 0 and part.count > 0 else 0.0
        yield part, at, max(_SLIVER, width) if width else 0.0
        at += width


def _svg(pieces: Iterator[Markup] | Sequence[Markup], height: int, says: str) -> Markup:
    return tag("svg", tag("title", says), joined(*pieces), role="img", aria_label=says, width="100%", height=height)
