"""Who decides on a file of the build context, for a terminal: the answer first, then the lines that name the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jettison.context.decision import Decision, Naming, Role, looks_below
from jettison.context.precedence import Precedence
from jettison.core.escape import terminal
from jettison.core.units import show_bytes
from jettison.documents.ignore import Explained, one_line
from jettison.report.counts import plural
from jettison.report.ignore_show import NAMES, NARROWEST, ignore_name
from jettison.report.layout import columns, cut, pad, paint, wrap

_WIDEST = 30  # columns of a pattern


def explain_text(one: Explained, *, width: int, colour: bool) -> str:
    """The answer for one file, in lines of at most `width` columns."""
    found, builder, root = one.decision, one.builder, one.root
    if found is None:
        return _leads_out(one.name, width=width, colour=colour)
    width = max(width, NARROWEST)
    text = f"{terminal(found.path)}{'/' if found.kind == 'directory' else ''}"
    text += f" in the build context {terminal(one.context)}: " if one.context else ": "
    text += "would be " if found.kind is None else ""
    text += "left out" if found.excluded else "let through"
    style = "yellow" if found.excluded else "green"
    lines = [paint(line, style, colour=colour) for line in wrap(text + _size(found), width)]
    lines += [f"  {line}" for line in wrap(_answer(found, builder, root), width - 2)]
    lines += _lines(found, width)
    if any(each.role is Role.IN_VAIN for each in found.namings):
        rule = f"{NAMES[builder.dialect]}: {looks_below(builder.dialect)}"
        lines += [f"  {line}" for line in wrap(rule, width - 2)]
    lines += [f"  {line}" for told in _takers(found) for line in wrap(told, width - 2)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _leads_out(name: str, *, width: int, colour: bool) -> str:
    """The same for a file whose way leads out of the context."""
    why = "a symbolic link on the way leads out of the build context, or in a circle"
    text = f"{terminal(name)}: {why}; no builder follows it there"
    return "\n".join(paint(line, "red", colour=colour) for line in wrap(text, max(width, NARROWEST))) + "\n"


def _size(found: Decision) -> str:
    if found.kind is None:
        return "; nothing is there now"
    if found.inside is not None:
        left, gone = found.inside
        if not gone.files and not found.excluded:
            return f", with {left.files:,} {plural(left.files, 'file')} ({show_bytes(left.bytes)}) in it"
        text = f"; in it {left.files:,} {plural(left.files, 'file')} ({show_bytes(left.bytes)})"
        return f"{text} let through, {gone.files:,} ({show_bytes(gone.bytes)}) not"
    return f", {show_bytes(found.size)}" if found.kind == "file" else f", a {found.kind}"


def _answer(found: Decision, builder: Precedence, root: Path) -> str:
    name = ignore_name(builder, root)
    decider = found.decider
    if builder.file is None:
        return f"{NAMES[builder.dialect]} finds no ignore file: everything is let through"
    if decider is None:
        return f"no line of {name} leaves it out"
    text = f"line {decider.line} of {name} decides: {terminal(decider.written)}"
    if decider.names != found.path:
        text += f" names {terminal(decider.names)} and all that is in it"
    return text


def _lines(found: Decision, width: int) -> Iterator[str]:
    """Where several lines name it: each, in the order of the file."""
    if len(found.namings) < 2 and found.decider is not None:
        return
    widest = min(_WIDEST, max((columns(terminal(each.written)) for each in found.namings), default=0))
    for each in found.namings:
        head = f"    {each.line:>4}  {pad(cut(terminal(each.written), widest), widest)}  "
        yield head + cut(_role(each, found), width - columns(head))


def _role(naming: Naming, found: Decision) -> str:
    if naming.role is Role.DECIDES:
        return "decides"
    if naming.role is Role.IN_VAIN:
        return "in vain: the builder does not look there"
    if naming.role is Role.AGREES:
        return "says the same" if found.decider is not None else "there is nothing to bring back"
    decider = found.decider
    assert decider is not None
    return f"overruled by line {decider.line}"


def _takers(found: Decision) -> Iterator[str]:
    for taken in found.taken_by:
        yield f"taken by line {taken.instruction.line}: {terminal(one_line(taken.instruction))}"
    for taken in found.missed_by:
        does = "names it and does not find it" if found.is_named_by(taken) else "goes without it"
        yield f"line {taken.instruction.line} {does}: {terminal(one_line(taken.instruction))}"
    if not found.taken_by and not found.excluded and found.kind is not None:
        yield "no instruction takes it"
