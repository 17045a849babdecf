"""A script followed from its first command to its last, without running it.

Branches that may not be taken are told by guards; loops over constants are unrolled, functions are followed where they
are called, subshells keep their changes to themselves. Source: POSIX.1-2017, Shell Command Language, 2.9 (Shell
Commands), 2.8.2 (Exit Status) and `set -e` (which commands errexit does not hear); GNU Bash manual, "The Set Builtin"
(pipefail).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from tree_sitter import Node

from jettison.commands import builtins
from jettison.commands.model import Call, Word
from jettison.commands.nodes import REDIRECTIONS, Operand, behind_heredoc, clause, named, operands, then, with_ends
from jettison.commands.place import Place, TooMuch
from jettison.commands.shell_state import Shell, merge
from jettison.commands.words import fields, is_plain
from jettison.commands.wrappers import Peeled, base_name, peel
from jettison.core.values import Span
from jettison.dockerfile.shell import Reader

MOST = 50_000  # calls of one RUN
MOST_ROUNDS = 200  # of one loop
_LOOKS = {"test", "[", "[[", "grep", "egrep", "fgrep", "command", "which", "type", "hash", "id", "getent", "diff",
          "cmp", "false", "expr"}  # fmt: skip
_WORDS = {"word", "string", "raw_string", "ansi_c_string", "concatenation", "simple_expansion", "expansion", "number",
          "command_substitution", "process_substitution", "brace_expression", "translated_string",
          "arithmetic_expansion", "extglob_pattern", "test_operator", "regex"}  # fmt: skip


@dataclass
class Walk:
    """The calls found so far, in order; never shared."""

    calls: list[Call] = field(default_factory=list)
    fresh: Iterator[int] = field(default_factory=lambda: count(1))
    steps: int = 0

    def sequence(self, nodes: list[Node], reader: Reader, shell: Shell, place: Place) -> Shell:
        """Statements one after the other."""
        statements = list(with_ends(nodes))
        before = replace(place, heard=False) if len(statements) > 1 else place
        for number, (node, after) in enumerate(statements, 1):
            if shell.dead:
                break
            if after == "&":
                self.statement(node, reader, shell, replace(place.unheard(), guards=self.guarded(place)))
                continue
            shell = self.statement(node, reader, shell, before if number < len(statements) else place)
        return shell

    def guarded(self, place: Place) -> frozenset[int]:
        """The guards of a new branch."""
        return place.guards | {next(self.fresh)}

    def statement(self, node: Node, reader: Reader, shell: Shell, place: Place) -> Shell:
        """One statement of any kind. Raises TooMuch."""
        self.steps += 1
        if self.steps > 4 * MOST:
            raise TooMuch
        kind = node.type
        if kind == "command":
            return self.command(node, reader, shell, place)
        if kind in ("list", "redirected_statement"):
            return self.compound(node, kind, reader, shell, place)
        if kind == "pipeline":
            return self.pipeline(node, reader, shell, place)
        if kind == "negated_command":
            return self.sequence(list(node.children), reader, shell, place.below().unheard())
        if kind == "subshell":
            self.sequence(list(node.children), reader, shell, place.enclosed(shell.errexit))
            return shell
        if kind in ("compound_statement", "do_group", "program"):
            return self.sequence(list(node.children), reader, shell, place.below())
        if kind == "if_statement":
            return self.conditional(node, reader, shell, place.below(nested=True))
        if kind in ("while_statement", "c_style_for_statement"):
            return self.loop(node, reader, shell, place.below(nested=True))
        if kind == "for_statement":
            return self.rounds(node, reader, shell, place.below(nested=True))
        if kind == "case_statement":
            return self.cases(node, reader, shell, place.below(nested=True))
        if kind == "function_definition":
            name = next((each for each in node.children if each.type == "word"), None)
            body = node.children[-1]
            known = {**shell.functions, reader.source(name): (reader, body)} if name is not None else shell.functions
            return replace(shell, functions=known)
        if kind in ("variable_assignment", "variable_assignments", "declaration_command", "unset_command"):
            self.substitutions(node, reader, shell, place)
            return builtins.assign(node, reader, shell)
        self.substitutions(node, reader, shell, place)
        return shell

    def compound(self, node: Node, kind: str, reader: Reader, shell: Shell, place: Place) -> Shell:
        """A list of statements joined by && and ||, or a statement with redirections."""
        if kind == "list":
            return self.joined(operands(node), reader, shell, place)
        redirections = [each for each in node.children if each.type in REDIRECTIONS]
        behind = [each for redirection in redirections for each in behind_heredoc(redirection)]
        body = node.children[0]
        if body.type in REDIRECTIONS:  # `> file`
            return shell
        found = operands(body)
        if len(found) == 1 and not behind:
            return self.redirected(body, redirections, reader, shell, place)
        operator, last, _ = found[-1]
        return self.joined([*found[:-1], (operator, last, redirections), *behind], reader, shell, place)

    def redirected(self, body: Node, redirections: list[Node], reader: Reader, shell: Shell, place: Place) -> Shell:
        """A statement whose output, or input, goes elsewhere, where there are redirections."""
        if not redirections:
            return self.statement(body, reader, shell, place)
        outputs, text = list(place.outputs), place.input
        waiting = list(redirections)
        while waiting:
            each = waiting.pop(0)
            operator = next((child.type for child in each.children if not child.is_named), "")
            if each.type == "heredoc_redirect":
                text = "".join(reader.source(child) for child in each.children if child.type == "heredoc_body")
                waiting += [child for child in each.children if child.type == "file_redirect"]
                continue
            self.substitutions(each, reader, shell, place)
            if each.type == "file_redirect" and operator in (">", ">>", ">|", "&>", "&>>"):
                outputs += [word for child in named(each) for word in self.words(child, reader, shell)]
        return self.statement(body, reader, shell, replace(place, outputs=tuple(outputs), input=text))

    def joined(self, parts: list[Operand], reader: Reader, shell: Shell, place: Place) -> Shell:
        """`a && b || c`: failures go to the next `||`, or are the list's."""
        later_or = [False] * len(parts)
        for at in range(len(parts) - 2, -1, -1):
            later_or[at] = later_or[at + 1] or parts[at + 1][0] == "||"
        guards = place.guards
        looked = False  # whether what stands before may well have failed, and nothing hears of it
        before, inner = shell, place
        for at, (operator, node, redirections) in enumerate(parts):
            if shell.dead:
                break
            if operator == "||":
                guards = place.guards
            elif looked:
                guards = self.guarded(replace(place, guards=guards))
            inner = inner.among(
                self.guarded(place) if operator == "||" else guards,
                heard=False if later_or[at] else place.heard,
                tested=place.tested or at < len(parts) - 1,
            )
            # behind `||` what stands before it has failed, and may have changed nothing
            begin = merge(before, shell) if operator == "||" else shell
            branch = self.redirected(node, redirections, reader, begin, inner)
            shell = merge(shell, branch) if inner.guards != place.guards else branch
            looked = operator != "||" and not inner.heard and self.looks(node, reader)
        return shell

    def looks(self, node: Node, reader: Reader) -> bool:
        """Whether a statement is there for its answer."""
        if node.type == "negated_command":
            return True
        while node.type in ("redirected_statement", "pipeline") and node.children:
            node = [each for each in node.children if each.is_named and each.type not in REDIRECTIONS][-1]
        if node.type == "command":
            name = node.child_by_field_name("name")
            return name is not None and reader.source(name).rpartition("/")[2] in _LOOKS
        return node.type == "test_command" or (node.type == "compound_statement" and reader.source(node)[:2] == "((")

    def pipeline(self, node: Node, reader: Reader, shell: Shell, place: Place) -> Shell:
        parts = [each for each in node.children if each.is_named and each.type != "comment"]
        number = next(self.fresh)
        for at, part in enumerate(parts):
            inner = place.below(nested=True, pipe=(number, at))
            if at < len(parts) - 1:
                heard = inner.heard
                inner = replace(inner, outputs=(), input="")
                if shell.pipefail is False:
                    inner = inner.unheard()
                elif shell.pipefail is None:
                    inner = replace(inner, heard=None if heard or not inner.tested else False, tested=True)
            self.statement(part, reader, shell, inner)
        return shell

    def conditional(self, node: Node, reader: Reader, shell: Shell, place: Place) -> Shell:
        """if, elif, else: what the branches agree on is known afterwards."""
        ends: list[Shell] = []
        condition, clauses = clause(node)
        shell = self.sequence(condition, reader, shell, place.unheard())
        ends.append(self.sequence(then(node), reader, shell, replace(place, guards=self.guarded(place))))
        decided = False
        for each in clauses:
            place = replace(place, guards=self.guarded(place))  # nothing of this runs where the first branch did
            if each.type == "else_clause":
                ends.append(self.sequence(list(each.children), reader, shell, place))
                decided = True
            else:
                asked, _ = clause(each)
                shell = self.sequence(asked, reader, shell, place.unheard())
                ends.append(self.sequence(then(each), reader, shell, replace(place, guards=self.guarded(place))))
        if not decided:
            ends.append(shell)
        return _agreed(ends)

    def loop(self, node: Node, reader: Reader, shell: Shell, place: Place) -> Shell:
        """while, until: maybe never, maybe often."""
        shell = shell.forget(builtins.assigned_in(reader.source(node)))
        inner = replace(place, guards=self.guarded(place), heard=False)
        condition, body = [each for each in named(node) if each.type != "do_group"], node.child_by_field_name("body")
        shell = self.sequence(condition, reader, shell, place.unheard())
        end = self.statement(body, reader, shell, inner) if body is not None else shell
        return merge(shell, end)

    def rounds(self, node: Node, reader: Reader, shell: Shell, place: Place) -> Shell:
        """for: unrolled where its words are known."""
        self.substitutions(node, reader, shell, place, but="do_group")
        variable, body = node.child_by_field_name("variable"), node.child_by_field_name("body")
        if variable is None or body is None:
            return shell
        name = reader.source(variable)
        found = [
            each for value in node.children_by_field_name("value") for each in fields(reader.source(value), shell.known)
        ]
        values = [each.value for each in found]
        chosen = node.children[0].type == "select"
        if None in values or len(values) > MOST_ROUNDS or chosen or not node.children_by_field_name("value"):
            shell = shell.forget(builtins.assigned_in(reader.source(node)) | {name})
            inner = replace(place, guards=self.guarded(place), heard=False)
            return merge(shell, self.statement(body, reader, shell, inner))
        leaves = re.search(r"\b(?:break|continue)\b", reader.source(body)) is not None
        for number, value in enumerate(values):
            inner = place if number == len(values) - 1 else replace(place, heard=False)
            if leaves:
                inner = replace(inner, guards=self.guarded(inner))
            shell = self.statement(body, reader, shell.set(name, value), inner)
        return shell

    def cases(self, node: Node, reader: Reader, shell: Shell, place: Place) -> Shell:
        self.substitutions(node, reader, shell, place, but="case_item")
        ends = [shell]
        for item in node.children:
            if item.type == "case_item":
                values = item.children_by_field_name("value")
                body = [each for each in item.children if each not in values]
                ends.append(self.sequence(body, reader, shell, replace(place, guards=self.guarded(place))))
        return _agreed(ends)

    def words(self, node: Node, reader: Reader, shell: Shell) -> list[Word]:
        """The words that one word of the script becomes."""
        return self.expanded(node, reader, shell) if node.type in _WORDS else []

    def expanded(self, node: Node, reader: Reader, shell: Shell) -> list[Word]:
        """The same of a node that is a word."""
        text, span = reader.read(node)
        if is_plain(text):
            return [Word(text, text, span, text)]
        return [Word(text, each.value, span, each.pattern) for each in fields(text, shell.known)]

    def substitutions(self, node: Node, reader: Reader, shell: Shell, place: Place, but: str = "") -> None:
        """What `$(...)` inside a node runs, in shells of their own."""
        text = reader.source(node)
        if "(" not in text and "`" not in text:  # neither `$(`, `<(` nor `>(`
            return
        waiting = [node]
        while waiting:
            each = waiting.pop()
            if each.type in ("command_substitution", "process_substitution"):
                inner = place.below(nested=True, outputs=(), input="", pipe=None).unheard()
                self.sequence(named(each), reader, shell, inner)
            elif each.type != but or each == node:
                waiting += reversed([child for child in each.children if child.is_named])

    def command(self, node: Node, reader: Reader, shell: Shell, place: Place) -> Shell:
        """A simple command: followed into the function, or the shell, that it is."""
        self.substitutions(node, reader, shell, place)
        own: dict[str, str | None] = {}
        words: list[Word] = []
        for child in node.children:
            kind = child.type
            if kind in _WORDS:
                words += self.expanded(child, reader, shell)
            elif kind == "command_name":
                for part in child.children or [child]:
                    words += self.words(part, reader, shell)
            elif kind == "variable_assignment":
                name, value = builtins.assignment(child, reader, shell)
                own[name] = value
        if not words:
            for name, value in own.items():
                shell = shell.set(name, value)
            return shell
        found = peel(tuple(words))
        if own:
            found = replace(found, own={**own, **found.own})
        return self.started(found, reader.place(node), shell, place)

    def started(self, found: Peeled, span: Span, shell: Shell, place: Place) -> Shell:
        """What a command starts, or what it does to its own shell."""
        if len(self.calls) >= MOST:
            raise TooMuch
        name = base_name(found.words[0]) if found.words else None
        if found.script is not None or (found.reads and place.input):
            self.script(found, span, shell, place)
            return shell
        if not found.wrappers and name in shell.functions:
            function = shell.functions[name or ""]
            if function is not None:
                given = tuple(each.value for each in found.words[1:])
                after = self.statement(
                    function[1], function[0], replace(shell, positional=given), place.below(pipe=None)
                )
                after = replace(after, positional=shell.positional)
                ends = re.search(r"\bexit\b", function[0].source(function[1])) is not None
                return after if ends else replace(after, dead=False, behind=shell.behind)
        self.calls.append(
            Call(
                name, found.words[1:], span, found.wrappers, place.guards | shell.behind,
                place.fatal(shell.errexit), shell.errexit, shell.pipefail, shell.folder, found.user or shell.user,
                shell.variables, shell.exported, found.own, place.outputs, place.pipe, place.nested, place.exact,
            )
        )  # fmt: skip
        return builtins.after(self.calls[-1], shell, lambda: next(self.fresh))

    def script(self, found: Peeled, span: Span, shell: Shell, place: Place) -> None:
        """The text that `sh -c` is given, or that a shell reads from a heredoc."""
        text = found.script.value if found.script is not None else place.input
        inside = builtins.with_options(replace(shell, functions={}, positional=None, errexit=False, pipefail=False),
                                       found.options)  # fmt: skip
        inside = replace(inside, user=found.user or shell.user, positional=found.positional,
                         bash=(base_name(found.words[0]) or "") == "bash" or found.wrappers[-1:] == ("bash",),
                         variables={**shell.variables, **found.own},
                         exported=shell.exported | frozenset(found.own))  # fmt: skip
        exported: Mapping[str, str | None] = {
            name: value for name, value in inside.variables.items() if name in inside.exported
        }
        written = found.script.span if found.script is not None else span
        offsets = _offsets(found.script, text or "")
        reader = Reader.of(text or "", offsets or (), None if offsets else written)
        root = reader.root
        if text is None or root.has_error:
            self.calls.append(Call(None, (), written, found.wrappers, place.guards | shell.behind, None, exact=False))
            return
        below = replace(place.enclosed(shell.errexit), input="", exact=place.exact and offsets is not None)
        below = replace(below, tested=not below.heard)
        self.sequence(list(root.children), reader, replace(inside, variables=exported), below)


def _offsets(script: Word | None, text: str) -> list[int] | None:
    """Where each character of a quoted text stands; None where quoting or variables moved them."""
    if script is None or script.text[1:-1] != text or script.text[0] != script.text[-1]:
        return None
    return list(range(script.span.start + 1, script.span.start + 1 + len(text)))


def _agreed(ends: list[Shell]) -> Shell:
    """What all ends of a branch agree on."""
    shell = ends[0]
    for each in ends[1:]:
        shell = merge(shell, each)
    return shell
