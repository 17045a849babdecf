"""A call of a package manager as data: what it is for, its options, the packages that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from jettison.commands.model import Call, Word
from jettison.commands.tool import Action, Tool
from jettison.core.dataclass import dataclass

_PYTHON = re.compile(r"(?:python|pypy)[\d.]*")
_CLUSTER = re.compile(r"-\w+")
_LETTERS = re.compile(r"-[A-Za-z0-9]+")


@dataclass(frozen=True)
class Option:
    """One option: its name with its dashes, its value where it has one, and the words that say so."""

    name: str
    value: str | None
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Package:
    """A package that is asked for; `version` as it was written, None where none was."""

    name: str
    version: str | None
    word: Word


@dataclass(frozen=True)
class Invocation:
    """`unknown` says that a word is not known, or names packages by a file, a pattern, a folder."""

    tool: Tool
    call: Call
    action: Action | None
    verb: tuple[Word, ...]
    options: tuple[Option, ...] = ()
    packages: tuple[Package, ...] = ()
    operands: tuple[Word, ...] = ()  # all words that are neither verb nor option
    unknown: bool = False

    def has(self, *options: str) -> bool:
        """Whether one of these is given: `--name`, whatever its value, `--name=value`, or `-x`, in a cluster too."""
        return bool(self.options) and any(self._has(each) for each in options)

    def _has(self, wanted: str) -> bool:
        name, equals, value = wanted.partition("=")
        short = self.tool.clusters and len(name) == 2
        for option in self.options:
            if option.name == name and (not equals or option.value == value):
                return True
            if short and not equals and name[1] in option.name[1:] and _CLUSTER.fullmatch(option.name):
                return True
        return False

    def value(self, *names: str) -> str | None:
        """The value of the last of these options; None where it is absent, or not known."""
        found = [option.value for option in self.options if option.name in names]
        return found[-1] if found else None


@dataclass(frozen=True)
class Misspelled:
    """An option that the manager does not know, and the one that was meant."""

    word: Word
    meant: str


def invoked(call: Call, tools: Mapping[str, Tool]) -> Invocation | None:
    """A call of one of these managers, `python -m pip` too; None where it is of another program."""
    name, words = call.name or "", call.words
    if name.startswith(("python", "pypy")) and _PYTHON.fullmatch(name):
        module = next((at for at, word in enumerate(words) if word.value == "-m"), len(words))
        name = (words[module + 1].value or "") if module + 1 < len(words) else ""
        words = words[module + 2 :]
    tool = tools.get(name) or tools.get(name.rstrip("0123456789."))
    if tool is None:
        return None
    if tool not in call.known:
        call.known[tool] = _read(tool, call, words)
    found: Invocation = call.known[tool]
    return found


def _read(tool: Tool, call: Call, words: tuple[Word, ...]) -> Invocation:
    options: list[Option] = []
    operands: list[Word] = []
    rest = iter(words)
    for word in rest:
        value = word.value
        if value == "--":
            operands += rest
        elif value is None or not value.startswith("-") or value == "-":
            operands.append(word)
        else:
            options += _options(tool, word, value, rest)
    verb = () if tool.by_option else _verb(tool, operands)
    others = tuple(operands[len(verb) :])
    packages, odd = [], any(word.value is None for word in words)
    for word in others:
        if word.value is not None and tool.no_package and re.search(tool.no_package, word.value):
            odd = True
        elif word.value is not None:
            packages.append(Package(*tool.split(word.value), word))
    action = tool.verbs.get(tuple(word.value or "" for word in verb)) if verb else None
    if not operands:
        action = tool.default
    for option in options if tool.by_option else ():
        action = action or tool.by_option.get(option.name)
    return Invocation(tool, call, action, verb, tuple(options), tuple(packages), others, odd)


def _options(tool: Tool, word: Word, value: str, rest: Iterator[Word]) -> Iterator[Option]:
    """The options of one word: several where letters stand behind one dash, the last of which may take a value."""
    name, equals, inline = value.partition("=")
    name = _unabbreviated(tool, name)
    is_one = value in tool.plain or value in tool.valued
    cluster = _LETTERS.match(value) if tool.clusters and not is_one else None
    for at in range(1, cluster.end()) if cluster else ():
        if f"-{value[at]}" in tool.valued:
            if at > 1:
                yield Option(value[:at], None, (word,))
            given = value[at + 1 :].removeprefix("=")
            name, equals, inline = f"-{value[at]}", "=" if given else "", given
            break
    if equals:
        yield Option(name, inline, (word,))
    elif name in tool.valued:
        following = next(rest, None)
        yield Option(name, following.value if following else None, (word, *((following,) if following else ())))
    else:
        yield Option(name, None, (word,))


def _unabbreviated(tool: Tool, name: str) -> str:
    """The option that is meant by its beginning; what it is already, or what several begin with, as it is."""
    if not tool.abbreviates or len(name) < 4 or name in tool.plain or name in tool.valued:
        return name
    meant = _begun(tool, name)
    return meant[0] if len(meant) == 1 else name


def _begun(tool: Tool, name: str) -> list[str]:
    return [each for each in tool.plain | tool.valued if each.startswith(name)] if name.startswith("--") else []


def _verb(tool: Tool, operands: list[Word]) -> tuple[Word, ...]:
    """The words that say what is to be done: the longest verb that the table knows, else the first word."""
    values = [word.value or "" for word in operands[:3]]
    for length in range(len(values), 0, -1):
        if tuple(values[:length]) in tool.verbs:
            return tuple(operands[:length])
    return tuple(operands[:1]) if tool.default is None else ()


def misspelled(invocation: Invocation) -> Iterator[Misspelled]:
    """Options that the manager refuses, and that one which it knows is very near."""
    tool = invocation.tool
    if not tool.complete:
        return
    for option in invocation.options:
        bare = option.name.removeprefix("--no-")
        spelt = (option.name, f"--{bare}", f"--no-{option.name[2:]}")
        if not option.name.startswith("--") or any(each in tool.plain or each in tool.valued for each in spelt):
            continue
        if tool.abbreviates and _begun(tool, option.name):
            continue  # of several: which pip there is decides whether it is clear
        known = sorted(each for each in tool.plain | tool.valued if each.startswith("--"))
        near = get_close_matches(option.name, known, 1, 0.85)
        if near:
            yield Misspelled(option.words[0], near[0])


def deprecated(invocation: Invocation) -> Iterator[tuple[Option, str]]:
    """Options that the manager says are deprecated, each with what is said instead."""
    for option in invocation.options:
        whole = option.name if option.value is None else f"{option.name}={option.value}"
        instead = invocation.tool.deprecated.get(whole) or invocation.tool.deprecated.get(option.name)
        if instead:
            yield option, instead


def without_development(invocation: Invocation) -> bool | None:
    """Whether development dependencies are left out; None where a variable that decides is not known."""
    tool = invocation.tool
    if invocation.has(*tool.production):
        return True
    for name, pattern in tool.production_by:
        value = invocation.call.setting(name)
        if value is None:
            return None
        if re.fullmatch(pattern, value):
            return True
    return False
