"""An inspection for a terminal: sizes, layers, what is dead and why, what is big."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jettison.core.escape import show_path, terminal
from jettison.core.units import show_bytes
from jettison.documents.image import Inspection, files_of
from jettison.report.image_words import CAUSES, instruction, size_words
from jettison.report.layout import bar, columns, cut, cut_front, pad, paint, wrap
from jettison.report.words import maybe_bytes, plural
from jettison.waste.rows import WasteRow

NARROWEST = 40  # columns
_BAR = 8
_SIZE = 10  # columns of a size


def inspection_text(inspection: Inspection, *, width: int, top: int, colour: bool) -> str:
    """The report in lines of at most `width` columns; `top` rows of waste and of files."""
    width = max(width, NARROWEST)
    lines = [*_head(inspection, width, colour), "", *_sizes(inspection, width, colour)]
    lines += ["", _title("layers, the lowest first", colour), *_layers(inspection, width)]
    if inspection.waste:
        lines += ["", _title("waste: ships, and cannot be seen", colour), *_waste(inspection, width, top, colour)]
    if inspection.largest:
        rows = [(each.bytes, each.path, f"layer {each.layer}") for each in inspection.largest]
        lines += ["", _title("biggest files that are seen", colour), *_paths(rows, width)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _head(inspection: Inspection, width: int, colour: bool) -> Iterator[str]:
    image = inspection.image
    yield paint(cut_front(terminal(str(image.reference)), width), "bold", colour=colour)
    layers = f"{len(image.layers)} {plural(len(image.layers), 'layer')}"
    about = ", ".join(each for each in (inspection.platform, layers) if each)
    yield paint(cut(terminal(about), width), "dim", colour=colour)
    yield paint(cut(terminal(image.digest), width), "dim", colour=colour)


def _title(text: str, colour: bool) -> str:
    return "  " + paint(text, "bold", colour=colour)


def _sizes(inspection: Inspection, width: int, colour: bool) -> Iterator[str]:
    left = 2 + 9 + 2 + _SIZE + 3
    for name, size, means in size_words(inspection):
        style = "yellow" if name == "waste" and size else "bold" if name == "unpacked" else ""
        number = paint(pad(maybe_bytes(size), _SIZE, right=True), style, colour=colour)
        for at, line in enumerate(wrap(means, width - left)):
            head = f"  {pad(name, 9)}  {number}   " if at == 0 else " " * left
            yield head + paint(line, "dim", colour=colour)


def _layers(inspection: Inspection, width: int) -> Iterator[str]:
    layers = inspection.image.layers
    largest = max((layer.unpacked for layer in layers), default=0)
    digits = len(str(max(len(layers) - 1, 0)))
    for index, (layer, made_by) in enumerate(zip(layers, inspection.created_by, strict=True)):
        drawn = bar(layer.unpacked, largest, _BAR)
        size = pad(show_bytes(layer.unpacked), _SIZE, right=True)
        files = pad(f"{files_of(layer)} {plural(files_of(layer), 'file')}", 12, right=True) if width >= 72 else ""
        head = f"  {index:>{digits}}  {drawn} {size}{files}  "
        yield head + cut(terminal(instruction(made_by)), width - columns(head))


def _waste(inspection: Inspection, width: int, top: int, colour: bool) -> Iterator[str]:
    """The worst `top` rows of all, each under its cause, with what is left of that cause."""
    worst = sorted(inspection.waste, key=lambda row: (-row.bytes, row.path, row.layer))[:top]
    for cause, (size, count) in inspection.causes.items():
        head = f"  {pad(show_bytes(size), _SIZE, right=True)}  {pad(cause.value, 22)}  "
        yield paint(head, "yellow", colour=colour) + cut(
            f"{count} {plural(count, 'file')}, {CAUSES[cause]}", width - columns(head)
        )
        rows = [row for row in worst if row.cause is cause]
        yield from _paths([(row.bytes, row.path, _layers_of(row)) for row in rows], width)
        left = count - len(rows)
        if rows and left:
            rest = f"and {left} more, {show_bytes(size - sum(row.bytes for row in rows))}"
            yield " " * (2 + _SIZE + 2) + paint(rest, "dim", colour=colour)


def _layers_of(row: WasteRow) -> str:
    return f"layer {row.layer}" if row.layer == row.by_layer else f"layer {row.layer}, by {row.by_layer}"


def _paths(rows: Sequence[tuple[int, bytes, str]], width: int) -> Iterator[str]:
    """Size, path and layers of each, the layers in a column of their own."""
    if not rows:
        return
    shown = ["/" + show_path(path) for _, path, _ in rows]
    room = width - (2 + _SIZE + 2) - 2 - max(columns(where) for _, _, where in rows)
    column = min(room, max(map(columns, shown)))
    for (size, _, where), path in zip(rows, shown, strict=True):
        yield f"  {pad(show_bytes(size), _SIZE, right=True)}  {pad(cut_front(path, column), column)}  {where}"
