"""What commands do to the shell that runs them: set, cd, export, exit and their like.

Source: POSIX.1-2017, Shell Command Language, 2.14 (Special Built-In Utilities), and `cd`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from tree_sitter import Node

from jettison.commands.model import Call
from jettison.commands.shell_state import Shell
from jettison.commands.words import joined
from jettison.dockerfile.shell import Reader

_ASSIGNS = re.compile(r"\b([A-Za-z_]\w*)\+?=")
_CHANGING = {"exit", "return", "set", "cd", "pushd", "popd", "shift", ".", "source", "eval", "read", "getopts",
             "mapfile", "readarray", "export", "readonly", "declare", "local", "typeset"}  # fmt: skip
_SWITCHES = re.compile(r"([-+])([A-Za-z]+)")
_READS = re.compile(r"\b(?:read|for|select|unset|getopts|printf\s+-v)\s+([^;|&\n]*)")


def assignment(node: Node, reader: Reader, shell: Shell) -> tuple[str, str | None]:
    """The name and the value of `NAME=value`, `NAME+=value`."""
    name, _, text = reader.source(node).partition("=")
    if "[" in name or text.startswith("("):  # an array
        return name.partition("[")[0].removesuffix("+"), None
    value = joined(text, shell.known)
    if not name.endswith("+"):
        return name, value
    before = shell.variables.get(name[:-1])
    return name[:-1], None if before is None or value is None else before + value


def assign(node: Node, reader: Reader, shell: Shell) -> Shell:
    """After an assignment, `export`, `readonly`, `declare`, `local`, `unset`."""
    keyword = reader.source(node.children[0]) if node.children else ""
    export = node.type == "declaration_command" and (keyword == "export" or "-x" in reader.source(node).split())
    nodes = [node] if node.type == "variable_assignment" else node.children
    for child in nodes:
        if child.type == "variable_assignment":
            shell = shell.set(*assignment(child, reader, shell), export=export)
        elif child.type == "variable_name":
            name = reader.source(child)
            if node.type == "unset_command":
                shell = replace(shell.forget(frozenset({name})), exported=shell.exported - {name})
            elif export:
                shell = replace(shell, exported=shell.exported | {name})
        elif child.is_named and child.type == "word" and "=" in reader.source(child):
            name = reader.source(child).partition("=")[0]
            shell = shell.set(name, None, export=export)
    return shell


def assigned_in(source: str) -> frozenset[str]:
    """The names that a text may assign to; more than it does, rather than fewer."""
    found = set(_ASSIGNS.findall(source))
    for words in _READS.findall(source):
        found.update(word for word in words.split() if re.fullmatch(r"[A-Za-z_]\w*", word))
    return frozenset(found)


def with_options(shell: Shell, words: tuple[str | None, ...]) -> Shell:
    """After `set WORDS`, or in a shell that was started with these."""
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word is None:
            return replace(shell, errexit=None, pipefail=None, positional=None)
        match = _SWITCHES.fullmatch(word)
        if match is None:
            given = rest if word == "--" else [word, *rest]
            return replace(shell, positional=tuple(given))
        on = match[1] == "-"
        if "e" in match[2]:
            shell = replace(shell, errexit=on)
        if "o" in match[2] and rest:
            name = rest.pop(0)
            if name in ("errexit", None):
                shell = replace(shell, errexit=on if name else None)
            if name in ("pipefail", None):
                shell = replace(shell, pipefail=on if name else None)
    return shell


def after(call: Call, shell: Shell, fresh: Callable[[], int]) -> Shell:
    """The shell after a command that is no function; `fresh` numbers a new branch."""
    if call.name not in _CHANGING and "exec" not in call.wrappers:
        return shell
    if call.name in ("exit", "return") and not call.wrappers:
        status = call.values[0] if call.values else "0"
        fails = status is not None and status.isdigit() and int(status) % 256 != 0
        return replace(shell, dead=True, behind=shell.behind if fails else shell.behind | {fresh()})
    if "exec" in call.wrappers:
        return replace(shell, dead=True, behind=shell.behind | {fresh()})
    if call.wrappers and call.wrappers != ("builtin",):
        return shell
    if call.name == "set" and call.values:
        return with_options(shell, call.values)
    if call.name == "cd":
        words = [value for value in call.values if value not in ("-P", "-L", "--")]
        return shell.enter(words[0] if words and words[0] != "-" else None if words else shell.home)
    if call.name in ("pushd", "popd"):
        return shell.enter(None)
    if call.name == "shift":
        first = call.values[0] if call.values else "1"
        given, number = shell.positional, int(first) if first and first.isdigit() else None
        return replace(shell, positional=given[number:] if given is not None and number is not None else None)
    if call.name in (".", "source", "eval"):
        return replace(shell.after_another_script(), positional=shell.positional)
    if call.name in ("read", "getopts", "mapfile", "readarray"):
        return shell.forget(frozenset(each for each in call.values if each and re.fullmatch(r"[A-Za-z_]\w*", each)))
    if call.name in ("export", "readonly", "declare", "local", "typeset"):
        return shell.forget(frozenset((each or "").partition("=")[0] for each in call.values))
    return shell
