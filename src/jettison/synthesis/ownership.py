"""chown and chmod of copied files, turned into flags of the COPY."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jettison.dockerfile.edit import CannotEdit
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.shell import Argument, Command, script
from jettison.image.tree import Tree, merge
from jettison.subject import Subject
from jettison.synthesis.left import own_runs
from jettison.waste.rows import Cause, WasteRow


@dataclass(frozen=True)
class Recursive:
    """One `chown -R WHAT PATH...` (or chmod): its command, the word that is WHAT, and the paths."""

    instruction: Instruction
    command: Command
    flag: Argument  # the argument that holds R
    what: str
    paths: tuple[str, ...]
    layer: int
    rows: tuple[WasteRow, ...]  # the copies that it made of payloads brought by COPY or ADD


def recursive_calls(subject: Subject, tool: str) -> Iterator[Recursive]:
    """Every recursive call of `tool` in the shipped stage whose layer repeats payloads of COPYs, content equal."""
    for instruction in own_runs(subject):
        layers = subject.alignment.layers_of(instruction)
        found = script(subject.dockerfile, instruction)
        if not layers or found is None:
            continue
        rows = [row for row in subject.waste if row.by_layer == layers[0] and row.cause is Cause.METADATA_ONLY]
        for command in found.commands:
            call = _recursive(command, tool)
            if call is None:
                continue
            flag, what, paths = call
            mine = tuple(row for row in rows if _copied(subject, row) and _below(row.path, paths))
            if mine:
                yield Recursive(instruction, command, flag, what, paths, layers[0], mine)


def _recursive(command: Command, tool: str) -> tuple[Argument, str, tuple[str, ...]] | None:
    """The parts of a call whose every word is constant; None for any other command."""
    if (command.name or "").rpartition("/")[2] != tool or command.nested or None in command.values:
        return None
    flags = [each for each in command.arguments if each.value and each.value.startswith("-")]
    words = [each.value for each in command.arguments if each.value and not each.value.startswith("-")]
    recursive = next((each for each in flags if each.value in ("-R", "--recursive")), None)
    if recursive is None or len(flags) != 1 or len(words) < 2:
        return None
    return recursive, words[0], tuple(words[1:])


def _copied(subject: Subject, row: WasteRow) -> bool:
    made = subject.alignment.instruction_of.get(row.layer)
    return made is not None and made.keyword in ("COPY", "ADD") and made in subject.stage.instructions


def _below(path: bytes, paths: tuple[str, ...]) -> bool:
    return any(("/" + path.decode("utf-8", "replace") + "/").startswith(each.rstrip("/") + "/") for each in paths)


def copies_of(subject: Subject, call: Recursive) -> list[Instruction]:
    """The COPYs whose payloads the call repeats. Raises CannotEdit where one brings files outside its paths."""
    layers = {row.layer for row in call.rows}
    copies = []
    for layer in sorted(layers):
        instruction = subject.alignment.instruction_of[layer]
        columns = subject.image.layers[layer].columns
        outside = [
            path for index, path in enumerate(columns.paths) if columns.sizes[index] and not _below(path, call.paths)
        ]
        if outside:
            raise CannotEdit(f"line {instruction.line} also copies /{outside[0].decode('utf-8', 'replace')}")
        copies.append(instruction)
    return copies


def numeric_owner(subject: Subject, owner: str, before: Instruction, at_layer: int) -> str:
    """`owner` with its group, as it can be written on `before`: by name where the name exists there, else by number.

    A flag without a group would give the files the group of the same number; `chown USER` leaves them the group
    that COPY gave, 0. Raises CannotEdit where nothing in the image says what the name means.
    """
    user, colon, group = owner.partition(":")
    layers = subject.alignment.layers_of(before)
    below = merge(subject.image.layers[: layers[0]]) if layers else subject.tree
    here = merge(subject.image.layers[: at_layer + 1])
    gid = group if colon else "0"
    if not _known(below, gid, b"etc/group"):
        gid = _number(here, gid, b"etc/group", 2)
    uid = user if _known(below, user, b"etc/passwd") else _number(here, user, b"etc/passwd", 2)
    return f"{uid}:{gid}"


def _known(tree: Tree, name: str, file: bytes) -> bool:
    return name.isdigit() or any(row[0] == name for row in _rows(tree, file))


def _number(tree: Tree, name: str, file: bytes, column: int) -> str:
    if name.isdigit() and column == 2:
        return name
    for row in _rows(tree, file):
        if row[0] == name and len(row) > column:
            return row[column]
    raise CannotEdit(f"{name} is not in the image's /{file.decode()}")


def _rows(tree: Tree, file: bytes) -> list[list[str]]:
    try:
        return [line.split(":") for line in tree.read(file).decode("utf-8", "replace").splitlines()]
    except KeyError:
        return []
