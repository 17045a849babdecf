"""Where layers come from: the history's words, and the Dockerfile's lines where one is given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jettison.core.redact import Redactor
from jettison.image.model import Image

if TYPE_CHECKING:
    from jettison.dockerfile.model import Dockerfile


@dataclass(frozen=True)
class Provenance:
    """`created_by` has one text a layer, None where the history does not match the layers; secrets are taken out.

    `lines` has the 1-based lines of those layers that the Dockerfile made; `reason` tells why there are none.
    `together` has first and last line of what several instructions made as one layer.
    """

    created_by: tuple[str | None, ...]
    lines: Mapping[int, int] = field(default_factory=dict)
    reason: str = ""
    together: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    written: Mapping[int, str] = field(default_factory=dict)  # those lines on one, secrets taken out


def provenance_of(
    image: Image,
    dockerfile: Dockerfile | None = None,
    target: str | None = None,
    build_args: Mapping[str, str] | None = None,
) -> Provenance:
    """What is known of each layer's making, of an image built with these arguments.

    Raises UsageError where the Dockerfile has no stage of that name, DockerfileError where a FROM names no image.
    """
    made = _created_by(image)
    if dockerfile is None:
        return Provenance(made)
    from jettison.align.found import aligned
    from jettison.dockerfile.graph import resolve_target

    found = aligned(dockerfile, resolve_target(dockerfile, target), image, build_args or {})
    if found.known:
        lines = {layer: each.line for layer, each in found.instruction_of.items()}
        text = str(dockerfile)
        written = {layer: _on_one_line(each.span.of(text)) for layer, each in found.instruction_of.items()}
        return Provenance(made, lines, written=written)
    spans = {layer: (all_[0].line, all_[-1].end_line) for layer, all_ in found.together.items()}
    return Provenance(made, {}, found.reason, spans)


def _on_one_line(text: str) -> str:
    return Redactor().text(" ".join(re.sub(r"[\\`][ \t]*\n", " ", text).split()))


def _created_by(image: Image) -> tuple[str | None, ...]:
    rows = [row for row in image.history if not row.empty_layer]
    if len(rows) != len(image.layers):
        return (None,) * len(image.layers)
    redactor = Redactor()
    return tuple(redactor.text(str(row.created_by)) for row in rows)
