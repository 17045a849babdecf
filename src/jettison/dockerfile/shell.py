"""The shell of a RUN, by a real grammar, with spans into the file.

tree-sitter's bash grammar reads the text that the builder hands to the shell: continuations joined, comment lines
gone. Every node is mapped back to the characters of the file that it came from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from jettison.core.values import Span
from jettison.dockerfile.model import Dockerfile, Instruction
from jettison.dockerfile.parse import shell_text

_NESTED = {
    "if_statement", "for_statement", "c_style_for_statement", "while_statement", "case_statement", "subshell",
    "function_definition", "command_substitution", "process_substitution",
}  # fmt: skip
_LEAKING = {"cd", "pushd", "popd", "export", "set", "shopt", "umask", "source", ".", "exec", "trap", "alias", "unset",
            "readonly", "declare", "local", "exit", "return", "ulimit", "eval"}  # fmt: skip


@dataclass(frozen=True)
class Argument:
    """One argument: as written, and its constant value, None where the shell would compute it."""

    text: str
    value: str | None
    span: Span


@dataclass(frozen=True)
class Command:
    """A simple command. `joined` is the operator before it ("" for the first); `nested` says that it may not run,
    or runs in another shell (inside if, for, while, case, a subshell, a function, a pipeline)."""

    name: str | None
    arguments: tuple[Argument, ...]
    span: Span
    joined: str
    nested: bool
    assignments: tuple[str, ...] = ()
    redirected: bool = False

    @property
    def values(self) -> tuple[str | None, ...]:
        """The constant values of the arguments."""
        return tuple(argument.value for argument in self.arguments)


@dataclass(frozen=True)
class Script:
    """What a RUN hands to its shell. `plain` is a list of commands joined by && alone, nothing nested at its top;
    `leaks` names what a command appended to it would inherit (cd, export, set ...)."""

    text: str
    commands: tuple[Command, ...]
    plain: bool
    leaks: tuple[str, ...]


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bash.language()))


def script(dockerfile: Dockerfile, instruction: Instruction) -> Script | None:
    """The script of a shell-form RUN; None for an exec form, a heredoc, or text that is not a shell script."""
    if instruction.keyword != "RUN" or instruction.exec_form is not None or instruction.heredocs:
        return None
    text, offsets = shell_text(dockerfile, instruction)
    data = text.encode()
    root = _parser().parse(data).root_node
    if root.has_error:
        return None
    positions = _byte_positions(text)
    reader = _Reader(text, offsets, positions)
    commands = tuple(reader.commands(root, "", nested=False))
    return Script(text, commands, _is_plain(root), tuple(dict.fromkeys(_leaks(commands))))


def _byte_positions(text: str) -> list[int]:
    """For each byte of the UTF-8 text, the index of its character."""
    positions: list[int] = []
    for index, character in enumerate(text):
        positions.extend([index] * len(character.encode()))
    positions.append(len(text))
    return positions


@dataclass(frozen=True)
class _Reader:
    text: str
    offsets: list[int]
    positions: list[int]

    def span(self, node: Node) -> Span:
        start, end = self.positions[node.start_byte], self.positions[node.end_byte]
        return Span(self.offsets[start], self.offsets[end - 1] + 1)

    def source(self, node: Node) -> str:
        return self.text[self.positions[node.start_byte] : self.positions[node.end_byte]]

    def commands(self, node: Node, joined: str, *, nested: bool) -> Iterator[Command]:
        """Simple commands in the order of the text, each with the operator before it."""
        if node.type == "command":
            yield self._command(node, joined, nested)
            return
        if node.type in ("declaration_command", "unset_command", "variable_assignment"):
            name = self.source(node.children[0]) if node.children else ""
            assigned = (self.source(node),) if node.type == "variable_assignment" else ()
            yield Command(None if assigned else name, (), self.span(node), joined, nested, assigned)
            return
        inside = nested or node.type in _NESTED or node.type == "pipeline"
        operator = joined
        for child in node.children:
            if not child.is_named:
                operator = self.source(child) or operator
                continue
            yield from self.commands(child, operator, nested=inside)
            operator = "\n" if node.type == "program" else operator

    def _command(self, node: Node, joined: str, nested: bool) -> Command:
        name: str | None = None
        arguments, assignments = [], []
        for child in node.children:
            if child.type == "command_name":
                name = constant(self.source(child))
            elif child.type == "variable_assignment":
                assignments.append(self.source(child))
            elif child.is_named and child.type not in ("comment", "file_redirect", "heredoc_redirect"):
                text = self.source(child)
                arguments.append(Argument(text, constant(text), self.span(child)))
        redirected = node.parent is not None and node.parent.type == "redirected_statement"
        return Command(name, tuple(arguments), self.span(node), joined, nested, tuple(assignments), redirected)


def constant(text: str) -> str | None:
    """The value of a shell word without expansions; None where the shell would compute it."""
    result: list[str] = []
    at, quote = 0, ""
    while at < len(text):
        character = text[at]
        if quote == "'":
            if character == "'":
                quote = ""
            else:
                result.append(character)
        elif character == "\\" and at + 1 < len(text):
            at += 1
            result.append(text[at])
        elif character in "$`":
            return None
        elif character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
        elif not quote and character in "*?[{~" and (character != "{" or "," in text):
            return None if character != "~" or at == 0 else "".join(result)
        else:
            result.append(character)
        at += 1
    return "".join(result)


def _is_plain(root: Node) -> bool:
    """Only commands joined by &&, one statement in all."""
    statements = [child for child in root.children if child.is_named and child.type != "comment"]
    if len(statements) != 1 or any(child.type in (";", "&") for child in root.children):
        return False
    return _only_and(statements[0])


def _only_and(node: Node) -> bool:
    if node.type == "list":
        operators = [child.type for child in node.children if not child.is_named]
        return operators == ["&&"] and all(_only_and(child) for child in node.children if child.is_named)
    return node.type in ("command", "redirected_statement", "test_command", "pipeline", "subshell", "if_statement",
                         "for_statement", "while_statement", "case_statement", "compound_statement", "negated_command",
                         "variable_assignment", "declaration_command", "unset_command")  # fmt: skip


def _leaks(commands: tuple[Command, ...]) -> Iterator[str]:
    for command in commands:
        if command.assignments and command.name is None:
            yield command.assignments[0].partition("=")[0]
        elif command.name in _LEAKING and not (command.nested and command.joined == "("):
            yield command.name or ""
