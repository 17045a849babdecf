"""npm in a RUN, as data: which calls install, and what else runs Node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jettison.commands.invocation import invoked
from jettison.commands.tables.npm import NPM
from jettison.commands.written import argument, call_of
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.shell import Argument, Command, mentions, script
from jettison.subject import Subject, Text

_TABLE = {"npm": NPM}
INSTALLS = {"install", "ci", "i", "in", "ins", "inst", "add", "clean-install", "ic", "install-clean"}
CLEAN = {"ci", "clean-install", "ic", "install-clean"}
NODE = {"npm", "npx", "node", "yarn", "pnpm", "corepack", "bun"}
_HARMLESS = {"rm", "mkdir", "chown", "chmod", "cp", "mv", "ln", "echo", "true", ":", "touch", "cat", "ls", "useradd",
             "groupadd", "adduser", "addgroup", "set"}  # fmt: skip


@dataclass(frozen=True)
class NpmCall:
    """One `npm install` or `npm ci`: its verb, where the verb stands, and its other words as far as constant."""

    command: Command
    verb: Argument
    options: tuple[str, ...]
    packages: tuple[str, ...]
    unknown: bool  # a word is computed by the shell

    @property
    def plain(self) -> bool:
        """Whether it installs what package.json names, wherever it stands."""
        return not (self.packages or self.unknown or self.command.nested or self.is_global)

    @property
    def is_global(self) -> bool:
        return bool({"-g", "--global", "--location=global"} & set(self.options))


def npm_installs(subject: Subject | Text, run: Instruction) -> Iterator[NpmCall]:
    """Every call of npm that installs, in the order of the text; none where the RUN cannot be read."""
    found = script(subject.dockerfile, run) if mentions(subject.dockerfile, run, "npm") else None
    for command in found.commands if found else ():
        if (call := _call(command)) is not None:
            yield call


def _call(command: Command) -> NpmCall | None:
    read = invoked(call_of(command), _TABLE)
    verb = read.verb[0] if read is not None and read.verb else None
    if read is None or verb is None or verb.value not in INSTALLS:
        return None
    options = [word.value or "" for option in read.options for word in option.words]
    packages = [word.value for word in (*read.verb[1:], *read.operands) if word.value is not None]
    return NpmCall(command, argument(verb), tuple(options), tuple(packages), None in command.values)


def installs(subject: Subject | Text, run: Instruction) -> bool:
    """Whether a RUN installs what package.json names with npm."""
    return any(not call.is_global for call in npm_installs(subject, run))


def installs_with_any(subject: Subject | Text, run: Instruction) -> bool:
    """Whether a RUN installs what package.json names, with npm, yarn or pnpm."""
    found = script(subject.dockerfile, run)
    return installs(subject, run) or any(map(_installs_otherwise, found.commands if found else ()))


def _installs_otherwise(command: Command) -> bool:
    tool = (command.name or "").rpartition("/")[2]
    words = [value for value in command.values if value and not value.startswith("-")]
    return (tool == "yarn" and words in ([], ["install"])) or (tool == "pnpm" and words in (["install"], ["i"]))


def runs_node(subject: Subject | Text, run: Instruction) -> bool:
    """Whether a RUN may run something of node_modules: npm, node, or what cannot be read or is not known here."""
    found = script(subject.dockerfile, run)
    return found is None or any((each.name or "").rpartition("/")[2] not in _HARMLESS for each in found.commands)
