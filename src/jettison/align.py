"""Instruction <-> layer: which Dockerfile line made which layer; "not known" is a legal answer.

Deterministic, without comparing text: the base's history is a prefix, the instructions of the stage (preceded by
those of the local stages it is FROM) must be as many as the rows that are left, their kinds must agree, and rows
and layers are walked together. What the builders write into the history differs: `builder` says whose it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.model import Dockerfile, Instruction, Stage
from jettison.image.model import HistoryRow, Image

_NO_ROW_IN_BUILDKIT = {"ONBUILD"}
_NOP = re.compile(r"#\(nop\)\s+(\w+)")


@dataclass(frozen=True)
class Alignment:
    """`base_layers` lowest layers belong to the base; `instruction_of[layer index]` made the others.

    `known` is False where rows and instructions could not be matched; then the mapping is empty and `reason` says why.
    """

    known: bool
    base_layers: int
    instruction_of: Mapping[int, Instruction] = field(default_factory=dict)
    reason: str = ""
    matched: tuple[tuple[Instruction, HistoryRow], ...] = ()  # each instruction with its row, where known

    def layers_of(self, instruction: Instruction) -> tuple[int, ...]:
        """Indices of the layers that this instruction made."""
        return tuple(i for i, made_by in self.instruction_of.items() if made_by is instruction)


def align(dockerfile: Dockerfile, stage: Stage, image: Image, base: Image | None, *, builder: str) -> Alignment:
    """Match the image's history with the stage's instructions. `base` None: FROM scratch, or not to be had."""
    expected = [
        instruction
        for one in stage_chain(dockerfile, stage)
        for instruction in one.instructions
        if instruction.keyword != "FROM" and not (builder == "buildkit" and instruction.keyword in _NO_ROW_IN_BUILDKIT)
    ]
    known_base = base if base is not None and _is_prefix(base, image) else None
    answer = Alignment(False, 0, reason="the image tells no history")
    for own in _own_rows(image.history, known_base, len(expected)):
        answer = _match(own, expected, image)
        if answer.known and known_base is not None and answer.base_layers != len(known_base.layers):
            answer = Alignment(False, 0, reason="history rows and layers above the base are not as many")
        if answer.known:
            break
    return answer


def _own_rows(rows: Sequence[HistoryRow], base: Image | None, count: int) -> Iterator[Sequence[HistoryRow]]:
    """What may be the rows of `count` instructions: those behind the base's, else the last ones.

    A LABEL row at the end may be `--label`, or the identity that buildah adds.
    """
    for last in (len(rows), len(rows) - 1):
        if last < len(rows) and (not rows or _kind(rows[-1]) != "LABEL"):
            return
        yield rows[len(base.history) : last] if base is not None else rows[max(0, last - count) : last]


def _match(own: Sequence[HistoryRow], expected: Sequence[Instruction], image: Image) -> Alignment:
    if len(own) != len(expected):
        return Alignment(False, 0, reason=f"{len(own)} history rows stand against {len(expected)} instructions")
    for row, instruction in zip(own, expected, strict=True):
        if _kind(row) != instruction.keyword:
            return Alignment(
                False, 0, reason=f"line {instruction.line} is {instruction.keyword}, its history row {_kind(row)}"
            )
    return _walk(own, expected, image)


def _is_prefix(base: Image, image: Image) -> bool:
    """Whether the base's layers are the image's lowest ones."""
    ids = [layer.diff_id for layer in base.layers]
    return ids == [layer.diff_id for layer in image.layers][: len(ids)] and len(base.history) <= len(image.history)


def _walk(own: Sequence[HistoryRow], expected: Sequence[Instruction], image: Image) -> Alignment:
    """Consume one layer for each row that is not empty, from the top: what lies below the own rows is the base's."""
    matched = tuple(zip(expected, own, strict=True))
    with_layers = [instruction for instruction, row in matched if not row.empty_layer]
    base_layers = len(image.layers) - len(with_layers)
    if base_layers < 0:
        return Alignment(False, 0, reason="the image has fewer layers than its history says (squashed?)")
    return Alignment(True, base_layers, {base_layers + i: each for i, each in enumerate(with_layers)}, matched=matched)


def _kind(row: HistoryRow) -> str:
    """The keyword that a row speaks of."""
    text = row.created_by
    nop = _NOP.search(text)
    if nop:
        return nop[1].upper()
    if row.comment.startswith("buildkit.dockerfile"):
        return text.partition(" ")[0].upper()
    return "RUN"
