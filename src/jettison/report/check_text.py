"""What `check` found, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jettison.core.escape import terminal
from jettison.core.units import show_bytes
from jettison.core.values import Severity
from jettison.documents.check import Checked, Row
from jettison.report.check_words import headline, remedy, summary
from jettison.report.counts import plural
from jettison.report.layout import columns, pad, paint, wrap
from jettison.review.model import Remark

STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_INDENT = "    "
_LEAST = 40  # columns that text is given, however narrow the terminal


@dataclass(frozen=True)
class Look:
    """How much is said, and how wide; `limit`: remedies for what is at least as grave as that, None for none."""

    width: int
    colour: bool = False
    limit: Severity | None = Severity.WARNING


def check_text(checked: Checked, look: Look) -> str:
    """Each finding with its place first, as editors and people click on it; a line that counts at the end."""
    lines: list[str] = []
    colour, quiet = look.colour, look.limit is None
    for remark in checked.remarks:
        lines += _finding(remark, look)
    for each in checked.files:
        lines += [f"{terminal(each.source.name)}: not looked at: {terminal(one.what)}: {terminal(one.reason)}"
                  for one in each.skipped if not quiet]  # fmt: skip
    lines += [f"{terminal(what)}: not looked at: {terminal(why)}" for what, why in checked.skipped if not quiet]
    if not quiet:
        lines.append(paint(summary(checked), "bold", colour=colour))
    return "".join(f"{line}\n" for line in lines)


def _finding(remark: Remark, look: Look) -> Iterator[str]:
    width, colour = look.width, look.colour
    where = f"{terminal(remark.where.file)}:{remark.where.line}:{remark.where.column}"
    word = remark.severity.value
    painted = f"{paint(where, 'bold', colour=colour)}: {paint(word, STYLES[remark.severity], colour=colour)}: "
    yield from _flow(painted, columns(f"{where}: {word}: "), f"{terminal(headline(remark))} [{remark.rule}]", width)
    told = terminal(remedy(remark))
    if told and look.limit is not None and remark.severity.rank <= look.limit.rank:
        room = max(width - len(_INDENT), _LEAST)
        yield from (paint(_INDENT + line, "dim", colour=colour) for line in wrap(told, room))


def _flow(head: str, taken: int, text: str, width: int) -> Iterator[str]:
    """`text` behind `head`, which takes so many columns, and below it as far as it needs more lines."""
    words = text.split()
    first = 0  # how many words stand behind the head
    for word in words:
        taken += columns(word) + 1
        if taken > width + 1:
            break
        first += 1
    yield (head + " ".join(words[:first])).rstrip()
    if words[first:]:
        yield from (_INDENT + line for line in wrap(" ".join(words[first:]), max(width - len(_INDENT), _LEAST)))


def statistics_text(rows: Sequence[Row]) -> str:
    """One line a rule: how many findings in how many files, and their bytes where these were measured."""
    if not rows:
        return "nothing found\n"
    number, name = len(str(rows[0].findings)), max(len(row.rule) for row in rows)
    lines = []
    for row in rows:
        files = f"in {row.files} {plural(row.files, 'file')}"
        size = f", {show_bytes(row.predicted)}" if row.predicted > 0 else ""
        lines.append(
            f"{pad(str(row.findings), number, right=True)}  {row.code}  {pad(row.rule, name)}  {files}{size}\n"
        )
    return "".join(lines)
