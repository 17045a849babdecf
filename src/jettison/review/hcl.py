"""HCL's native syntax: blocks and attributes, whose expressions are worked out when somebody asks.

Source: hashicorp/hcl, `hclsyntax/spec.md`. Functions, `for`, splats and template directives are read past, and come to
`Unknown`: what they give only the program knows whose file it is.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass

from jettison.review.hcl_numbers import LITERAL, number
from jettison.review.hcl_values import (
    LEVELS,
    Expression,
    chosen,
    filled,
    joined,
    never,
    of_one,
    part,
    table,
)


@dataclass(frozen=True)
class Body:
    """The attributes of a file or block, by name, and its blocks in order: kind, labels, body."""

    attributes: Mapping[str, Expression]
    blocks: tuple[tuple[str, tuple[str, ...], Body], ...]


_LINE = re.compile(r"(?:[ \t\r]+|(?:#|//)[^\n]*|/\*.*?\*/)*", re.DOTALL)
_LINES = re.compile(r"(?:[ \t\r\n]+|(?:#|//)[^\n]*|/\*.*?\*/)*", re.DOTALL)
_NAME = re.compile(r"[^\W\d][\w-]*")
_HEREDOC = re.compile(r"<<(-?)([^\W\d][\w-]*)\r?\n(.*?)^[ \t]*\2[ \t\r]*$", re.DOTALL | re.MULTILINE)
_SHOWN = 60  # characters of a string that is refused
_PLAIN = re.compile(r'[^"\\$%\n]+')
_PLAIN_LINES = re.compile(r"[^$%]+")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def read(text: str) -> Body:
    """The body that a file is. Raises ValueError with the line, RecursionError where it is nested too deeply."""
    return _Reader(text).body(within=False)


def template(text: str) -> Expression:
    """A string in which `${...}` stands for an expression, as JSON files have it. Raises as `read` does."""
    return _Reader(text, first=0).template("")


@dataclass
class _Reader:
    """A reading position in one text; never shared. `depth` brackets are open, in which line ends are blanks."""

    text: str
    at: int = 0
    depth: int = 0
    first: int = 1  # the number of the text's first line in the file; 0 where it has none

    @property
    def line(self) -> int:
        return self.first + self.text.count("\n", 0, self.at)

    def refused(self, what: str) -> ValueError:
        place = f"line {self.line}: " if self.first else f"in {self.text[:_SHOWN]!r}: "
        return ValueError(place + what)

    def blanks(self) -> None:
        match = (_LINES if self.depth else _LINE).match(self.text, self.at)
        self.at = match.end() if match else self.at

    def follows(self, token: str) -> bool:
        """Whether this comes next; then it is read."""
        self.blanks()
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def expect(self, token: str) -> None:
        if not self.follows(token):
            raise self.refused(f"{token} is missing")

    def name(self) -> str:
        match = _NAME.match(self.text, self.at)
        if match is None:
            raise self.refused("a name is missing")
        self.at = match.end()
        return match[0]

    def body(self, *, within: bool) -> Body:
        attributes: dict[str, Expression] = {}
        blocks: list[tuple[str, tuple[str, ...], Body]] = []
        while True:
            match = _LINES.match(self.text, self.at)
            self.at = match.end() if match else self.at
            if within and self.follows("}"):
                return Body(attributes, tuple(blocks))
            if self.at >= len(self.text):
                if within:
                    raise self.refused("} is missing")
                return Body(attributes, tuple(blocks))
            name = self.name()
            if self.follows("="):
                attributes[name] = self.expression()
                self.line_end()
            else:
                blocks.append((name, self.labels(), self.body(within=True)))

    def labels(self) -> tuple[str, ...]:
        """What stands between a block's kind and its {, which is read."""
        found = []
        while not self.follows("{"):
            match = re.compile(r'"([^"\\$%\n]*)"').match(self.text, self.at)
            found.append(match[1] if match else self.name())
            self.at = match.end() if match else self.at
        return tuple(found)

    def line_end(self) -> None:
        self.blanks()
        if self.at < len(self.text) and self.text[self.at] not in "\n}":
            raise self.refused("an expression ends, and something follows it")

    def expression(self) -> Expression:
        condition = self.binary(0)
        if not self.follows("?"):
            return condition
        yes = self.expression()
        self.expect(":")
        no = self.expression()
        return lambda names: chosen(condition(names), yes, no, names)

    def binary(self, level: int) -> Expression:
        if level == len(LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while True:
            self.blanks()
            found = next((each for each in LEVELS[level] if self.text.startswith(each, self.at)), None)
            if found is None:
                return left
            self.at += len(found)
            left = joined(LEVELS[level][found], left, self.binary(level + 1))

    def unary(self) -> Expression:
        for token, does in (("!", operator.not_), ("-", operator.neg)):
            if self.follows(token):
                inner = self.unary()
                return lambda names, does=does: of_one(does, inner(names))  # type: ignore[misc]
        return self.postfix(self.primary())

    def postfix(self, found: Expression) -> Expression:
        while True:
            following = self.text[self.at : self.at + 1]
            if following == "." and not self.text.startswith("...", self.at):
                self.at += 1
                found = part(found, self.key())
            elif following == "[":
                self.at += 1
                self.depth += 1
                key = never("[*]") if self.follows("*") else self.expression()
                self.expect("]")
                self.depth -= 1
                found = part(found, key)
            else:
                return found

    def key(self) -> Expression:
        """What stands behind a dot."""
        match = re.compile(r"\*|[0-9]{1,9}").match(self.text, self.at)
        if match is None:
            name = self.name()
            return lambda names: name
        self.at = match.end()
        return never(".*") if match[0] == "*" else lambda names: int(match[0])

    def primary(self) -> Expression:
        self.blanks()
        following = self.text[self.at : self.at + 1]
        if following in ("(", "[", "{"):
            self.at += 1
            self.depth += 1
            found = {"(": self.inside, "[": self.items, "{": self.pairs}[following]()
            self.depth -= 1
            return found
        if following == '"':
            self.at += 1
            found = self.template('"')
            self.at += 1
            return found
        if following == "<":
            return self.heredoc()
        if match := LITERAL.match(self.text, self.at):
            self.at = match.end()
            worth = number(match[0])
            return lambda names: worth
        return self.named()

    def named(self) -> Expression:
        name = self.name()
        if name in ("true", "false", "null"):
            return lambda names: {"true": True, "false": False, "null": None}[name]
        if not self.text.startswith("(", self.at):
            return lambda names: names(name)
        self.at += 1
        self.depth += 1
        while not self.follows(")"):
            self.expression()
            if not (self.follows(",") or self.follows("...")) and not self.text.startswith(")", self.at):
                raise self.refused(") is missing")
        self.depth -= 1
        return never(f"{name}()")

    def inside(self) -> Expression:
        found = self.expression()
        self.expect(")")
        return found

    def is_for(self, closing: str) -> bool:
        """Whether a `for` stands there; then it is read, with all that belongs to it."""
        self.blanks()
        match = re.compile(r"for[ \t\r\n]+").match(self.text, self.at)
        if match is None:
            return False
        self.at = match.end()
        self.name()
        if self.follows(","):
            self.blanks()
            self.name()
        self.expect("in")
        self.expression()
        self.expect(":")
        self.expression()
        if self.follows("=>"):
            self.expression()
            self.follows("...")
        if self.follows("if"):
            self.expression()
        self.expect(closing)
        return True

    def items(self) -> Expression:
        if self.is_for("]"):
            return never("[for ...]")
        found: list[Expression] = []
        while not self.follows("]"):
            found.append(self.expression())
            if not self.follows(",") and not self.text.startswith("]", self.at):
                raise self.refused("] is missing")
        return lambda names: [each(names) for each in found]

    def pairs(self) -> Expression:
        if self.is_for("}"):
            return never("{for ...}")
        found: list[tuple[Expression, Expression]] = []
        while not self.follows("}"):
            match = _NAME.match(self.text, self.at)
            key = (lambda names, name=match[0]: name) if match else self.primary()
            self.at = match.end() if match else self.at
            if not self.follows("=") and not self.follows(":"):
                raise self.refused("= is missing behind a key")
            found.append((key, self.expression()))
            self.follows(",")
        return lambda names: table([(key(names), value(names)) for key, value in found])

    def heredoc(self) -> Expression:
        match = _HEREDOC.match(self.text, self.at)
        if match is None:
            raise self.refused("a heredoc does not end")
        first, self.at = self.line + 1, match.end()
        lines = match[3].replace("\r\n", "\n").split("\n")[:-1]
        if match[1]:
            indent = min((len(each) - len(each.lstrip(" ")) for each in lines if each.strip()), default=0)
            lines = [each[indent:] for each in lines]
        return _Reader("".join(f"{each}\n" for each in lines), first=first).template("")

    def template(self, end: str) -> Expression:
        """A string up to `end`, which stays unread; with "" to the end of the text, where backslashes mean nothing."""
        parts: list[str | Expression] = []
        while self.at < len(self.text) and (not end or self.text[self.at] != end):
            match = (_PLAIN if end else _PLAIN_LINES).match(self.text, self.at)
            if match:
                self.at = match.end()
                parts.append(match[0])
            else:
                parts.append(self.special(end))
        if end and self.at >= len(self.text):
            raise self.refused("a string does not end")
        return lambda names: filled([each if isinstance(each, str) else each(names) for each in parts], parts)

    def special(self, end: str) -> str | Expression:
        """An escape, an interpolation, or a character that means itself here."""
        character, following = self.text[self.at], self.text[self.at + 1 : self.at + 2]
        if character == "\n":
            raise self.refused("a string does not end on its line")
        if character == "\\":
            return self.escape(following)
        if following == "{":
            self.at += 2
            self.depth += 1
            if character == "%":
                found = never("%{...}")
                self.at = self.text.find("}", self.at) if "}" in self.text[self.at :] else len(self.text)
            else:
                trims = self.follows("~")
                found = self.expression()
                trims = self.follows("~") or trims
                found = never("${~ ... ~}") if trims else found
            self.expect("}")
            self.depth -= 1
            return found
        doubled = self.text.startswith(character * 2 + "{", self.at)
        self.at += 3 if doubled else 1
        return character + "{" if doubled else character

    def escape(self, following: str) -> str:
        match = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U(000[0-9a-fA-F]{5}|0010[0-9a-fA-F]{4}))").match(self.text, self.at)
        if match:
            self.at = match.end()
            return chr(int(match[1] or match[2], 16))
        if following not in _ESCAPES:
            raise self.refused(f"\\{following} is no escape")
        self.at += 2
        return _ESCAPES[following]
