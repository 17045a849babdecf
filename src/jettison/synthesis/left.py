"""Caches left in layers: which RUN brought how many bytes below which paths."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from jettison.dockerfile.model import Instruction
from jettison.image.model import Kind
from jettison.rule import Finding
from jettison.subject import Subject

SHOWN = 5  # paths in a finding


@dataclass(frozen=True)
class Left:
    """What one RUN left below the asked paths; `paths` are the largest few, `folders` where they lie."""

    instruction: Instruction
    size: int
    paths: tuple[bytes, ...]
    folders: tuple[bytes, ...]


def own_runs(subject: Subject) -> Iterator[Instruction]:
    """The RUNs of the stage that ships, in the order of the file."""
    return (each for each in subject.stage.instructions if each.keyword == "RUN")


def left_below(subject: Subject, folder: re.Pattern[bytes]) -> Iterator[Left]:
    """For each RUN of the shipped stage, the payloads that its layer holds below folders that match.

    `folder` is matched at the start of a path; its match is the folder. A mount on the folder needs no word here:
    what is written below it is in no layer.
    """
    for instruction in own_runs(subject):
        found = left_in(subject, instruction, folder)
        if found is not None:
            yield found


def left_in(subject: Subject, instruction: Instruction, folder: re.Pattern[bytes]) -> Left | None:
    """The same for one instruction; None where its layers hold no byte there."""
    found: list[tuple[int, bytes]] = []
    folders: dict[bytes, None] = {}
    for layer in subject.alignment.layers_of(instruction):
        columns = subject.image.layers[layer].columns
        for index, path in enumerate(columns.paths):
            if columns.kinds[index] == Kind.FILE and columns.sizes[index] and (match := folder.match(path)):
                found.append((columns.sizes[index], path))
                folders[match[0].rstrip(b"/")] = None
    if not found:
        return None
    found.sort(key=lambda each: (-each[0], each[1]))
    total = sum(size for size, _ in found)
    return Left(instruction, total, tuple(path for _, path in found[:SHOWN]), tuple(folders))


def weighed(subject: Subject, finding: Finding, folder: re.Pattern[bytes]) -> Iterator[Finding]:
    """A finding of the text with what its instruction's layers hold there; nothing where they hold no byte."""
    left = left_in(subject, finding.instruction, folder) if finding.instruction is not None else None
    if left is not None:
        yield replace(finding, predicted=left.size, paths=left.paths)


def exactly(path: str, end: bytes = b"$") -> re.Pattern[bytes]:
    """A path of the text as a pattern of a layer's; with `/` as its end, what lies below it."""
    return re.compile(re.escape(path.lstrip("/").encode("utf-8", "surrogateescape")) + end)


def bytes_between(subject: Subject, instructions: Sequence[Instruction], skip: re.Pattern[bytes] | None = None) -> int:
    """Dead bytes that would not exist if these instructions made one layer; paths that match `skip` left out."""
    layers = {layer for each in instructions for layer in subject.alignment.layers_of(each)}
    return sum(
        row.bytes
        for row in subject.waste
        if row.layer in layers and row.by_layer in layers and row.layer != row.by_layer
        and not (skip and skip.match(row.path))
    )  # fmt: skip
