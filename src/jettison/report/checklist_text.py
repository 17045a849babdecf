"""The boxes of the checklist, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jettison.core.escape import terminal
from jettison.report.layout import columns, pad, paint, wrap
from jettison.review.checklist import Box, State

_MARKS = {State.DONE: "[x]", State.NOT: "[ ]", State.NO: "[-]"}
_STYLES = {State.DONE: "green", State.NOT: "yellow", State.NO: "dim"}
_TITLE = 40  # columns


def checklist_text(name: str, boxes: Sequence[Box], *, width: int, colour: bool = False) -> str:
    """One line a box below its group: `[x]` done, `[ ]` not done, `[-]` not applicable, or not told by the text."""
    lines = [paint(terminal(name), "bold", colour=colour)]
    if not boxes:
        lines.append("  it does not parse")
    group = ""
    for box in boxes:
        if box.group != group:
            lines.append(f"  {box.group}")
            group = box.group
        lines += _box(box, width, colour)
    done = sum(box.state is State.DONE for box in boxes)
    asked = sum(box.state is not State.NO for box in boxes)
    lines += [f"  {done} of {asked} done, {len(boxes) - asked} not applicable"] if boxes else []
    return "".join(f"{line}\n" for line in lines)


def _box(box: Box, width: int, colour: bool) -> Iterator[str]:
    why, room = terminal(box.why), max(width - _TITLE - 10, 20)
    head = f"    {paint(_MARKS[box.state], _STYLES[box.state], colour=colour)} "
    if any(columns(word) > room for word in why.split()):  # a rule's name is to be copied: below, it stays one word
        yield head + box.title
        yield from (" " * 10 + line for line in wrap(why, max(width - 10, 20)))
        return
    first, *more = wrap(why, room)
    yield (head + (f"{pad(box.title, _TITLE)}  {first}" if first else box.title)).rstrip()
    yield from (" " * (_TITLE + 10) + line for line in more)
