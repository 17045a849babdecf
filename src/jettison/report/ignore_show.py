"""What the build context costs, for a terminal: what leaks in first, then bytes, then who reads which ignore file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from jettison.context.copies import Taken
from jettison.context.cost import Part
from jettison.context.ignore import Dialect
from jettison.context.precedence import Precedence
from jettison.context.secrets import Secret
from jettison.context.walk import Totals
from jettison.core.escape import terminal
from jettison.core.units import show_bytes
from jettison.documents.ignore import Builder, ContextShown, Shown, one_line
from jettison.report.counts import plural
from jettison.report.layout import bar, columns, cut, cut_front, pad, paint, wrap

NARROWEST = 40  # columns
NAMES = {Dialect.BUILDKIT: "BuildKit", Dialect.CLASSIC: "the classic builder", Dialect.BUILDAH: "Buildah"}
_SIZE, _FILES, _BAR = 9, 7, 12  # columns
_MOST = 10  # rows of a table


def ignore_text(shown: Shown, *, width: int, colour: bool) -> str:
    """The report in lines of at most `width` columns."""
    width = max(width, NARROWEST)
    lines = [*_head(shown, width, colour), "", *_sums(shown, width)]
    for title, rows in (
        ("looks like a secret", list(secret_rows(shown.secrets, width, colour))),
        ("what is left, by folder", list(_bars(shown.cost.folders, shown.cost.left, width))),
        ("the largest files", list(_parts(shown.cost.worst, width))),
        ("what takes it", list(_takings(shown.cost.takings, width))),
        ("what nothing takes", list(_untaken(shown, width))),
        *(
            (f"build context {terminal(each.named.name)}", list(_context(each, width, colour)))
            for each in shown.contexts
        ),
        ("which ignore file counts", list(_builders(shown, width))),
        (
            "what could not be read",
            [line for each in shown.skipped for line in _skipped(each.what, each.reason, width)],
        ),
    ):
        if rows:
            lines += ["", paint(title, "bold", colour=colour), *rows]
    lines += ["", *_next(shown, width)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def shown_path(path: Path, root: Path) -> str:
    """A file as people call it: from the context where it lies in it."""
    return terminal(os.path.relpath(path, root) if path.is_relative_to(root) else str(path))


def ignore_name(found: Precedence, root: Path) -> str:
    """The ignore file that counts, in words."""
    return "no ignore file" if found.file is None else shown_path(found.file, root)


def _head(shown: Shown, width: int, colour: bool) -> Iterator[str]:
    what = f"{terminal(str(shown.root))} as {NAMES[shown.builder.dialect]} reads it, "
    what += f"with {ignore_name(shown.builder, shown.root)}"
    yield from (paint(line, "bold", colour=colour) for line in wrap(what, width))
    if shown.dockerfile is None:
        yield from wrap("no Dockerfile is there: what instructions take is not told", width)
    for line, pattern, why in shown.problems:
        text = f"line {line}, {terminal(pattern)}: the builder fails once it asks this pattern: {terminal(why)}"
        yield from (paint(each, "red", colour=colour) for each in wrap(text, width))


def _sums(shown: Shown, width: int) -> Iterator[str]:
    cost = shown.cost
    every = Totals(cost.left.files + cost.ignored.files, cost.left.bytes + cost.ignored.bytes)
    yield _sum(every, "in the directory", width)
    yield _sum(cost.ignored, "kept back by the ignore file", width)
    yield _sum(cost.left, "left: what a COPY may take", width)
    if shown.dockerfile is None and shown.builder.dialect is not Dialect.CLASSIC:
        return
    if cost.sent is None:
        yield from wrap("how much is sent is not known: an instruction's sources hold an unknown variable", width)
    elif shown.builder.dialect is Dialect.BUILDAH:
        yield from wrap("nothing is sent: Buildah reads the directory where it is", width)
    else:
        yield _sum(cost.sent, f"sent to {NAMES[shown.builder.dialect]}", width)


def _sum(found: Totals, what: str, width: int) -> str:
    return cut(f"  {_numbers(found.bytes, found.files)} {plural(found.files, 'file')} {what}", width)


def _numbers(size: int, files: int) -> str:
    return f"{pad(show_bytes(size), _SIZE, right=True)}  {pad(f'{files:,}', _FILES, right=True)}"


def secret_rows(secrets: Sequence[Secret], width: int, colour: bool) -> Iterator[str]:
    """A line or two for each of the worst; those that an instruction copies in are red."""
    for each in secrets[:_MOST]:
        lines = [taken.instruction.line for taken in each.copied_by]
        by = f"line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))}"
        end = f"{by} copies it in" if len(lines) == 1 else f"{by} copy it in" if lines else "nothing copies it in"
        text = f"{terminal(each.found.path)}: {each.found.why}; {end}"
        for number, line in enumerate(wrap(text, width - 4)):
            yield ("  " if number == 0 else "    ") + paint(line, "red" if lines else "yellow", colour=colour)
    if len(secrets) > _MOST:
        yield f"  and {len(secrets) - _MOST} more; --format json lists all"


def _bars(parts: Sequence[Part], whole: Totals, width: int) -> Iterator[str]:
    for each in parts[:_MOST]:
        head = f"  {_numbers(each.bytes, each.files)}  {bar(each.bytes, whole.bytes, _BAR)}  "
        yield head + cut_front(terminal(each.path) + "/" if each.path else "./", width - columns(head))
    yield from _rest(parts)


def _parts(parts: Sequence[Part], width: int) -> Iterator[str]:
    for each in parts[:_MOST]:
        head = f"  {pad(show_bytes(each.bytes), _SIZE, right=True)}  "
        yield head + cut_front(terminal(each.path), width - columns(head))


def _rest(parts: Sequence[Part]) -> Iterator[str]:
    if rest := parts[_MOST:]:
        text = f"{_numbers(sum(each.bytes for each in rest), sum(each.files for each in rest))}  "
        yield f"  {text}in {len(rest)} more {plural(len(rest), 'folder')}"


def _context(shown: ContextShown, width: int, colour: bool) -> Iterator[str]:
    """What a named build context holds and who takes it."""
    value, left = terminal(shown.value), shown.left
    if left is None:
        yield from ("  " + line for line in wrap(f"{value}: it is not looked into", width - 2))
        return
    yield from ("  " + line for line in wrap(value, width - 2))
    if shown.file is not None:
        yield _sum(left.ignored, f"kept back by its {shown.file.name}", width)
    yield _sum(left.totals, "left: what a COPY may take", width)
    yield from secret_rows(shown.secrets, width, colour)
    yield from _takings(shown.takings, width)
    yield from (line for each in left.skipped for line in _skipped(each.what, each.reason, width))


def _takings(takings: Sequence[Taken], width: int) -> Iterator[str]:
    for each in takings:
        instruction = each.instruction
        head = f"  {_numbers(each.bytes, len(each.paths))}  line {instruction.line:<4} "
        yield head + cut(terminal(one_line(instruction)), width - columns(head))
        for told in _remarks(each):
            yield from ("      " + line for line in wrap(told, width - 6))


def _remarks(taken: Taken) -> Iterator[str]:
    if taken.missing:
        yield f"nothing that is left answers to {', '.join(map(terminal, taken.missing))}: the build fails here"
    if taken.unknown:
        yield f"what {', '.join(map(terminal, taken.unknown))} means is not known: it may be anything"
    if taken.remote:
        yield f"and {len(taken.remote)} {plural(len(taken.remote), 'address')} that ADD fetches"
    if taken.archives:
        yield f"unpacks {', '.join(map(terminal, taken.archives))}: its bytes in the image are others"


def _untaken(shown: Shown, width: int) -> Iterator[str]:
    cost = shown.cost
    if cost.untaken is None or not cost.untaken.files or not cost.takings:
        return
    yield _sum(cost.untaken, "", width)
    yield from _bars(cost.untaken_folders, cost.untaken, width)


def _builders(shown: Shown, width: int) -> Iterator[str]:
    for each in shown.builders:
        name = NAMES[each.precedence.dialect]
        text = f"{name}: {ignore_name(each.precedence, shown.root)}{_does(each)}"
        unused = [shown_path(path, shown.root) for path in each.precedence.unused]
        if unused:
            text += f"; {' and '.join(unused)} {'do' if len(unused) > 1 else 'does'} not count"
        for number, line in enumerate(wrap(text, width - 4)):
            yield ("  " if number == 0 else "    ") + line


def _does(builder: Builder) -> str:
    if builder.refused:
        return f", and refuses it: {terminal(builder.refused)}"
    if builder.ignored is None or builder.precedence.file is None:
        return ""
    found = builder.ignored
    return f" keeps back {show_bytes(found.bytes)} in {found.files:,} {plural(found.files, 'file')}"


def _skipped(what: str, reason: str, width: int) -> list[str]:
    return ["  " + line for line in wrap(f"{terminal(what) or '.'}: {terminal(reason)}", width - 2)]


def _next(shown: Shown, width: int) -> Iterator[str]:
    yield from wrap("who decides on a file:  jettison ignore explain FILE", width)
    if shown.dockerfile is not None:
        yield from wrap("what else could stay out:  jettison ignore write --diff", width)
