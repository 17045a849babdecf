"""Variables and quotes of a Dockerfile's own words: `$X`, `${X:-d}`, `${X:+d}`, `${X#p}`, `${X/p/r}`.

Behaves as moby/buildkit's `frontend/dockerfile/shell/lex.go`; this is the builder's expansion, not the shell's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from jettison.core.errors import DockerfileError

_NAME = re.compile(r"[0-9]+|[@*#?$!-]|\w+")


def expand(text: str, variables: Mapping[str, str], escape: str = "\\") -> tuple[str, tuple[str, ...]]:
    """`text` with variables filled in, quotes and escapes taken off; and the names that nothing defines.

    A name counts as defined where the word gives a default (`:-`) or a case for it (`:+`). Raises DockerfileError
    for what the builder refuses: a bad substitution, a quote that does not end, `${X:?message}` of an unset name.
    """
    lexer = _Lexer(text, variables, escape)
    try:
        return lexer.until(""), tuple(dict.fromkeys(lexer.missing))
    except RecursionError:
        raise _refused(text, "it is nested too deeply") from None


def _refused(text: str, why: str) -> DockerfileError:
    return DockerfileError(f"{text!r} cannot be expanded: {why}", hint="see variable expansion in the reference")


@dataclass
class _Lexer:
    """A reading position in one word; never shared."""

    text: str
    variables: Mapping[str, str]
    escape: str
    at: int = 0
    missing: list[str] = field(default_factory=list)

    def take(self) -> str:
        """The next character; "" at the end."""
        character = self.text[self.at : self.at + 1]
        self.at += 1
        return character

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def until(self, stop: str, *, raw: bool = False) -> str:
        """What stands before `stop` (to the end of the word for ""), expanded; `raw` keeps escapes, for patterns."""
        result: list[str] = []
        while self.at < len(self.text):
            character = self.peek()
            if character == stop:
                self.at += 1
                return "".join(result)
            if character == "$":
                result.append(self.dollar())
            elif character == "'":
                result.append(self.single())
            elif character == '"':
                result.append(self.double(raw))
            elif character == self.escape:
                self.at += 1
                result.append((character if raw else "") + self.take())
            else:
                result.append(self.take())
        if stop:
            raise _refused(self.text, f"a {stop} is missing")
        return "".join(result)

    def single(self) -> str:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise _refused(self.text, "a single quote does not end")
        inside = self.text[self.at + 1 : end]
        self.at = end + 1
        return inside

    def double(self, raw: bool) -> str:
        self.at += 1
        result: list[str] = []
        while (character := self.peek()) != '"':
            if not character:
                raise _refused(self.text, "a double quote does not end")
            if character == "$":
                result.append(self.dollar())
                continue
            self.at += 1
            if character == self.escape:
                result.append(character if raw else "")
                if self.peek() in ("", '"', "$", self.escape):
                    character = self.take()
            result.append(character)
        self.at += 1
        return "".join(result)

    def dollar(self) -> str:
        """`$X` or `${X...}`; a lone `$` is itself."""
        self.at += 1
        if self.peek() != "{":
            name = self.name()
            return self.value(name) if name else "$"
        self.at += 1
        if self.peek() in ("", "{", "}", ":"):
            raise _refused(self.text, "bad substitution")
        name = self.name()
        operator = self.take()
        if operator == "}":
            return self.value(name)
        if operator == "/":
            return self.replaced(name)
        empty_counts = operator != ":"
        if operator == ":":
            operator = self.take()
        if operator not in ("+", "-", "?", "#", "%") or not operator:
            raise _refused(self.text, f"no such modifier: {operator}")
        word = self.until("}", raw=operator in "#%")
        if operator in "#%":
            return _trimmed(self.value(name), operator, word)
        return self.chosen(name, operator, word, empty_counts)

    def chosen(self, name: str, operator: str, word: str, empty_counts: bool) -> str:
        value = self.variables.get(name)
        is_set = value is not None and (empty_counts or value != "")
        if operator == "+":
            return word if is_set else ""
        if value is not None and is_set:
            return value
        if operator == "?":
            raise _refused(self.text, word or f"{name} is not set")
        return word

    def replaced(self, name: str) -> str:
        every = self.peek() == "/"
        self.at += every
        pattern = self.until("/", raw=True)
        replacement = self.until("}", raw=True)
        return re.sub(_pattern(pattern, greedy=True), lambda _: replacement, self.value(name), count=0 if every else 1)

    def name(self) -> str:
        match = _NAME.match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match[0]

    def value(self, name: str) -> str:
        value = self.variables.get(name)
        if value is None:
            self.missing.append(name)
        return value or ""


def _trimmed(value: str, operator: str, pattern: str) -> str:
    """`value` without the shortest (`##` and `%%`: the longest) prefix or suffix that matches."""
    longest = pattern.startswith(operator)
    compiled = re.compile(_pattern(pattern[longest:], greedy=True))
    lengths = range(len(value), -1, -1) if longest else range(len(value) + 1)
    for length in lengths:
        part = value[:length] if operator == "#" else value[len(value) - length :]
        if compiled.fullmatch(part):
            return value[length:] if operator == "#" else value[: len(value) - length]
    return value


def _pattern(word: str, *, greedy: bool) -> str:
    """A shell pattern (`*` and `?`, no brackets) as a regular expression."""
    out, at = [], 0
    while at < len(word):
        character = word[at]
        at += 1
        if character == "*":
            out.append(".*" if greedy else ".*?")
        elif character == "?":
            out.append(".")
        elif character == "\\" and at < len(word):
            out.append(re.escape(word[at]))
            at += 1
        else:
            out.append(re.escape(character))
    return "".join(out)
