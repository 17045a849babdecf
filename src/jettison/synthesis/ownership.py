"""chown and chmod of copied files, turned into flags of the COPY."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from jettison.commands.files import Change, change, new_user
from jettison.core.errors import DockerfileError, UsageError
from jettison.core.units import show_bytes
from jettison.dockerfile.edit import CannotEdit
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.scope import state_at
from jettison.dockerfile.shell import Argument, Command, Script, script
from jettison.dockerfile.values import arguments
from jettison.image.tree import Tree, merge
from jettison.rule import Finding, Fix
from jettison.subject import Subject, Text
from jettison.synthesis.few_bytes import brings_few
from jettison.synthesis.left import SHOWN, own_runs
from jettison.traps import user_exists
from jettison.waste.rows import Cause, WasteRow

_LARGE = 1_000_000  # bytes of a file that are worth a word
_EXECUTABLE = re.compile(r"[ugoa]*\+[rwX]*x[rwX]*")  # nobody says so of a folder


@dataclass(frozen=True)
class Recursive:
    """One `chown -R WHAT PATH...` (or chmod): its command, the word that is WHAT, and the paths."""

    instruction: Instruction
    command: Command
    what: str
    paths: tuple[str, ...]  # absolute
    written: str  # the paths as they stand in the file's command
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
            words = _recursive(command, tool)
            if words is None:
                continue
            paths = _absolute(subject, instruction, found, words[1:])
            mine = tuple(row for row in rows if _copied(subject, row) and _below(row.path, paths))
            if mine:
                written = " ".join(word.text for word in words[1:])
                yield Recursive(instruction, command, words[0].value or "", paths, written, layers[0], mine)


def _absolute(
    subject: Subject | Text, instruction: Instruction, found: Script, words: Sequence[Argument]
) -> tuple[str, ...]:
    """The paths that the words mean; those left out that hang on a folder we do not know."""
    state = state_at(subject.dockerfile, subject.stage, instruction, subject.build_args)
    workdir = None if {"cd", "pushd"} & set(found.leaks) else state.workdir
    values = [word.value or "" for word in words]
    return tuple(
        posixpath.normpath(value if value.startswith("/") else f"{workdir}/{value}")
        for value in values
        if value.startswith("/") or workdir is not None
    )


def _recursive(command: Command, tool: str) -> tuple[Argument, ...] | None:
    """The operands of a recursive call whose every word is constant; None for any other command."""
    if (command.name or "").rpartition("/")[2] != tool or command.nested or None in command.values:
        return None
    flags = [each for each in command.arguments if each.value and each.value.startswith("-")]
    words = tuple(each for each in command.arguments if each.value and not each.value.startswith("-"))
    if [flag.value for flag in flags] not in (["-R"], ["--recursive"]) or len(words) < 2:
        return None
    return words


def _copied(subject: Subject, row: WasteRow) -> bool:
    made = subject.alignment.instruction_of.get(row.layer)
    return made is not None and made.keyword in ("COPY", "ADD") and made in subject.stage.instructions


def _below(path: bytes, paths: tuple[str, ...]) -> bool:
    return any(("/" + path.decode("utf-8", "replace") + "/").startswith(each.rstrip("/") + "/") for each in paths)


def in_text(text: Text, tool: str, what: str) -> Iterator[Finding]:
    """A finding for each recursive call of `tool` over a folder that a COPY before it fills, whose flags say nothing.

    Without the layers nobody knows whether it changes anything, but for a COPY: that gives root's numbers.
    """
    if next(text.called(tool), None) is None:
        return
    filled: list[tuple[str, Instruction]] = []  # where COPYs that stand above put files
    few: list[tuple[str, Instruction]] = []  # the same of those that bring next to nothing, up to the next RUN
    for instruction in text.stage.instructions:
        if instruction.keyword in ("COPY", "ADD"):
            places = ((place, instruction) for place in _filled(text, instruction, tool))
            (few if brings_few(text, instruction) else filled).extend(places)
        if instruction.keyword != "RUN":
            continue
        before, few, filled = filled, [], [*filled, *few]  # a RUN may put much more there
        if not before or tool not in instruction.value:
            continue
        found = script(text.dockerfile, instruction)
        for command in found.commands if found is not None else ():
            words = _recursive(command, tool)
            paths = _absolute(text, instruction, found, words[1:]) if words is not None and found is not None else ()
            below = tuple(path.rstrip("/") + "/" for path in paths)
            copy = next((copy for place, copy in before if place.startswith(below)), None)
            if copy is not None and words is not None:
                message = f"line {instruction.line} changes the {what} of copied files, and so stores them twice"
                advice = _advice(text, tool, what, copy, instruction, words[0].value or "")
                yield Finding(f"{tool}-in-a-later-layer", message, instruction, 0, refusal=advice)
                break


def _advice(text: Text, tool: str, what: str, copy: Instruction, behind: Instruction, value: str) -> str:
    """What to do instead of a call of `tool` in the RUN `behind`, which gives `value` to what `copy` brought."""
    if tool == "chown" and value.split(":")[0] in ("root", "0") and set(value.split(":")) <= {"root", "0"}:
        return f"leave it out: what {copy.keyword} brings is root's"
    flag = f"give the {what} with {copy.keyword} --{tool}, where it costs nothing"
    owner = value.split(":")[0]
    for run in text.shipped if tool == "chown" else ():
        between = copy.span.start < run.instruction.span.start <= behind.span.start
        if between and any((made := new_user(call)) is not None and made.name == owner for call in run.calls):
            return f"{flag}: by the number of {owner}, or behind line {run.instruction.line}, which creates it"
    return flag


def of_one_file(text: Text, tool: str, what: str) -> Iterator[Finding]:
    """The same of a call that names one file which a COPY brought: of another stage, or a large one of the context."""
    if next(text.called(tool), None) is None:
        return
    brought: dict[str, int | None] = {}  # path -> bytes, None where only a build tells
    programs = {_program(each) for each in text.stage.instructions if each.keyword in ("CMD", "ENTRYPOINT")}
    runs = {run.instruction.span.start: run for run in text.shipped}
    for instruction in text.stage.instructions:
        brought.update(_file(text, instruction, tool))
        run = runs.get(instruction.span.start)
        for call in run.calls if run is not None and brought else ():
            made = change(call) if call.name == tool and call.certain else None
            path = _changed(made, brought, programs) if made is not None and not made.recursive else None
            if path is not None:
                size = brought[path]
                told = f" ({show_bytes(size)})" if size is not None else ""
                message = f"line {instruction.line} changes the {what} of {path}{told}, and so stores it twice"
                advice = f"give the {what} with COPY --{tool}, where it costs nothing"
                yield Finding(f"{tool}-in-a-later-layer", message, instruction, 0, refusal=advice)
                break


def _program(entry: Instruction) -> str:
    """The program that a CMD or an ENTRYPOINT starts."""
    words = entry.exec_form if entry.exec_form is not None else entry.value.split()
    return next(iter(words), "")


def _changed(made: Change, brought: Mapping[str, int | None], programs: Set[str]) -> str | None:
    """The first of the brought files that a call changes; what a stage made may be a folder, where neither the mode
    tells nor the container starts it."""
    known = [each for each in made.paths if each is not None and each in brought]
    surely = bool(made.what and _EXECUTABLE.fullmatch(made.what))
    return next((each for each in known if brought[each] is not None or surely or each in programs), None)


def _file(text: Text, copy: Instruction, tool: str) -> Iterator[tuple[str, int | None]]:
    """The one file that a COPY puts somewhere, where it is worth a word."""
    words = arguments(copy) if copy.keyword == "COPY" and not copy.heredocs else ()
    for place in _filled(text, copy, tool) if len(words) == 2 else ():
        source, into = words[0], words[1].endswith("/") or words[1] in (".", "..")
        path = place + posixpath.basename(source) if into else place.rstrip("/")
        if copy.flag("from") is not None:
            yield path, None
            continue
        try:
            size = text.taken_by(text.stage, copy).bytes
        except (UsageError, DockerfileError):
            continue
        if size >= _LARGE:
            yield path, size


def _filled(text: Text, copy: Instruction, tool: str) -> Iterator[str]:
    """Where a COPY that leaves owner or mode to a later call puts files, with a slash behind it, as far as is known."""
    if copy.keyword not in ("COPY", "ADD") or copy.flag(tool) is not None:
        return
    target = arguments(copy)[-1]
    folder = state_at(text.dockerfile, text.stage, copy, text.build_args).workdir
    if "$" not in target and (target.startswith("/") or folder):
        whole = posixpath.normpath(posixpath.join(folder or "/", target))
        yield "/" + whole.lstrip("/") + "/"


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
    below = tree_before(subject, before)
    here = merge(subject.image.layers[: at_layer + 1])
    gid = group if colon else "0"
    if user_exists.found(below, gid, user_exists.GROUP):
        gid = _number(here, gid, user_exists.GROUP, 2)
    if user_exists.found(below, user, user_exists.PASSWD):
        user = _number(here, user, user_exists.PASSWD, 2)
    return f"{user}:{gid}"


def tree_before(subject: Subject, instruction: Instruction) -> Tree:
    """What the instruction found; the whole tree where it made no layer."""
    layers = subject.alignment.layers_of(instruction)
    return merge(subject.image.layers[: layers[0]]) if layers else subject.tree


def _number(tree: Tree, name: str, file: bytes, column: int) -> str:
    if name.isdigit():
        return name
    for row in user_exists.rows(tree, file):
        if row[0] == name and len(row) > column:
            return row[column]
    raise CannotEdit(f"{name} is not in the image's /{file.decode()}")


def findings(
    subject: Subject, tool: str, what: str, repair: Callable[[Recursive], Fix], traps: tuple[str, ...] = ()
) -> Iterator[Finding]:
    """A finding for each recursive call of `tool`, which changes `what` of copied files; `repair` raises CannotEdit."""
    name = f"{tool}-in-a-later-layer"
    for call in recursive_calls(subject, tool):
        message = f"line {call.instruction.line} changes the {what} of copied files, and so stores them twice"
        size = sum(row.bytes for row in call.rows)
        paths = tuple(row.path for row in sorted(call.rows, key=lambda row: -row.bytes)[:SHOWN])
        try:
            yield Finding(name, message, call.instruction, size, repair(call), traps, paths=paths)
        except CannotEdit as error:
            yield Finding(name, message, call.instruction, size, refusal=error.reason, paths=paths)
