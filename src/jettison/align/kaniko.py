"""kaniko's rows: one for each layer and none for what changed no file, so that they are found by their text.

Source: kaniko `pkg/executor/build.go`: saveLayerToImage appends (layer, row) with the instruction as it was written;
shouldTakeSnapshot leaves out what only changes the config, and with --single-snapshot all but the last instruction.
"""

from __future__ import annotations

from collections.abc import Sequence

from jettison.align.builders import MAKES_FILES, kaniko_rows, keyword_of
from jettison.align.model import Alignment, unknown
from jettison.dockerfile.model import Instruction
from jettison.image.model import HistoryRow, Image


def align_kaniko(expected: Sequence[Instruction], image: Image, base: Image | None) -> Alignment:
    """Match the rows that kaniko signed with these instructions; not known where two ways would do."""
    rows = image.history
    signed = kaniko_rows(image)
    own = [row for row, ours in zip(rows, signed, strict=True) if ours][(base and sum(kaniko_rows(base))) or 0 :]
    layers = [row for row in rows if not row.empty_layer]
    if len(layers) != len(image.layers) or any(row.empty_layer for row in own):
        return unknown("history rows and layers are not as many")
    found = _matched(own, expected)
    bottom = len(image.layers) - len(own)
    if len(own) == 1 and _single(own[0], expected):
        makers = tuple(each for each in expected if each.keyword in MAKES_FILES)
        return Alignment(
            False, bottom, reason="kaniko took one snapshot of all instructions", together={bottom: makers}
        )
    if found is None:
        return unknown("kaniko's rows fit the instructions in no way, or in more than one")
    return Alignment(True, bottom, dict(enumerate(found, bottom)), matched=tuple(zip(found, own, strict=True)))


def _single(row: HistoryRow, expected: Sequence[Instruction]) -> bool:
    """Whether the one row is that of --single-snapshot: a COPY always is a layer of its own else."""
    copies = sum(each.keyword in ("COPY", "ADD") for each in expected)
    keyword = keyword_of(row, kaniko=True)
    return keyword not in MAKES_FILES or copies > (keyword in ("COPY", "ADD"))


def _matched(own: Sequence[HistoryRow], expected: Sequence[Instruction]) -> list[Instruction] | None:
    """The instruction of each row, in order; None where there is none, or more than one way."""
    texts = [" ".join(row.created_by.split()) for row in own]
    lines = [_text(each) for each in expected]
    first = _taken(texts, lines)
    last = _taken(texts[::-1], lines[::-1])
    if first is None or last is None or first != [len(lines) - 1 - at for at in last[::-1]]:
        return None
    return [expected[at] for at in first]


def _text(instruction: Instruction) -> str:
    """An instruction on one line, its blanks made one."""
    flags = [f"--{flag.name}" + ("" if flag.value is None else f"={flag.value}") for flag in instruction.flags]
    return " ".join(" ".join([instruction.keyword, *flags, instruction.value]).split())


def _taken(texts: Sequence[str], lines: Sequence[str]) -> list[int] | None:
    """Each text's place among the lines, each as early as it can be."""
    found, at = [], 0
    for text in texts:
        while at < len(lines) and lines[at] != text:
            at += 1
        if at == len(lines):
            return None
        found.append(at)
        at += 1
    return found
