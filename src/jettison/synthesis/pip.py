"""pip in a RUN, as data.

Source: pip documentation, "pip install" (options) and "Requirements File Format".
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jettison.commands.invocation import invoked
from jettison.commands.tables.pip import PIP
from jettison.commands.written import argument, call_of
from jettison.dockerfile.model import Dockerfile, Instruction
from jettison.dockerfile.shell import Argument, Command, script
from jettison.packages.python import Requirement, requirement

_TABLE = dict.fromkeys(PIP.programs, PIP)


@dataclass(frozen=True)
class Named:
    """A requirements file that a call names; `arguments` are the words that say so (`-r FILE`, or one)."""

    path: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class PipCall:
    """One call: its verb (install, uninstall ...), requirements files, what it names by word, and the other options."""

    command: Command
    verb: str
    verb_argument: Argument
    files: tuple[Named, ...]
    names: tuple[str, ...]
    options: tuple[str, ...]
    unknown: bool  # an argument is computed by the shell


def pip_calls(dockerfile: Dockerfile, instruction: Instruction) -> Iterator[PipCall]:
    """Every call of pip in a RUN, `python -m pip` too; none where it cannot be read."""
    found = script(dockerfile, instruction)
    for command in found.commands if found else ():
        call = pip_call(command)
        if call is not None:
            yield call


def pip_call(command: Command) -> PipCall | None:
    """A command as a call of pip; None where it is something else."""
    read = invoked(call_of(command), _TABLE)
    if read is None or not read.verb or read.verb[0].value is None:
        return None
    files: list[Named] = []
    options: list[str] = []
    for option in read.options:
        if option.name in PIP.file_options:
            files += [Named(option.value, tuple(map(argument, option.words)))] if option.value else []
        elif len(option.words) > 1 or option.value is None:
            options += [option.name, *([option.value or ""] if len(option.words) > 1 else [])]
        else:
            options.append(f"{option.name}={option.value}")
    names = [word.value for word in (*read.verb[1:], *read.operands) if word.value is not None]
    words = [*read.verb, *read.operands, *(word for option in read.options for word in option.words)]
    unknown = any(word.value is None for word in words)
    verb = read.verb[0]
    return PipCall(command, verb.value or "", argument(verb), tuple(files), tuple(names), tuple(options), unknown)


@dataclass(frozen=True)
class Requirements:
    """A requirements file with all that it includes: what it asks for, the files, and what could not be understood."""

    wanted: tuple[Requirement, ...]
    includes: tuple[str, ...]  # as paths beside the one that was asked for, those of includes too
    strange: tuple[str, ...]  # a URL, a path, an editable one, a file that is not there


Read = Callable[[str], "str | None"]


def requirements(path: str, read: Read, depth: int = 8) -> Requirements:
    """The file at `path`, read by `read`, which answers None where there is none."""
    text = read(path)
    if text is None or not depth:
        return Requirements((), (), (path,))
    wanted: list[Requirement] = []
    includes: list[str] = []
    strange: list[str] = []
    for line in re.sub(r"\\\n", "", text.replace("\r\n", "\n")).split("\n"):
        line = re.sub(r"(?:^|\s)#.*", "", line).strip()
        include = re.match(r"(?:-r|--requirement)[\s=]*(\S+)$", line)
        if include:
            other = posixpath.normpath(posixpath.join(posixpath.dirname(path), include[1]))
            inside = requirements(other, read, depth - 1)
            wanted += inside.wanted
            includes += [other, *inside.includes]
            strange += inside.strange
        elif line and not re.match(r"--?(?:c|constraint|i|index-url|extra-index-url|f|find-links|pre|prefer-binary|"
                                   r"no-binary|only-binary|trusted-host|require-hashes|no-index)\b", line):  # fmt: skip
            found = None if re.search(r"^-|^\.|://|^/|^[^@;]*\s@\s", line) else requirement(line)
            wanted += [found] if found else []
            strange += [] if found else [line]
    return Requirements(tuple(wanted), tuple(includes), tuple(strange))
