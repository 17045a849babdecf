"""Two images held side by side, for a terminal: the answer in three lines, then the proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from jettison.compare.images import ImageDiff
from jettison.compare.layers import LayerPair
from jettison.compare.paths import Change, PathChange
from jettison.core.escape import show_path, terminal
from jettison.core.units import show_bytes
from jettison.documents.provenance import Provenance
from jettison.report import image_diff_words as words
from jettison.report.image_words import instruction
from jettison.report.layout import columns, cut, cut_front, pad, paint, wrap
from jettison.report.words import maybe_bytes, plural

NARROWEST = 40  # columns
_SIZE = 10  # columns of a size
_LEAST_TOLD = 16  # columns that are left for what became of a path
_PACKAGES = 10  # rows of packages
_SIDES = 6  # rows of causes and of classes
_STYLES = {"smaller": "green", "larger": "red", "changed": "yellow", "same": "green"}
_SIGNS = {Change.ADDED: "+", Change.REMOVED: "-", Change.CONTENT: "~", Change.METADATA: "m"}

Made = tuple[Provenance, Provenance]


def diff_text(found: ImageDiff, made: Made, *, width: int, everything: bool, colour: bool) -> str:
    """The report in lines of at most `width` columns; `everything`: each path in a line of its own."""
    width = max(width, NARROWEST)
    lines = list(_answer(found, width, colour))
    if found.verdict != "same" or everything:
        lines += [
            "",
            *_names(found, width, colour),
            "",
            *_sizes(found, colour),
            "",
            *_layers(found, made, width, colour),
        ]
    if found.paths:
        lines += ["", _title("every path" if everything else "files and folders", colour)]
        lines += _every_path(found.paths) if everything else _folders(found, width, colour)
    if found.packages:
        lines += ["", _title("packages", colour), *_packages(found, width, colour, everything)]
    for title, pairs in (("waste by cause", found.causes), ("hardly needed, by class", found.classes)):
        rows = list(_sides(pairs, colour))
        if rows:
            lines += ["", _title(title, colour), *rows]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _answer(found: ImageDiff, width: int, colour: bool) -> Iterator[str]:
    word, _, rest = words.verdict(found).partition(":")
    first, *more = wrap(f"{word}:{rest}", width)
    yield paint(first[: len(word)], _STYLES[found.verdict], colour=colour) + paint(
        first[len(word) :], "bold", colour=colour
    )
    yield from (paint(line, "bold", colour=colour) for line in more)
    if found.verdict != "same":
        yield from _fitting("mostly ", words.reasons(found), ", ", width)
        yield from _fitting("", words.besides(found), "; ", width)


def _fitting(head: str, parts: Sequence[str], between: str, width: int) -> Iterator[str]:
    """One line with as many of these as it takes; none where there are none. All of it stands below again."""
    if not parts:
        return
    line = head + cut(parts[0], width - columns(head))
    for part in parts[1:]:
        if columns(line + between + part) > width:
            break
        line += between + part
    yield line


def _title(text: str, colour: bool) -> str:
    return "  " + paint(text, "bold", colour=colour)


def _names(found: ImageDiff, width: int, colour: bool) -> Iterator[str]:
    for label, image in (("old", found.old), ("new", found.new)):
        yield f"  {paint(f'{label:<9}', 'dim', colour=colour)}  {cut_front(terminal(str(image.reference)), width - 13)}"
    if found.config:
        for at, line in enumerate(wrap(f"differs in {', '.join(found.config)}", width - 13)):
            yield f"  {paint(pad('config' if at == 0 else '', 9), 'dim', colour=colour)}  {line}"


def _sizes(found: ImageDiff, colour: bool) -> Iterator[str]:
    yield "  " + paint(
        f"{'sizes':<9}" + "".join(f"  {each:>{_SIZE}}" for each in ("old", "new", "change")), "dim", colour=colour
    )
    for name, (old, new) in found.sizes.items():
        if old is None and new is None:
            continue
        change = words.signed(new - old) if old is not None and new is not None else "-"
        cells = [maybe_bytes(old), maybe_bytes(new), change]
        yield f"  {name:<9}" + "".join(f"  {pad(cell, _SIZE, right=True)}" for cell in cells)


def _layers(found: ImageDiff, made: Made, width: int, colour: bool) -> Iterator[str]:
    """Runs of equal layers in one line each."""
    yield _title("layers, the lowest first", colour)
    run: list[LayerPair] = []
    for pair in (*found.layers, LayerPair(None, None)):
        if pair.same:
            run.append(pair)
            continue
        if run:
            size = sum(found.new.layers[each.new or 0].unpacked for each in run)
            text = f"  =  {_index(run)}  {pad(show_bytes(size), _SIZE, right=True)}  "
            yield paint(text + f"the same {plural(len(run), 'layer')} in both", "dim", colour=colour)
            run = []
        if (pair.old, pair.new) != (None, None):
            yield from _layer(pair, found, made, (width, colour))


def _index(run: Sequence[LayerPair]) -> str:
    """`L0`, or `L0-L4` as they are counted in the new image."""
    first, last = run[0].new, run[-1].new
    return pad(f"L{first}" if first == last else f"L{first}-L{last}", 7)


def _layer(pair: LayerPair, found: ImageDiff, made: Made, how: tuple[int, bool]) -> Iterator[str]:
    width, colour = how
    sizes = [
        0 if at is None else image.layers[at].unpacked for at, image in ((pair.old, found.old), (pair.new, found.new))
    ]
    text = made[0].created_by[pair.old or 0] if pair.new is None else made[1].created_by[pair.new]
    sign, style = {"added": ("+", "red"), "removed": ("-", "green"), "changed": ("~", "yellow")}[pair.change]
    number = f"L{pair.old}" if pair.new is None else f"L{pair.new}"
    size = words.signed(sizes[1] - sizes[0])
    head = f"  {sign}  {pad(number, 7)}  {pad(size, _SIZE, right=True)}  "
    yield paint(head, style, colour=colour) + cut(terminal(instruction(text)), width - columns(head))


def _folders(found: ImageDiff, width: int, colour: bool) -> Iterator[str]:
    rows = [(row, words.folder_name(row)) for row in found.folders]
    told = [words.folder_words(row) for row, _ in rows]
    room = max(20, width - (2 + _SIZE + 2) - 2 - _LEAST_TOLD)
    column = min(room, max((columns(name) for _, name in rows), default=0))
    left = width - (2 + _SIZE + 2) - column - 2
    for (row, name), parts in zip(rows, told, strict=True):
        text = next((each for each in (", ".join(parts), parts[0]) if columns(each) <= left), cut(parts[0], left))
        size = paint(pad(words.signed(row.net), _SIZE, right=True), _side_style(row.net), colour=colour)
        yield f"  {size}  {pad(cut_front(name, column), column)}  {text}"
    rest = list(words.equal_sized(found))
    for text in rest:
        yield from ("  " + line for line in wrap(text, width - 2))
    yield "  " + paint(
        f"--all lists each of the {len(found.paths):,} {plural(len(found.paths), 'path')}", "dim", colour=colour
    )


def _side_style(size: int) -> str:
    return "red" if size > 0 else "green" if size < 0 else ""


def _every_path(paths: Sequence[PathChange]) -> Iterator[str]:
    for each in paths:
        size = words.signed(each.grown) if each.grown else ""
        aspects = "" if each.change in (Change.ADDED, Change.REMOVED) else f"  ({', '.join(each.aspects)})"
        name = "/" + show_path(each.path) + ("/" if each.is_directory else "")
        yield f"  {_SIGNS[each.change]}  {pad(size, _SIZE, right=True)}  {name}{aspects}"


def _packages(found: ImageDiff, width: int, colour: bool, everything: bool) -> Iterator[str]:
    shown = found.packages if everything else found.packages[:_PACKAGES]
    kinds = max((columns(each.kind) for each in shown), default=0)
    for each in shown:
        size = paint(pad(words.signed(each.grown), _SIZE, right=True), _side_style(each.grown), colour=colour)
        head = f"  {' ' * _SIZE}  {pad(each.kind, kinds)}  "
        text = cut(terminal(words.package_words(each)), width - columns(head))
        yield f"  {size}  {pad(each.kind, kinds)}  {text}"
    rest = found.packages[len(shown) :]
    if rest:
        size = words.signed(sum(each.grown for each in rest))
        yield f"  {pad(size, _SIZE, right=True)}  {paint(f'{len(rest):,} more', 'dim', colour=colour)}"


def _sides(pairs: Mapping[str, tuple[int, int]], colour: bool) -> Iterator[str]:
    """Those that changed, the biggest change first."""
    changed = sorted((each for each in pairs.items() if each[1][0] != each[1][1]), key=lambda each: -_change(each[1]))
    widest = max((len(name) for name, _ in changed[:_SIDES]), default=0)
    for name, (old, new) in changed[:_SIDES]:
        size = paint(pad(words.signed(new - old), _SIZE, right=True), _side_style(new - old), colour=colour)
        yield f"  {size}  {name:<{widest}}  {paint(f'{show_bytes(old)} → {show_bytes(new)}', 'dim', colour=colour)}"
    if rest := changed[_SIDES:]:
        size = words.signed(sum(new - old for _, (old, new) in rest))
        yield f"  {pad(size, _SIZE, right=True)}  {paint(f'{len(rest)} more', 'dim', colour=colour)}"


def _change(pair: tuple[int, int]) -> int:
    return abs(pair[1] - pair[0])
