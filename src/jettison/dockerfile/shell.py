"""The shell of a RUN, by a real grammar, with spans into the file.

tree-sitter's bash grammar reads the text that the builder hands to the shell: continuations joined, comment lines
gone. Every node is mapped back to the characters of the file that it came from.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import field
from functools import cache, cached_property
from typing import Any, NamedTuple

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from jettison.core.dataclass import dataclass
from jettison.core.values import Span
from jettison.dockerfile.heredoc import heredoc_text, is_heredoc, is_whole
from jettison.dockerfile.model import Dockerfile, Instruction
from jettison.dockerfile.parse import shell_text
from jettison.dockerfile.quoting import constant
from jettison.dockerfile.scope import state_at

_SUBSHELL = {"subshell", "command_substitution", "process_substitution", "pipeline"}
_COMPOUND = {
    "if_statement", "for_statement", "c_style_for_statement", "while_statement", "case_statement", "subshell",
    "function_definition", "compound_statement",
}  # fmt: skip
_NESTED = _COMPOUND - {"compound_statement"} | _SUBSHELL
_LEAKING = {"cd", "pushd", "popd", "export", "set", "shopt", "umask", "source", ".", "exec", "trap", "alias", "unset",
            "readonly", "declare", "local", "typeset", "exit", "return", "ulimit", "eval"}  # fmt: skip
_DEFAULT = ("/bin/sh", "-c")
_NOWHERE = Span(0, 0)
_WITH_E = re.compile(r"-[A-Za-z]*e[A-Za-z]*")
_FUNCTION = re.compile(r"\(\s*\)|\bfunction\b")  # without either none is defined
POSIX = re.compile(r"(?:.*/)?(?:ba|da|a|k|z)?sh")


@dataclass(frozen=True)
class Argument:
    """One argument: as written, and its constant value, None where the shell would compute it."""

    text: str
    value: str | None
    span: Span


@dataclass(frozen=True)
class Command:
    """A simple command. `joined` is the operator before it ("" for the first); `nested` says that it may not run,
    or runs in another shell (inside if, for, while, case, a subshell, a function, a pipeline); `subshell` that it
    leaves nothing to the shell that goes on. `statement` is the command with its redirections."""

    name: str | None
    arguments: tuple[Argument, ...]
    span: Span
    joined: str
    nested: bool
    assignments: tuple[str, ...] = ()
    redirected: bool = False
    subshell: bool = False
    statement: Span = _NOWHERE
    # what was made of this command before, by whom it was: rules ask the same things of it many times
    known: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def values(self) -> tuple[str | None, ...]:
        """The constant values of the arguments."""
        return tuple(argument.value for argument in self.arguments)


@dataclass(frozen=True)
class Script:
    """What a RUN hands to its shell.

    `plain` is a list of commands joined by && alone, whose `operands` these are; `leaks` names what a command
    appended to it would inherit (cd, export, set, a function ...); `errexit` says that a failing command ends the
    shell, which holds no longer inside a compound command that an && follows: `compound_end` tells of one; `ending` is
    what forbids that anything follows on its line ("a comment", "an operator"), else empty.
    """

    text: str
    commands: tuple[Command, ...]
    plain: bool
    leaks: tuple[str, ...]
    operands: tuple[Span, ...] = ()
    errexit: bool = False
    compound_end: bool = False
    ending: str = ""

    def followed_by(self, other: Script) -> Script:
        """What `self && other` is to whoever would write one more command behind it; only a plain list can follow."""
        return Script(
            text=f"{self.text} && {other.text}",
            commands=(*self.commands, *other.commands),
            plain=False,
            leaks=tuple(dict.fromkeys([*self.leaks, *other.leaks])),
            errexit=self.errexit or other.errexit,
            compound_end=self.compound_end or other.compound_end,
            ending=other.ending,
        )


@cache
def parser() -> Parser:
    """The grammar of bash, which takes what sh takes."""
    return Parser(Language(tree_sitter_bash.language()))


def script(dockerfile: Dockerfile, instruction: Instruction) -> Script | None:
    """The script of a RUN, its own text or the one heredoc that is all of it.

    None for an exec form, a heredoc that is a command's input, a shell of another family, or text that is no script.
    """
    if not dockerfile.holds(instruction):
        return _read(dockerfile, instruction)
    return dockerfile.once(("script", instruction.span.start), lambda: _read(dockerfile, instruction))


def _read(dockerfile: Dockerfile, instruction: Instruction) -> Script | None:
    shell = _shell(dockerfile, instruction)
    if instruction.keyword != "RUN" or instruction.exec_form is not None or not POSIX.fullmatch(shell[0]):
        return None
    if instruction.heredocs and not is_whole(dockerfile, instruction):
        return None
    try:
        return _script(reader_of(dockerfile, instruction), errexit=any(sets_errexit(each) for each in shell[1:]))
    except RecursionError:  # a list of a thousand commands
        return None


def mentions(dockerfile: Dockerfile, instruction: Instruction, name: str) -> bool:
    """Whether a program's name stands in an instruction's text: where it does not, no written command calls it.

    Nobody breaks such a name by quotes or a continuation, and what does is left alone.
    """
    return dockerfile.text.find(name, instruction.span.start, instruction.span.end) >= 0


def reader_of(dockerfile: Dockerfile, instruction: Instruction) -> Reader:
    """What a RUN hands to its shell: the heredoc that is all that it says, else its own lines. It is parsed once."""
    if not dockerfile.holds(instruction):
        return _reader(dockerfile, instruction)
    return dockerfile.once(("reader", instruction.span.start), lambda: _reader(dockerfile, instruction))


def _reader(dockerfile: Dockerfile, instruction: Instruction) -> Reader:
    read = heredoc_text if is_heredoc(instruction) else shell_text
    return Reader.of(*read(dockerfile, instruction))


def _script(reader: Reader, *, errexit: bool) -> Script | None:
    root, text = reader.root, reader.text
    if root.has_error:
        return None
    commands = tuple(reader.commands())
    statements = [child for child in root.children if child.is_named and child.type != "comment"]
    plain = len(statements) == 1 and not any(child.type in (";", "&") for child in root.children)
    operands = list(_operands(statements[0])) if plain else []
    plain = plain and None not in operands
    functions = list(map(reader.source, _functions(root))) if _FUNCTION.search(text) else []
    return Script(
        text,
        commands,
        plain,
        tuple(dict.fromkeys([*_leaks(commands), *functions])),
        tuple(reader.span(*each) for each in operands if each is not None) if plain else (),
        errexit or any(each.name == "set" and _set_errexit(each) for each in commands),
        bool(statements) and (_holds_compound(statements[-1]) or bool(functions)),
        _ending(root, text),
    )


def _shell(dockerfile: Dockerfile, instruction: Instruction) -> tuple[str, ...]:
    """The SHELL in force, as far as the instruction's own stage and those that it is FROM tell."""
    if not dockerfile.sets_shell:
        return _DEFAULT
    start = instruction.span.start
    stage = dockerfile.stages[bisect(dockerfile.stages, start, key=lambda each: each.instructions[0].span.start) - 1]
    number = dockerfile.numbers.get(start)  # one that was made since stands where the one does that it was made of
    own = instruction if number is None else dockerfile.instructions[number]
    return state_at(dockerfile, stage, own).shell or _DEFAULT


