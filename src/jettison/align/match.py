"""Instruction <-> layer: which Dockerfile line made which layer; "not known" is a legal answer.

Deterministic, and but for kaniko's rows without comparing text: the base's history is a prefix, the instructions of
the stage (preceded by those of the local stages it is FROM, and by the base's ONBUILD triggers) must be as many as
the rows that are left, their kinds must agree, and rows and layers are walked together. What the builders write into
the history differs: `builder` says whose it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from jettison.align.builders import MAKES_FILES, NO_ROW_IN_BUILDKIT, is_squashed, keyword_of, no_dockerfile
from jettison.align.kaniko import align_kaniko
from jettison.align.model import Alignment, unknown
from jettison.dockerfile.model import Instruction, Stage
from jettison.image.model import HistoryRow, Image

Expected = Sequence[tuple[str, Instruction]]  # keyword of a row, and the instruction that it is due to


def align(chain: Sequence[Stage], image: Image, base: Image | None, *, builder: str) -> Alignment:
    """Match the image's history with the instructions of a stage, which is the last of `chain` (graph.stage_chain).

    `base` None: FROM scratch, or not to be had.

    `builder` is `buildkit`, `classic`, `buildah` (Podman's too) or `kaniko`.
    """
    why_not = no_dockerfile(image.history)
    if why_not and image.history:
        return unknown(why_not)
    known_base = base if base is not None and _is_prefix(base, image) else None
    expected = list(_expected(chain, known_base, builder))
    if builder == "kaniko":
        return align_kaniko([instruction for _, instruction in expected], image, known_base)
    answer = unknown(why_not)
    for own in _own_rows(image.history, known_base, len(expected)):
        answer = _match(own, expected, image)
        if answer.known and known_base is not None and answer.base_layers != len(known_base.layers):
            answer = unknown("history rows and layers above the base are not as many")
        if answer.known and answer.base_layers and chain[0].base == "scratch":
            answer = unknown("there are layers below those of a build from scratch")
        if answer.known:
            break
    return answer


def _expected(chain: Sequence[Stage], base: Image | None, builder: str) -> Iterator[tuple[str, Instruction]]:
    """A row for each instruction; first those of the base's ONBUILD triggers, which the FROM sets off."""
    triggers = base.runtime.get("OnBuild") if base is not None else None
    for trigger in triggers if isinstance(triggers, list) else ():
        yield str(trigger).strip().partition(" ")[0].upper(), chain[0].instructions[0]
    for one in chain:
        for instruction in one.instructions:
            if instruction.keyword == "FROM" or (builder == "buildkit" and instruction.keyword in NO_ROW_IN_BUILDKIT):
                continue
            yield instruction.keyword, instruction


def _own_rows(rows: Sequence[HistoryRow], base: Image | None, count: int) -> Iterator[Sequence[HistoryRow]]:
    """What may be the rows of `count` instructions: those behind the base's, else the last ones.

    A LABEL row at the end may be `--label`, or the identity that buildah adds; a row at the end may tell of squashing.
    """
    for last in (len(rows), len(rows) - 1):
        if last < len(rows) and (not rows or not (keyword_of(rows[-1]) == "LABEL" or is_squashed(rows[-1]))):
            return
        yield rows[len(base.history) : last] if base is not None else rows[max(0, last - count) : last]


def _match(own: Sequence[HistoryRow], expected: Expected, image: Image) -> Alignment:
    if len(own) != len(expected):
        return unknown(f"{len(own)} history rows stand against {len(expected)} instructions")
    for row, (keyword, instruction) in zip(own, expected, strict=True):
        if keyword_of(row) != keyword:
            return unknown(f"line {instruction.line} is {keyword}, its history row {keyword_of(row) or 'is empty'}")
    return _one_layer(own, expected, image) or _walk(own, expected, image)


def _one_layer(own: Sequence[HistoryRow], expected: Expected, image: Image) -> Alignment | None:
    """A build whose instructions are in one layer, so that no line has one of its own; None where it is none.

    Buildah with --layers=false or --squash hangs the layer on the last row, whatever it is; Docker's --squash puts a
    row behind. An instruction that makes no files and has a layer, or a COPY that has none, gives it away.
    """
    squashed = is_squashed(image.history[-1])
    with_layer = [number for number, row in enumerate(own) if not row.empty_layer]
    last = with_layer == [len(own) - 1]
    empty = any(row.empty_layer and keyword in ("COPY", "ADD") for row, (keyword, _) in zip(own, expected, strict=True))
    if not squashed and not (last and (empty or expected[-1][0] not in MAKES_FILES)):
        return None
    makers = tuple(instruction for keyword, instruction in expected if keyword in MAKES_FILES)
    top = len(image.layers) - 1
    whole = len(own) == len(image.history) and top == 0
    told = "squashed" if squashed else "built as one layer"
    with_base = ", which may hold the base as well" if whole else ""
    reason = f"the image was {told}: {len(makers)} instructions are in it{with_base}"
    return replace(unknown(reason), base_layers=top, together={top: makers} if makers else {})


def _is_prefix(base: Image, image: Image) -> bool:
    """Whether the base's layers are the image's lowest ones."""
    ids = [layer.diff_id for layer in base.layers]
    return ids == [layer.diff_id for layer in image.layers][: len(ids)] and len(base.history) <= len(image.history)


def _walk(own: Sequence[HistoryRow], expected: Expected, image: Image) -> Alignment:
    """Consume one layer for each row that is not empty, from the top: what lies below the own rows is the base's."""
    matched = tuple((instruction, row) for (_, instruction), row in zip(expected, own, strict=True))
    with_layers = [instruction for instruction, row in matched if not row.empty_layer]
    base_layers = len(image.layers) - len(with_layers)
    if base_layers < 0:
        return unknown("the image has fewer layers than its history says (squashed?)")
    return Alignment(True, base_layers, {base_layers + i: each for i, each in enumerate(with_layers)}, matched=matched)
