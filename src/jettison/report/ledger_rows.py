"""The ledger's rows: numbers in a line, below them a bar and what changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jettison.core.escape import terminal
from jettison.core.units import show_bytes
from jettison.lighten.ledger import Ledger, Step, Verdict, Weight
from jettison.report.layout import bar, columns, pad, paint, wrap
from jettison.report.words import build_words, maybe_bytes, undone

INDENT = 2
_GAP = 2
_HEAD = ("", "unpacked", "transfer", "build", "saved", "predicted", "verdict")
_YIELDS = ("transfer", "predicted", "build", "saved")  # which column goes below its row first where there is no room
_LOG_LINES = 4
_COLOURS = {Verdict.NO_GAIN: "yellow", Verdict.SKIPPED: "yellow"}


@dataclass(frozen=True)
class Row:
    """One line of the table: its cells in the order of the head, and what is said below them."""

    cells: tuple[str, ...]
    title: str
    says: str = ""
    size: int = 0  # the bar's
    verdict: Verdict | None = None

    @property
    def style(self) -> str:
        if self.verdict is None:
            return ""
        return "green" if self.verdict.kept else _COLOURS.get(self.verdict, "red")


def rows_of(ledger: Ledger) -> list[Row]:
    """v0, then each step in the order it was tried."""
    before = ledger.before
    first = Row(("v0", *_sizes(before), build_words(before), "", "", ""), "the Dockerfile as it is", "", _size(before))
    return [first, *(_row(step) for step in ledger.steps)]


def _row(step: Step) -> Row:
    cells = (
        step.version,
        *_sizes(step.weight),
        build_words(step.weight),
        maybe_bytes(step.measured),
        show_bytes(step.predicted),
        step.verdict.value,
    )
    size = _size(step.weight) if step.verdict.kept else 0
    title = f"{step.title} [{', '.join(step.rules)}]" if step.rules else step.title
    return Row(cells, terminal(title), terminal(undone(step)), size, step.verdict)


def _sizes(weight: Weight | None) -> tuple[str, str]:
    if weight is None:
        return "-", "-"
    return show_bytes(weight.sizes.unpacked), maybe_bytes(weight.sizes.transfer)


def _size(weight: Weight | None) -> int:
    return 0 if weight is None else weight.sizes.unpacked


def table(rows: Sequence[Row], *, width: int, colour: bool) -> Iterator[str]:
    """The lines, each at most `width` columns; cells for which there is no room stand below their row."""
    shown = _fitting(rows, width)
    widths = {name: max(columns(_HEAD[index]), *(columns(row.cells[index]) for row in rows)) for index, name in shown}
    yield paint(_line(_HEAD, shown, widths), "dim", colour=colour)
    largest = max(row.size for row in rows)
    for row in rows:
        yield _numbers(row, shown, widths, colour)
        yield from _below(row, [name for _, name in shown], (largest, width), colour)


def _fitting(rows: Sequence[Row], width: int) -> list[tuple[int, str]]:
    """The columns for which there is room, as (index, name)."""
    shown = list(enumerate(_HEAD))
    for victim in (*_YIELDS, ""):
        needed = sum(max(columns(name), *(columns(row.cells[index]) for row in rows)) for index, name in shown)
        if INDENT + needed + _GAP * (len(shown) - 1) <= width:
            break
        shown = [each for each in shown if each[1] != victim or not victim]
    return shown


def _line(cells: Sequence[str], shown: Sequence[tuple[int, str]], widths: dict[str, int]) -> str:
    parts = [pad(cells[index], widths[name], right=name not in ("", "verdict")) for index, name in shown]
    return (" " * INDENT + (" " * _GAP).join(parts)).rstrip()


def _numbers(row: Row, shown: Sequence[tuple[int, str]], widths: dict[str, int], colour: bool) -> str:
    line = _line(row.cells, shown, widths)
    if row.verdict is not None and not row.verdict.kept:
        head = line[: len(line) - len(row.cells[-1])]
        return paint(head, "dim", colour=colour) + paint(row.cells[-1], row.style, colour=colour)
    head, version, tail = line.partition(row.cells[0]) if row.cells[0] else (line, "", "")
    if row.verdict is not None:
        middle = tail[: len(tail) - len(row.cells[-1])]
        tail = middle + paint(row.cells[-1], row.style, colour=colour)
    return head + paint(version, "bold", colour=colour) + tail


def _below(row: Row, shown: Sequence[str], room: tuple[int, int], colour: bool) -> Iterator[str]:
    """The bar with what changed beside it, and the reason."""
    largest, width = room
    left = INDENT + 2 + _GAP
    long = max(8, min(width - 56, 32)) if row.size else 0
    at = left + (long + _GAP if long else 0)
    drawn = paint(bar(row.size, largest, long), "green" if row.verdict else "cyan", colour=colour)
    for number, text in enumerate(wrap(row.title, width - at)):
        yield (" " * left + drawn + " " * _GAP if long and number == 0 else " " * at) + text
    for text in _moved(row, shown):
        yield from (" " * at + paint(line, "dim", colour=colour) for line in wrap(text, width - at))
    if row.says:
        for line in wrap(row.says, width - left, most=_LOG_LINES):
            yield " " * left + paint(line, row.style, colour=colour)


def _moved(row: Row, shown: Sequence[str]) -> Iterator[str]:
    """The cells that found no room above, named."""
    hidden = [(name, cell) for name, cell in zip(_HEAD, row.cells, strict=True) if name and name not in shown]
    words = [f"{name} {cell}" for name, cell in hidden if cell and cell != "-"]
    if words:
        yield ", ".join(words)
