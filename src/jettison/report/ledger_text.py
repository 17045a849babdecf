"""The ledger for a terminal: both ends, each step, why one may believe it, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.core.escape import terminal
from jettison.lighten.ledger import Ledger
from jettison.report.layout import columns, cut_front, paint, wrap
from jettison.report.ledger_rows import INDENT, rows_of, table
from jettison.report.words import Fact, ends, factor, facts, next_steps, place

NARROWEST = 40  # columns; below that lines are wrapped by the terminal itself
_LABEL = 9


def ledger_table(ledger: Ledger, *, width: int, colour: bool, written: bool = False) -> str:
    """The whole report, lines of at most `width` columns; `written`: the result is already in place."""
    width = max(width, NARROWEST)
    lines = [*_head(ledger, width, colour), "", *table(rows_of(ledger), width=width, colour=colour), ""]
    for fact in facts(ledger):
        lines += _fact(fact, width, colour)
    steps = list(next_steps(ledger, written=written))
    if steps:
        lines += ["", *(line for step in steps for line in _next(step, width, colour))]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _head(ledger: Ledger, width: int, colour: bool) -> Iterator[str]:
    engine = terminal(f"{ledger.platform}, {' '.join(ledger.engine)}".strip())
    where = terminal(place(ledger))
    room = width - columns(engine) - INDENT
    if columns(where) <= room:
        yield paint(where, "bold", colour=colour) + "  " + paint(engine, "dim", colour=colour)
    else:
        yield paint(cut_front(where, width), "bold", colour=colour)
        yield from (paint(line, "dim", colour=colour) for line in wrap(engine, width))
    yield ""
    sizes, words = ends(ledger), factor(ledger)
    if INDENT + columns(sizes) + 3 + columns(words) <= width:
        yield " " * INDENT + paint(sizes, "bold", colour=colour) + "   " + words
    else:
        yield " " * INDENT + paint(sizes, "bold", colour=colour)
        yield from (" " * INDENT + line for line in wrap(words, width - INDENT))


def _fact(fact: Fact, width: int, colour: bool) -> Iterator[str]:
    left = INDENT + _LABEL
    style = {True: "green", False: "red", None: "dim"}[fact.good]
    label = " " * INDENT + paint(fact.label, style, colour=colour) + " " * (_LABEL - len(fact.label))
    for number, line in enumerate(wrap(terminal(fact.text), width - left)):
        yield (label if number == 0 else " " * left) + line
    for detail in fact.details:
        for line in wrap(terminal(detail), width - left, most=4):
            yield " " * left + paint(line, "dim", colour=colour)


def _next(step: tuple[str, str], width: int, colour: bool) -> Iterator[str]:
    flag, does = step
    left = INDENT + 14
    for number, line in enumerate(wrap(terminal(does), width - left)):
        head = " " * INDENT + paint(flag, "cyan", colour=colour) + " " * (14 - len(flag)) if number == 0 else " " * left
        yield head + line
