"""An inspection for a pull request or an issue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from jettison.core.escape import markdown, show_path
from jettison.core.units import show_bytes
from jettison.documents.image import Inspection, files_of
from jettison.report.counts import maybe_bytes
from jettison.report.image_words import (
    CAUSES,
    base_sentence,
    classes_sentence,
    dive_sentence,
    engines_sentence,
    instruction,
    rows_sentence,
    size_words,
    waste_sentence,
)
from jettison.waste.folders import heaps

_LONGEST = 160  # characters of an instruction


def inspection_markdown(inspection: Inspection, *, top: int) -> str:
    """GitHub-flavoured Markdown; `top` rows of waste, of files and of packages."""
    image = inspection.image
    about = f"{inspection.platform}, {base_sentence(inspection)}; {image.digest}"
    lines = [f"### {markdown(str(image.reference))}", "", markdown(about), ""]
    lines += _table(
        ("size", ">bytes", "means"), [(n, maybe_bytes(size), means) for n, size, means in size_words(inspection)]
    )
    lines += ["", markdown(engines_sentence(inspection) + ".")]
    lines += _section("Layers", ("layer", ">line", ">unpacked", ">files", "instruction"), _layers(inspection))
    lines += ["", markdown(rows_sentence(inspection) + ".")] if rows_sentence(inspection) else []
    causes = [
        (cause.value, show_bytes(size), str(count), CAUSES[cause]) for cause, (size, count) in inspection.causes.items()
    ]
    lines += _section(f"Waste: {waste_sentence(inspection)}", ("cause", ">bytes", ">files", "means"), causes)
    if inspection.waste:
        lines += ["", *_table((">bytes", "path", "cause", ">layer", ">by"), _waste(inspection, top))]
    classes = [
        (each.value, show_bytes(share.size), maybe_bytes(share.transfer), str(share.files), _path(share.place))
        for each, share in inspection.classes.items()
    ]
    head = ("class", ">bytes", ">packed, about", ">files", "most in")
    lines += _section(f"Seen, and hardly needed: {classes_sentence(inspection)}", head, classes)
    found = [
        (show_bytes(heap.bytes), _path(heap.path) + (" (the rest)" if heap.rest else ""))
        for heap in heaps(inspection.folders)
    ]
    lines += _section("Where it lies", (">bytes", "folder"), found)
    packages = inspection.packages.packages[:top] if inspection.packages else ()
    rows = [(show_bytes(each.size), each.name, each.version, each.kind, str(each.files)) for each in packages]
    lines += _section("Packages", (">bytes", "name", "version", "type", ">files"), rows)
    largest = [(show_bytes(each.bytes), _path(each.path), str(each.layer)) for each in inspection.largest]
    lines += _section("Biggest files", (">bytes", "path", ">layer"), largest)
    findings = [
        (show_bytes(each.predicted), each.severity.value, each.rule, str(each.where.line), _short(each.message))
        for each in (inspection.findings or ())[:top]
    ]
    lines += _section("What could be better", (">bytes", "severity", "rule", ">line", "message"), findings)
    return "\n".join([*lines, "", markdown(dive_sentence(inspection) + ".")]) + "\n"


def _section(title: str, head: tuple[str, ...], rows: Sequence[Sequence[str]]) -> list[str]:
    """A title and its table; nothing where there are no rows."""
    return ["", f"#### {markdown(title)}", "", *_table(head, rows)] if rows else []


def _layers(inspection: Inspection) -> list[tuple[str, ...]]:
    pairs = zip(inspection.image.layers, inspection.created_by, strict=True)
    return [
        (
            str(index),
            _place(inspection, index),
            show_bytes(layer.unpacked),
            str(files_of(layer)),
            _short(instruction(made_by)),
        )
        for index, (layer, made_by) in enumerate(pairs)
    ]


def _place(inspection: Inspection, layer: int) -> str:
    made = inspection.made
    if layer in made.lines:
        return str(made.lines[layer])
    if layer in made.together:
        return "-".join(map(str, made.together[layer]))
    return "base" if inspection.base is not None and layer < inspection.base.layers else ""


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _waste(inspection: Inspection, top: int) -> Iterator[tuple[str, ...]]:
    worst = sorted(inspection.waste, key=lambda row: (-row.bytes, row.path, row.layer))
    for row in worst[:top]:
        yield show_bytes(row.bytes), _path(row.path), row.cause.value, str(row.layer), str(row.by_layer)
    if worst[top:]:
        yield show_bytes(sum(row.bytes for row in worst[top:])), f"{len(worst) - top} more", "", "", ""


def _path(path: bytes) -> str:
    return "/" + show_path(path)


def _table(head: tuple[str, ...], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table of raw cells, each escaped here; a head that begins with > is aligned right."""
    names = " | ".join(name.removeprefix(">") for name in head)
    rule = "|".join("--:" if name.startswith(">") else ":--" for name in head)
    return [f"| {names} |", f"|{rule}|", *(f"| {' | '.join(map(markdown, row))} |" for row in rows)]
