"""apt and apt-get in a RUN, as data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.dockerfile.model import Instruction
from jettison.dockerfile.shell import Argument, Command, script
from jettison.subject import Subject, Text

TOOLS = {"apt", "apt-get", "aptitude"}
_WITHOUT_LISTS = {"clean", "autoclean", "autoremove", "remove", "purge"}  # verbs that what is installed suffices for
_NOT_A_NAME = re.compile(r"^[./]|\.deb$|[*?^\[]|-$")  # a file, a pattern, a task, a removal
MENTIONED = re.compile(r"\bapt(?:-get|itude)?\b")
_WITH_VALUE = {"-o", "-c", "-t", "--option", "--config-file", "--target-release", "-a", "--host-architecture"}


@dataclass(frozen=True)
class AptCall:
    """One call: its verb (update, install ...), where the verb stands, options and packages as far as constant."""

    command: Command
    verb: str
    verb_argument: Argument
    options: tuple[str, ...]
    packages: tuple[str, ...]
    unknown: bool  # an argument is computed by the shell, or means packages by a file, a pattern or a task


def apt_calls(subject: Subject | Text, instruction: Instruction) -> Iterator[AptCall]:
    """Every call of apt in a RUN, in the order of the text; none where it cannot be read."""
    found = script(subject.dockerfile, instruction)
    for command in found.commands if found else ():
        command_name = (command.name or "").rpartition("/")[2]
        if command_name not in TOOLS:
            continue
        call = _call(command)
        if call is not None:
            yield call


def _call(command: Command) -> AptCall | None:
    options: list[str] = []
    packages: list[str] = []
    verb: Argument | None = None
    unknown = False
    values = iter(command.arguments)
    for argument in values:
        value = argument.value
        if value is None:
            unknown = True
        elif value.startswith("-"):
            options.append(value)
            if value in _WITH_VALUE:
                options.append((next(values, argument).value) or "")
        elif verb is None:
            verb = argument
        elif _NOT_A_NAME.search(value):
            unknown = True
        else:
            packages.append(value.partition("=")[0].partition("/")[0].partition(":")[0])
    if verb is None or verb.value is None:
        return None
    return AptCall(command, verb.value, verb, tuple(options), tuple(packages), unknown)


def users_of_lists(subject: Subject | Text, update: Instruction) -> list[Instruction]:
    """The RUNs after `update` that need the package lists it fetched: up to the next that fetches its own."""
    found: list[Instruction] = []
    instructions = list(subject.stage.instructions)
    for instruction in instructions[instructions.index(update) + 1 :]:
        if instruction.keyword != "RUN":
            continue
        verbs = [call.verb for call in apt_calls(subject, instruction)]
        if verbs[:1] == ["update"]:
            break
        if set(verbs) - _WITHOUT_LISTS or (not verbs and MENTIONED.search(instruction.value)):
            found.append(instruction)
    return found
