"""An inspection for a terminal: sizes, layers, what is dead and why, what is hardly needed, where the bytes lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from jettison.core.escape import show_path, terminal
from jettison.core.units import show_bytes
from jettison.documents.image import Inspection, files_of
from jettison.report.check_text import STYLES
from jettison.report.counts import maybe_bytes, plural
from jettison.report.image_words import (
    CAUSES,
    base_sentence,
    classes_sentence,
    dive_sentence,
    engines_sentence,
    instruction,
    next_steps,
    rows_sentence,
    size_words,
    waste_sentence,
)
from jettison.report.layout import bar, columns, cut, cut_front, pad, paint, wrap
from jettison.waste.folders import heaps
from jettison.waste.rows import WasteRow

NARROWEST = 40  # columns
_BAR = 8
_SIZE = 9  # columns of a size
_FEW = 6  # rows of classes, folders and packages


def inspection_text(inspection: Inspection, *, width: int, top: int, colour: bool, dockerfile: str = "") -> str:
    """The report in lines of at most `width` columns, but for commands; `top` rows of waste and of files."""
    width = max(width, NARROWEST)
    parts = [
        _head(inspection, width, colour),
        _sizes(inspection, width, colour),
        _layers(inspection, dockerfile, width, colour),
        _waste(inspection, (width, top), colour),
        _classes(inspection, width, colour),
        _folders(inspection, width, colour),
        _packages(inspection, width, colour),
        _largest(inspection, width, colour),
        _findings(inspection, (width, top), colour),
        _ends(inspection, width, colour),
    ]
    shown = ["\n".join(line.rstrip() for line in lines) for part in parts if (lines := list(part))]
    return "\n\n".join(shown) + "\n"


def _head(inspection: Inspection, width: int, colour: bool) -> Iterator[str]:
    image, programs = inspection.image, inspection.executables.in_path
    yield paint(cut_front(terminal(str(image.reference)), width), "bold", colour=colour)
    layers = f"{len(image.layers)} {plural(len(image.layers), 'layer')}"
    called = f"{programs} {plural(programs, 'executable')} in PATH"
    about = ", ".join(each for each in (inspection.platform, layers, called) if each)
    for line in (about, base_sentence(inspection), image.digest):
        yield paint(cut(terminal(line), width), "dim", colour=colour)


def _title(text: str, more: str, width: int, colour: bool) -> str:
    told = cut(f"  {more}", width - 2 - columns(text)) if more else ""
    return "  " + paint(text, "bold", colour=colour) + paint(told, "dim", colour=colour)


def _sizes(inspection: Inspection, width: int, colour: bool) -> Iterator[str]:
    drawn = width >= 72
    left = 2 + 9 + 1 + _SIZE + 2 + (_BAR + 2 if drawn else 0)
    for name, size, means in size_words(inspection):
        style = "yellow" if name == "waste" and size else "bold" if name == "unpacked" else ""
        number = paint(pad(maybe_bytes(size), _SIZE, right=True), style, colour=colour)
        block = paint(bar(size or 0, inspection.sizes.unpacked, _BAR), style, colour=colour) + "  " if drawn else ""
        for at, line in enumerate(wrap(means, width - left)):
            head = f"  {pad(name, 9)} {number}  {block}" if at == 0 else " " * left
            yield head + paint(line, "dim", colour=colour)
    yield ""
    yield from _sentence(engines_sentence(inspection), width, colour)


def _sentence(text: str, width: int, colour: bool) -> Iterator[str]:
    return ("  " + paint(line, "dim", colour=colour) for line in wrap(terminal(text), width - 2))


def _layers(inspection: Inspection, dockerfile: str, width: int, colour: bool) -> Iterator[str]:
    layers = inspection.image.layers
    if not layers:
        return
    yield _title("layers", "the lowest first", width, colour)
    largest = max(layer.unpacked for layer in layers)
    digits = len(str(len(layers) - 1))
    places = [_place(inspection, dockerfile, index) for index in range(len(layers))]
    room = max(map(columns, places))
    for index, (layer, made_by) in enumerate(zip(layers, inspection.created_by, strict=True)):
        drawn = bar(layer.unpacked, largest, _BAR)
        size = pad(show_bytes(layer.unpacked), _SIZE, right=True)
        files = pad(f"{files_of(layer)} {plural(files_of(layer), 'file')}", 12, right=True) if width >= 72 else ""
        head = f"  {index:>{digits}}  {drawn} {size}{files}  "
        where = pad(places[index], room) + "  " if room else ""
        line = cut(terminal(instruction(made_by)), width - columns(head) - columns(where))
        yield head + paint(where, "dim" if places[index] == "base" else "cyan", colour=colour) + line
    made = inspection.made
    reason = made.reason if made.together else f"no lines are known: {made.reason}" if made.reason else ""
    for text in ("" if made.together else rows_sentence(inspection), reason):
        if text:
            yield from _sentence(text, width, colour)


def _place(inspection: Inspection, dockerfile: str, layer: int) -> str:
    """`Dockerfile:12`, the lines that a layer is made of, or `base`; empty where it is not known."""
    if layer in inspection.made.lines:
        return f"{terminal(dockerfile)}:{inspection.made.lines[layer]}"
    if layer in inspection.made.together:
        first, last = inspection.made.together[layer]
        return f"{terminal(dockerfile)}:{first}-{last}"
    return "base" if inspection.base is not None and layer < inspection.base.layers else ""


def _waste(inspection: Inspection, bounds: tuple[int, int], colour: bool) -> Iterator[str]:
    """The worst `top` rows of all, each under its cause, with what is left of that cause."""
    width, top = bounds
    if not inspection.waste:
        return
    yield _title("waste: ships, and cannot be seen", waste_sentence(inspection), width, colour)
    worst = sorted(inspection.waste, key=lambda row: (-row.bytes, row.path, row.layer))[:top]
    for cause, (size, count) in inspection.causes.items():
        head = f"  {pad(show_bytes(size), _SIZE, right=True)}  {pad(cause.value, 22)}  "
        yield paint(head, "yellow", colour=colour) + cut(
            f"{count} {plural(count, 'file')}, {CAUSES[cause]}", width - columns(head)
        )
        rows = [row for row in worst if row.cause is cause]
        yield from _paths([(row.bytes, row.path, _moved(inspection, row)) for row in rows], width, indent=2)
        left = count - len(rows)
        if rows and left:
            rest = f"and {left} more, {show_bytes(size - sum(row.bytes for row in rows))}"
            yield " " * (2 + _SIZE + 4) + paint(rest, "dim", colour=colour)


def _moved(inspection: Inspection, row: WasteRow) -> str:
    """Who brought and who took it: lines where they are known, else layers."""
    lines = inspection.made.lines
    first, last = (
        f"line {lines[layer]}" if layer in lines else f"layer {layer}" for layer in (row.layer, row.by_layer)
    )
    if first == last:
        return first
    return f"{first}, by {last.removeprefix(first.partition(' ')[0] + ' ')}"


def _paths(rows: Sequence[tuple[int, bytes, str]], width: int, *, indent: int = 0) -> Iterator[str]:
    """Size, path and layers of each, the layers in a column of their own."""
    if not rows:
        return
    shown = ["/" + show_path(path) for _, path, _ in rows]
    room = width - (2 + _SIZE + 2 + indent) - 2 - max(columns(where) for _, _, where in rows)
    column = min(room, max(map(columns, shown)))
    for (size, _, where), path in zip(rows, shown, strict=True):
        number = pad(show_bytes(size), _SIZE, right=True)
        yield f"  {number}  {' ' * indent}{pad(cut_front(path, column), column)}  {where}"


def _bars(rows: Sequence[tuple[int, str, str]], left: str, width: int, colour: bool) -> Iterator[str]:
    """Size, bar, name and what is to be said of it; the first few, and how much is left."""
    largest = max((size for size, _, _ in rows), default=0)
    column = max((columns(name) for _, name, _ in rows[:_FEW]), default=0)
    for size, name, more in rows[:_FEW]:
        head = f"  {pad(show_bytes(size), _SIZE, right=True)}  {bar(size, largest, _BAR)}  "
        named = cut_front(name, width - columns(head))
        room = width - columns(head) - column - 2
        told = paint(cut_front(more, room), "dim", colour=colour) if more and room > 8 else ""
        yield head + (pad(named, column) + "  " + told if told else named)
    if left:
        yield " " * (2 + _SIZE + 2) + paint(cut(left, width - 13), "dim", colour=colour)


def _left(rows: Iterable[tuple[int, str, str]], more: int = 0) -> str:
    rest = [size for size, _, _ in list(rows)[_FEW:]]
    return f"and {len(rest)} more, {show_bytes(sum(rest) + more)}" if rest else ""


def _classes(inspection: Inspection, width: int, colour: bool) -> Iterator[str]:
    found = sorted(inspection.classes.items(), key=lambda item: -item[1].size)
    wide = max((len(each.value) for each, _ in found[:_FEW]), default=0)
    rows = [
        (share.size, pad(each.value, wide) + pad(f"{share.files} {plural(share.files, 'file')}", 12, right=True), place)
        for each, share in found
        for place in ["/" + show_path(share.place)]
    ]
    if rows:
        yield _title("seen, and hardly needed by what runs", classes_sentence(inspection), width, colour)
        yield from _bars(rows, _left(rows), width, colour)


def _folders(inspection: Inspection, width: int, colour: bool) -> Iterator[str]:
    found = heaps(inspection.folders)
    rows = [(heap.bytes, "/" + show_path(heap.path) + (" (the rest)" if heap.rest else ""), "") for heap in found]
    if rows:
        elsewhere = inspection.sizes.effective - sum(size for size, _, _ in rows[:_FEW])
        yield _title("where it lies", "each byte in one place", width, colour)
        left = f"{show_bytes(elsewhere)} elsewhere" if elsewhere else ""
        yield from _bars(rows, left, width, colour)


def _packages(inspection: Inspection, width: int, colour: bool) -> Iterator[str]:
    found = inspection.packages
    if found is None:
        return
    rows = [
        (each.size, terminal(each.name), terminal(f"{each.kind} {each.version}".strip())) for each in found.packages
    ]
    yield _title("packages", f"{len(rows)}; {show_bytes(found.rest)} are in none", width, colour)
    yield from _bars(rows, _left(rows), width, colour)


def _largest(inspection: Inspection, width: int, colour: bool) -> Iterator[str]:
    rows = [(each.bytes, each.path, f"layer {each.layer}") for each in inspection.largest]
    if rows:
        yield _title("biggest files that are seen", "", width, colour)
        yield from _paths(rows, width)


def _findings(inspection: Inspection, bounds: tuple[int, int], colour: bool) -> Iterator[str]:
    """What the rules say, the gravest first: bytes, severity, line, and the sentence below."""
    (width, top), found = bounds, inspection.findings
    if not found:
        return
    yield _title("what could be better", f"{len(found)} {plural(len(found), 'finding')}", width, colour)
    for each in found[:top]:
        size = pad(show_bytes(each.predicted) if each.predicted > 0 else "", _SIZE, right=True)
        place = f"{terminal(each.where.file)}:{each.where.line}"
        severity = paint(pad(each.severity.value, 7), STYLES[each.severity], colour=colour)
        yield f"  {size}  {severity}  {cut(f'{each.rule}  {place}', width - 22)}"
        said = each.message.removeprefix(f"line {each.where.line} ")
        yield from (" " * 13 + paint(line, "dim", colour=colour) for line in wrap(terminal(said), width - 13))
    if found[top:]:
        yield " " * 13 + paint(f"and {len(found) - top} more", "dim", colour=colour)


def _ends(inspection: Inspection, width: int, colour: bool) -> Iterator[str]:
    yield from _sentence(dive_sentence(inspection), width, colour)
    steps = list(next_steps(inspection))
    if steps:
        yield ""
        yield _title("next", "", width, colour)
    for words, what in steps:
        yield "    " + paint(terminal(words), "green", colour=colour)  # whole, so that it can be copied
        yield from ("      " + paint(line, "dim", colour=colour) for line in wrap(what, width - 6))
