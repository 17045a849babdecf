"""An inspection for a pull request or an issue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from jettison.core.escape import markdown, show_path
from jettison.core.units import show_bytes
from jettison.documents.image import Inspection, files_of
from jettison.report.image_words import CAUSES, instruction, size_words
from jettison.report.words import maybe_bytes

_LONGEST = 160  # characters of an instruction


def inspection_markdown(inspection: Inspection, *, top: int) -> str:
    """GitHub-flavoured Markdown; `top` rows of waste and of files."""
    image = inspection.image
    lines = [f"### {markdown(str(image.reference))}", "", markdown(f"{inspection.platform}, {image.digest}"), ""]
    lines += _table(
        ("size", ">bytes", "means"), [(n, maybe_bytes(size), means) for n, size, means in size_words(inspection)]
    )
    lines += ["", "#### Layers", "", *_table(("layer", ">unpacked", ">files", "instruction"), _layers(inspection))]
    if inspection.waste:
        rows = [
            (cause.value, show_bytes(size), str(count), CAUSES[cause])
            for cause, (size, count) in inspection.causes.items()
        ]
        lines += ["", "#### Waste", "", *_table(("cause", ">bytes", ">files", "means"), rows)]
        lines += ["", *_table((">bytes", "path", "cause", ">layer", ">by"), _waste(inspection, top))]
    if inspection.largest:
        largest = [(show_bytes(each.bytes), _path(each.path), str(each.layer)) for each in inspection.largest]
        lines += ["", "#### Biggest files", "", *_table((">bytes", "path", ">layer"), largest)]
    return "\n".join(lines) + "\n"


def _layers(inspection: Inspection) -> list[tuple[str, ...]]:
    pairs = zip(inspection.image.layers, inspection.created_by, strict=True)
    return [
        (str(index), show_bytes(layer.unpacked), str(files_of(layer)), _short(instruction(made_by)))
        for index, (layer, made_by) in enumerate(pairs)
    ]


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
