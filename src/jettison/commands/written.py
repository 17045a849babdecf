"""The commands of a script as they are written, told what they call: for edits, which change written words."""

from __future__ import annotations

from collections.abc import Mapping

from jettison.commands.model import Call, Word
from jettison.commands.read import read
from jettison.commands.wrappers import base_name, peel
from jettison.core.values import Span
from jettison.dockerfile.model import Dockerfile, Instruction
from jettison.dockerfile.quoting import constant
from jettison.dockerfile.scope import NO_ARGUMENTS, state_at
from jettison.dockerfile.shell import Argument, Command


def call_of(command: Command) -> Call:
    """What one command calls, by its own words alone: wrappers are seen through, variables are not known."""
    if "call" not in command.known:
        command.known["call"] = _call(command)
    found: Call = command.known["call"]
    return found


def _call(command: Command) -> Call:
    if command.name is None:
        return Call(None, (), command.span, nested=command.nested)
    words = tuple(Word(each.text, each.value, each.span, each.value) for each in command.arguments)
    found = peel((Word(command.name, command.name, command.span, command.name), *words))
    own = {name: constant(text) for name, _, text in (each.partition("=") for each in command.assignments)}
    return Call(
        base_name(found.words[0]), found.words[1:], command.span, found.wrappers, own={**own, **found.own},
        nested=command.nested,
    )  # fmt: skip


def argument(word: Word) -> Argument:
    """The written argument that a word is."""
    return Argument(word.text, word.value, word.span)


def calls_at(
    dockerfile: Dockerfile, instruction: Instruction, build_args: Mapping[str, str] = NO_ARGUMENTS
) -> dict[Span, list[Call]]:
    """What each written command of a RUN calls when the script is followed: several times in a loop, never where it
    stands in a function that nobody calls."""
    stage = next((each for each in dockerfile.stages if any(one is instruction for one in each.instructions)), None)
    state = state_at(dockerfile, stage, instruction, build_args) if stage is not None else None
    found: dict[Span, list[Call]] = {}
    run = read(dockerfile, instruction, state)
    for call in run.calls if run.readable else ():
        found.setdefault(call.span, []).append(call)
    return found
