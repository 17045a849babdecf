"""The commands of a stage, so that they start a program where there is no shell and no search path."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Collection, Iterator

from jettison.closure.command import at, locate
from jettison.core.values import Span
from jettison.dockerfile.edit import CannotEdit
from jettison.dockerfile.model import Edit, Instruction
from jettison.subject import Subject
from jettison.synthesis.simple_command import simple_command


def freed(subject: Subject, programs: Collection[bytes]) -> tuple[tuple[Edit, str], ...]:
    """Edits, each with the key of the config that it changes.

    After them ENTRYPOINT or CMD, and HEALTHCHECK, start one of `programs` themselves. Raises CannotEdit where one of
    them starts something else, or needs a shell.
    """
    last = {each.keyword: each for each in subject.stage.instructions}
    entry, command, health = (last.get(keyword) for keyword in ("ENTRYPOINT", "CMD", "HEALTHCHECK"))
    if entry is None and subject.image.runtime.get("Entrypoint"):
        raise CannotEdit("the entry point is the base's own")
    first = entry or command
    if first is None:
        raise CannotEdit("the stage names no command: neither ENTRYPOINT nor CMD")
    if entry is not None and command is not None and None in (entry.exec_form, command.exec_form):
        raise CannotEdit("ENTRYPOINT and CMD are not both arrays: their shell joins, or drops, one of them")
    if entry is None and command is not None and command.exec_form == ():
        raise CannotEdit("the CMD is empty")
    edits = [*_freed(subject, first, programs)]
    if health is not None and health.value.partition(" ")[0].upper() != "NONE":
        edits += _freed(subject, health, programs)
    return tuple(edits)


def _freed(subject: Subject, instruction: Instruction, programs: Collection[bytes]) -> Iterator[tuple[Edit, str]]:
    text, start = _command(subject, instruction)
    told = f"{instruction.keyword} in line {instruction.line}"
    try:
        words = (
            list(instruction.exec_form) if instruction.exec_form is not None else simple_command(_joined(instruction))
        )
    except CannotEdit as error:
        raise CannotEdit(f"{told}: {error.reason}") from error
    if not words:
        raise CannotEdit(f"{told} is empty")
    place = locate(subject.tree, words[0], subject.image.runtime)
    if place is None or place not in programs:
        raise CannotEdit(f"{told} starts {words[0]}, which is not what is built here")
    found = words[0] if _stays(subject, words[0]) else "/" + place.decode("utf-8", "surrogateescape")
    if instruction.exec_form is None or found != words[0]:
        array = json.dumps([found, *words[1:]], ensure_ascii=False)
        yield Edit(Span(start, start + len(text.rstrip())), array), instruction.keyword.capitalize()


def _stays(subject: Subject, word: str) -> bool:
    """Whether a path means the same where only the program is: no folder on its way is a symbolic link (/bin)."""
    folder = posixpath.dirname(at(subject.image.runtime, word))
    return "/" in word and subject.tree.resolve(folder) == folder


def _command(subject: Subject, instruction: Instruction) -> tuple[str, int]:
    """The command as written, and where it starts; the CMD of a HEALTHCHECK is no part of it."""
    text = instruction.body.of(subject.dockerfile.text)
    start = instruction.body.start
    skipped = len(text) - len(text.lstrip())
    if instruction.keyword == "HEALTHCHECK":
        inner = text[skipped:]
        word = inner.split(None, 1)[0] if inner.split() else ""
        skipped += len(word)
        skipped += len(text[skipped:]) - len(text[skipped:].lstrip(" \t"))
    return text[skipped:], start + skipped


def _joined(instruction: Instruction) -> str:
    """The shell form in one line."""
    return instruction.value.partition(" ")[2].strip() if instruction.keyword == "HEALTHCHECK" else instruction.value
