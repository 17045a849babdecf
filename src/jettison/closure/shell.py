"""The commands of shell scripts, by grammar: words in comments, messages and quoted texts are no commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from jettison.dockerfile.quoting import constant

_BUILT_IN = {
    ".", ":", "[", "[[", "alias", "bg", "break", "cd", "command", "continue", "declare", "echo", "eval", "exec", "exit",
    "export", "false", "fg", "getopts", "hash", "jobs", "kill", "let", "local", "printf", "pwd", "read", "readonly",
    "return", "set", "shift", "shopt", "source", "test", "times", "trap", "true", "type", "typeset", "ulimit", "umask",
    "unalias", "unset", "wait",
}  # fmt: skip
_CARRIERS = {  # commands whose arguments are commands
    "chroot", "chpst", "command", "dumb-init", "env", "eval", "exec", "flock", "gosu", "hash", "ionice", "nice",
    "nohup", "setpriv", "setsid", "stdbuf", "su-exec", "sudo", "time", "timeout", "tini", "type", "which", "xargs",
}  # fmt: skip
_READERS = {".", "source", "sh", "bash", "ash", "dash"}  # commands whose first argument is a script


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bash.language()))


def commands(text: str) -> Iterator[tuple[str, ...]]:
    """Every simple command of a script, wherever it stands: its name, then those arguments that are constant."""
    data = text.encode("utf-8", "replace")
    stack = [_parser().parse(data).root_node]
    functions: set[str] = set()
    found: list[tuple[str, ...]] = []
    while stack:
        node = stack.pop()
        if node.type == "function_definition" and node.children:
            functions |= {_source(child, data) for child in node.children if child.type == "word"}
        elif node.type == "command":
            words = _words(node, data)
            if words:
                found.append(words)
        stack.extend(reversed(node.children))
    yield from (words for words in found if words[0] not in functions)


def _source(node: Node, data: bytes) -> str:
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _words(node: Node, data: bytes) -> tuple[str, ...]:
    name, arguments = "", []
    for child in node.children:
        if child.type == "command_name":
            name = constant(_source(child, data)) or ""
        elif child.is_named and child.type in ("word", "string", "raw_string", "concatenation", "number"):
            value = constant(_source(child, data))
            if value:
                arguments.append(value)
    return (name, *arguments) if name else ()


def tools(command: tuple[str, ...]) -> Iterator[str]:
    """Words of a command that are, or may be, programs."""
    name, *arguments = command
    if name not in _BUILT_IN:
        yield name
    carries = name.rpartition("/")[2] in _CARRIERS
    yield from (word for word in arguments if carries or word.startswith("/"))


def scripts(command: tuple[str, ...]) -> Iterator[str]:
    """Words of a command that may be the paths of further scripts."""
    name, *arguments = command
    yield name
    if name.rpartition("/")[2] in _READERS | _CARRIERS:
        yield from (word for word in arguments if not word.startswith("-"))


def inline(command: tuple[str, ...]) -> str:
    """The text behind `sh -c`; empty where there is none."""
    for position, word in enumerate(command):
        if word.rpartition("/")[2] in _READERS:
            rest = command[position + 1 :]
            flag = next((number for number, each in enumerate(rest) if re.fullmatch(r"-\w*c", each)), len(rest))
            return "".join(rest[flag + 1 : flag + 2])
    return ""