def sets_errexit(option: str) -> bool:
    """Whether a word given to a shell, or to `set`, switches errexit on."""
    return option == "errexit" or _WITH_E.fullmatch(option) is not None


def _set_errexit(command: Command) -> bool:
    return any(value is None or sets_errexit(value) for value in command.values)


def _byte_positions(text: str) -> Sequence[int] | None:
    """For each byte of the UTF-8 text, the index of its character; None where each is one byte."""
    if text.isascii():
        return None
    positions: list[int] = []
    for index, character in enumerate(text):
        positions.extend([index] * len(character.encode("utf-8", "surrogatepass")))
    positions.append(len(text))
    return positions


class _Position(NamedTuple):
    """Where a node stands: its bytes with those of the redirections that belong to it, the operator before it, and
    what it is inside of."""

    start: int
    end: int
    joined: str = ""
    nested: bool = False
    subshell: bool = False


@dataclass(frozen=True)
class Reader:
    """A script's text, and where each of its characters stands; `whole` where only all of it has a place."""

    text: str
    offsets: Sequence[int]
    positions: Sequence[int] | None
    whole: Span | None = None

    @classmethod
    def of(cls, text: str, offsets: Sequence[int], whole: Span | None = None) -> Reader:
        """The reader of a text; `offsets` has one number for each character, or none where `whole` is given."""
        return cls(text, offsets, _byte_positions(text), whole)

    @cached_property
    def root(self) -> Node:
        """The tree of the text."""
        return parser().parse(self.text.encode("utf-8", "surrogatepass")).root_node

    def span(self, start: int, end: int) -> Span:
        """The place in the file of these bytes of the script."""
        if self.whole is not None:
            return self.whole
        if self.positions is not None:
            start, end = self.positions[start], self.positions[end]
        return Span(self.offsets[start], self.offsets[end - 1] + 1)

    def place(self, node: Node) -> Span:
        """Where the node stands in the file."""
        return self.span(node.start_byte, node.end_byte)

    def source(self, node: Node) -> str:
        """The node's text."""
        start, end = node.start_byte, node.end_byte
        if self.positions is not None:
            start, end = self.positions[start], self.positions[end]
        return self.text[start:end]

    def read(self, node: Node) -> tuple[str, Span]:
        """The node's text, and where it stands in the file."""
        if self.positions is not None or self.whole is not None:
            return self.source(node), self.place(node)
        start, end = node.start_byte, node.end_byte
        return self.text[start:end], Span(self.offsets[start], self.offsets[end - 1] + 1)

    def commands(self) -> list[Command]:
        """Simple commands in the order of the text, each with the operator before it."""
        found: list[Command] = []
        self._gather(self.root, _Position(self.root.start_byte, self.root.end_byte), found)
        return found

    def _gather(self, node: Node, at: _Position, found: list[Command]) -> None:
        """Puts the commands of a node behind those found before it."""
        kind = node.type
        if kind == "command":
            found.append(self._command(node, at))
            return
        if kind in ("declaration_command", "unset_command", "variable_assignment"):
            name = self.source(node.children[0]) if node.children else ""
            assigned = (self.source(node),) if kind == "variable_assignment" else ()
            found.append(self._placed(node, at, (None if assigned else name, (), assigned)))
            return
        nested, subshell = at.nested or kind in _NESTED, at.subshell or kind in _SUBSHELL
        operator, end = at.joined, node.end_byte
        for child in node.children:
            if not child.is_named:
                operator = self.source(child) or operator
                continue
            start, stop = child.start_byte, child.end_byte
            if kind == "redirected_statement":
                start, stop = node.start_byte, at.end
            elif kind in ("list", "pipeline") and stop == end:
                stop = at.end
            self._gather(child, _Position(start, stop, operator, nested, subshell), found)
            operator = "\n" if kind == "program" else operator

    def _command(self, node: Node, at: _Position) -> Command:
        name: str | None = None
        arguments, assignments = [], []
        for child in node.children:
            kind = child.type
            if kind == "command_name":
                name = constant(self.source(child))
            elif kind == "variable_assignment":
                assignments.append(self.source(child))
            elif child.is_named and kind not in ("comment", "file_redirect", "heredoc_redirect"):
                text, place = self.read(child)
                arguments.append(Argument(text, constant(text), place))
        return self._placed(node, at, (name, tuple(arguments), tuple(assignments)))

    def _placed(
        self, node: Node, at: _Position, read: tuple[str | None, tuple[Argument, ...], tuple[str, ...]]
    ) -> Command:
        """The command of this name, with these arguments and assignments."""
        name, arguments, assignments = read
        span, whole = self.place(node), self.span(at.start, at.end)
        return Command(name, arguments, span, at.joined, at.nested, assignments, whole != span, at.subshell, whole)


