"""apt and apt-get in a RUN, as data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.commands.invocation import invoked
from jettison.commands.tables.apt import APT
from jettison.commands.written import argument, call_of, calls_at
from jettison.dockerfile.graph import key_of
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.shell import Argument, Command, mentions, script
from jettison.subject import Subject, Text

TOOLS = set(APT.programs)
_TABLE = dict.fromkeys(APT.programs, APT)
_WITHOUT_LISTS = {"clean", "autoclean", "autoremove", "remove", "purge"}  # verbs that what is installed suffices for
MENTIONED = re.compile(r"\bapt(?:-get|itude)?\b")


@dataclass(frozen=True)
class AptCall:
    """One call: its program, its verb (update, install ...), where that stands, options and packages as far as written.

    `asked` are the packages that it installs when variables and loops are followed, `unclear` that these are not all.
    """

    command: Command
    program: str  # one of TOOLS
    verb: str
    verb_argument: Argument
    options: tuple[str, ...]
    packages: tuple[str, ...]
    unknown: bool  # an argument is computed by the shell, or means packages by a file, a pattern or a task
    asked: tuple[str, ...] = ()
    unclear: bool = False


def apt_calls(subject: Subject | Text, instruction: Instruction) -> tuple[AptCall, ...]:
    """Every call of apt in a RUN, in the order of the text; none where it cannot be read."""
    dockerfile = subject.dockerfile
    if instruction.keyword != "RUN" or not mentions(dockerfile, instruction, "apt"):
        return ()
    if not dockerfile.holds(instruction):
        return tuple(_apt_calls(subject, instruction))
    key = ("apt calls", instruction.span.start, key_of(subject.build_args))
    return dockerfile.once(key, lambda: tuple(_apt_calls(subject, instruction)))


def _apt_calls(subject: Subject | Text, instruction: Instruction) -> Iterator[AptCall]:
    found = script(subject.dockerfile, instruction)
    written = [(command, invoked(call_of(command), _TABLE)) for command in found.commands] if found else []
    computed = any(read is not None and read.unknown for _, read in written)
    followed = calls_at(subject.dockerfile, instruction, subject.build_args) if computed else {}
    for command, read in written:
        if read is None or not read.verb or read.verb[0].value is None:
            continue
        runs = [each for call in followed.get(command.span, ()) if (each := invoked(call, _TABLE)) is not None] or [
            read
        ]
        asked = tuple(dict.fromkeys(package.name for each in runs for package in each.packages))
        options = [word.value or "" for option in read.options for word in option.words]
        yield AptCall(
            command, read.call.name or "", read.verb[0].value, argument(read.verb[0]), tuple(options),
            tuple(package.name for package in read.packages), read.unknown,
            asked, any(each.unknown for each in runs),
        )  # fmt: skip


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
        if set(verbs) - _WITHOUT_LISTS or (not verbs and _may_call_apt(subject, instruction)):
            found.append(instruction)
    return found


def _may_call_apt(subject: Subject | Text, instruction: Instruction) -> bool:
    """Whether a RUN may ask apt: it speaks of it, and calls something of that name, a script, or what is not known."""
    if not MENTIONED.search(instruction.value):
        return False
    text = subject.text if isinstance(subject, Subject) else subject
    run = next((each for each in text.runs if each.instruction is instruction), None)
    if run is None or not run.readable:
        return True
    return any(call.name is None or (MENTIONED.search(call.name) and call.name != "apt-key") for call in run.calls)
