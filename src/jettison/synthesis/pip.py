"""pip in a RUN, as data.

Source: pip documentation, "pip install" (options) and "Requirements File Format".
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jettison.dockerfile.model import Dockerfile, Instruction
from jettison.dockerfile.shell import Argument, Command, script
from jettison.packages.python import Requirement, requirement

_PIP = re.compile(r"(?:.*/)?pip[0-9.]*")
_PYTHON = re.compile(r"(?:.*/)?python[0-9.]*")
_WITH_VALUE = {
    "-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-t", "--target", "--prefix",
    "--root", "--src", "--platform", "--python-version", "--implementation", "--abi", "--progress-bar", "--timeout",
    "--retries", "--trusted-host", "--cert", "--client-cert", "--cache-dir", "--log", "--proxy", "--no-binary",
    "--only-binary", "--config-settings", "-C", "--global-option", "--build-option", "--use-feature", "--report",
    "--use-deprecated", "--upgrade-strategy", "--python", "--exists-action", "--root-user-action", "--group",
}  # fmt: skip


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
    arguments = list(command.arguments)
    if _PYTHON.fullmatch(command.name or ""):
        values = [each.value for each in arguments]
        at = values.index("-m") if "-m" in values else -1
        if at < 0 or values[at + 1 : at + 2] != ["pip"]:
            return None
        arguments = arguments[at + 2 :]
    elif not _PIP.fullmatch(command.name or ""):
        return None
    files: list[Named] = []
    names: list[str] = []
    options: list[str] = []
    verb: Argument | None = None
    rest = iter(arguments)
    for argument in rest:
        value = argument.value
        if value is None:
            continue
        flag, equals, inline = value.partition("=")
        if flag in ("-r", "--requirement"):
            other = None if equals else next(rest, None)
            path = inline if equals else (other.value if other else None)
            files += [Named(path, (argument, *((other,) if other else ())))] if path else []
        elif value.startswith("-r") and not value.startswith("--"):
            files.append(Named(value[2:], (argument,)))
        elif value.startswith("-"):
            options.append(value)
            if value in _WITH_VALUE or value in ("-e", "--editable"):
                options.append((next(rest, argument).value) or "")
        elif verb is None:
            verb = argument
        else:
            names.append(value)
    if verb is None or verb.value is None:
        return None
    unknown = any(each.value is None for each in arguments)
    return PipCall(command, verb.value, verb, tuple(files), tuple(names), tuple(options), unknown)


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