def _operands(node: Node) -> Iterator[tuple[int, int] | None]:
    """The bytes of each statement that && joins; None among them where another operator does.

    The grammar hangs a redirection behind a list on the whole list; it belongs to the list's last command.
    """
    waiting = [(node, node.end_byte)]  # lists hang in one another as deep as they are long
    while waiting:
        each, end = waiting.pop()
        if each.type == "redirected_statement" and each.children[0].type == "list":
            waiting.append((each.children[0], end))
        elif each.type == "list":
            if [child.type for child in each.children if not child.is_named] != ["&&"]:
                yield None
            parts = [child for child in each.children if child.is_named and child.type != "comment"]
            ends = [*(part.end_byte for part in parts[:-1]), end]
            waiting += reversed(list(zip(parts, ends, strict=True)))
        else:
            yield each.start_byte, end


def _holds_compound(node: Node) -> bool:
    if node.type in _COMPOUND:
        return True
    return node.type not in ("command", "command_substitution") and any(map(_holds_compound, node.children))


def _functions(node: Node) -> Iterator[Node]:
    """The names of the functions that the shell itself defines."""
    if node.type == "function_definition":
        yield next(child for child in node.children if child.type == "word")
    elif node.type not in _SUBSHELL:
        for child in node.children:
            yield from _functions(child)


def _ending(root: Node, text: str) -> str:
    """Why no `&&` can follow."""
    last = root
    while last.children and last.type != "comment":
        last = last.children[-1]
    if last.type == "comment":
        return "a comment"
    return "an operator" if text.rstrip().endswith(("&", "|", ";")) or not text.strip() else ""


def _leaks(commands: tuple[Command, ...]) -> Iterator[str]:
    for command in commands:
        if command.subshell:
            continue
        if command.assignments and command.name is None:
            yield command.assignments[0].partition("=")[0]
        elif command.name in _LEAKING:
            yield command.name or ""
