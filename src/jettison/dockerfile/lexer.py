"""Variables and quotes of a Dockerfile's own words: `$X`, `${X:-d}`, `${X:+d}`, `${X:?e}`, `${X#p}`, `${X/p/r}`.

Behaves as moby/buildkit's `frontend/dockerfile/shell/lex.go`; this is the builder's expansion, not the shell's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from jettison.core.errors import DockerfileError
from jettison.dockerfile.lines import BLANK
from jettison.dockerfile.pattern import LONGEST, replaced, without_prefix, without_suffix

_SPECIAL = "@*#?-$!0"  # parameters of one character
_MODIFIERS = ("+", "-", "?", "#", "%")
_MARK = "\ufeff"  # Go's text/scanner drops it at the beginning
_MAY_MEAN_MORE = re.compile(r"[$'\"\\`]")  # a text without any of these is what it says, whatever the style
_NAMED = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")
# nothing but variables means more here: most texts that have any; beyond ASCII a letter may go on with a name
_ONLY_NAMED = re.compile(rf"(?:[^$'\"\\`\x80-\U0010ffff]++|{_NAMED.pattern})*+")


@dataclass(frozen=True)
class Style:
    """How a text is read; the default is how arguments are."""

    raw_quotes: bool = False  # quotes stay
    raw_escapes: bool = False  # escape characters stay
    keep_unset: bool = False  # what nothing defines stays as it is
    plain_quotes: bool = False  # quotes mean nothing


ARGUMENT = Style()
BODY = Style(plain_quotes=True)  # the lines of a COPY's heredoc
_AS_WRITTEN = Style(raw_quotes=True, raw_escapes=True, keep_unset=True)


def expand(
    text: str, variables: Mapping[str, str], escape: str = "\\", style: Style = ARGUMENT
) -> tuple[str, tuple[str, ...]]:
    """`text` with variables filled in, quotes and escapes taken off; and the names that nothing defines.

    A name counts as defined where the word gives a default (`:-`) or a case for it (`:+`). Raises DockerfileError
    for what the builder refuses: a bad substitution, a quote that does not end, `${X:?message}` of an unset name.
    """
    if _MAY_MEAN_MORE.search(text) is None:
        return text.removeprefix(_MARK), ()
    lexer = _Lexer(text.removeprefix(_MARK), variables, escape, style)
    if _ONLY_NAMED.fullmatch(text):
        return lexer.named(), tuple(dict.fromkeys(lexer.missing))
    try:
        return lexer.until("", style.raw_escapes), tuple(dict.fromkeys(lexer.missing))
    except RecursionError:
        raise _refused(text, "it is nested too deeply") from None


def expanded_words(
    text: str, variables: Mapping[str, str], escape: str = "\\", style: Style = ARGUMENT
) -> tuple[str, ...]:
    """The words that `text` is after expansion, as EXPOSE takes them. Raises DockerfileError.

    An operator in braces drops what stands before it in its word, as in the builder: `8${X:-0}` is `0`.
    """
    lexer = _Lexer(text.removeprefix(_MARK), variables, escape, style)
    try:
        return tuple(_split(lexer))
    except RecursionError:
        raise _refused(text, "it is nested too deeply") from None


def written_words(text: str) -> tuple[str, ...]:
    """The words of a line with quotes, escapes and variables as they stand: where heredocs are looked for.

    Raises DockerfileError. The escape character is always a backslash here.
    """
    return expanded_words(text, {}, "\\", _AS_WRITTEN)


class NotSet(DockerfileError):
    """`${NAME:?message}` of a name that is not set, or empty where the colon asks for more."""

    def __init__(self, name: str, why: str, *, empty: bool) -> None:
        hint = f"give {name} a value: ARG {name}=DEFAULT, or --build-arg {name}=VALUE"
        super().__init__(f"{name} cannot be expanded: {why}", hint=hint)
        self.name = name
        self.empty = empty


def _refused(text: str, why: str) -> DockerfileError:
    shown = text if len(text) < 80 else text[:77] + "..."
    return DockerfileError(f"{shown!r} cannot be expanded: {why}", hint="see variable expansion in the reference")


@lru_cache(maxsize=32)
def _plain(escape: str, stop: str, style: Style) -> re.Pattern[str]:
    """A run of characters that mean nothing."""
    quotes = "" if style.plain_quotes else "'\""
    return re.compile(f"[^{re.escape('$' + quotes + escape + stop)}]+")


@dataclass
class _Lexer:
    """A reading position in one text; never shared."""

    text: str
    variables: Mapping[str, str]
    escape: str
    style: Style
    at: int = 0
    missing: list[str] = field(default_factory=list)
    operated: bool = False  # a braced expansion with an operator was read

    def take(self) -> str:
        """The next character; "" at the end."""
        character = self.text[self.at : self.at + 1]
        self.at += 1
        return character

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def named(self) -> str:
        """The whole text, where variables by their names alone are all there is to fill in."""
        pieces, at = [], 0
        for match in _NAMED.finditer(self.text):
            pieces += [self.text[at : match.start()], self.value(match[1] or match[2], match[0])]
            at = match.end()
        return self.joined([*pieces, self.text[at:]])

    def until(self, stop: str, raw: bool, doubled: bool = False) -> str:
        """What stands before `stop` ("": to the end), expanded; `raw` keeps escapes, `doubled` doubles quoted ones."""
        result: list[str] = []
        plain = _plain(self.escape, stop, self.style)
        while self.at < len(self.text):
            if self.peek() == stop:
                self.at += 1
                return self.joined(result)
            run = plain.match(self.text, self.at)
            if run:
                self.at = run.end()
                result.append(run[0])
            else:
                result.append(self.special(raw, doubled))
        if stop:
            raise _refused(self.text, f"a {stop} is missing")
        return self.joined(result)

    def joined(self, pieces: list[str]) -> str:
        if sum(map(len, pieces)) > max(LONGEST, len(self.text)):
            raise _refused(self.text, f"it grows beyond {LONGEST} characters")
        return "".join(pieces)

    def special(self, raw: bool, doubled: bool) -> str:
        """A variable, a quoted string or an escaped character."""
        character = self.peek()
        if character == "$":
            return self.dollar()
        if character == "'" and not self.style.plain_quotes:
            return self.single(doubled)
        if character == '"' and not self.style.plain_quotes:
            return self.double(raw, doubled)
        self.at += 1
        if character == self.escape:
            return (character if raw else "") + self.take()
        return character

    def single(self, doubled: bool) -> str:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise _refused(self.text, "a single quote does not end")
        inside = self.text[self.at + 1 : end]
        self.at = end + 1
        if doubled:
            inside = inside.replace(self.escape, self.escape * 2)
        return f"'{inside}'" if self.style.raw_quotes else inside

    def double(self, raw: bool, doubled: bool) -> str:
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
                following = self.peek()
                if not following:
                    continue
                escapes = following in ('"', "$", self.escape)
                if raw and (escapes or doubled or not self.style.raw_quotes):
                    result.append(character)
                if escapes:
                    character = self.take()
            result.append(character)
        self.at += 1
        inside = "".join(result)
        return f'"{inside}"' if self.style.raw_quotes else inside

    def dollar(self) -> str:
        """`$X` or `${X...}`; a lone `$` is itself."""
        self.at += 1
        if self.peek() != "{":
            name = self.name()
            return self.value(name, f"${name}") if name else "$"
        self.at += 1
        if self.peek() in ("", "{", "}", ":"):
            raise _refused(self.text, "bad substitution")
        name = self.name()
        operator = self.take()
        if operator == "}":
            return self.value(name, f"${{{name}}}")
        if operator == "/":
            return self.replacement(name)
        kind = operator
        if operator == ":":
            kind = self.take()
            operator += kind
        if operator in (":#", ":%") or (len(operator) < 2 and operator not in _MODIFIERS):
            raise _refused(self.text, f"no such modifier: {operator}")
        pattern = kind in ("#", "%")
        word = self.until("}", pattern, pattern)
        self.operated = True
        if self.style.keep_unset and name not in self.variables:
            return f"${{{name}{operator}{word}}}"
        if kind not in _MODIFIERS:
            raise _refused(self.text, f"no such modifier: {operator}")
        return self.trimmed(name, kind, word) if pattern else self.chosen(name, operator, word)

    def chosen(self, name: str, operator: str, word: str) -> str:
        value = self.variables.get(name)
        is_set = value is not None and (operator[0] != ":" or value != "")
        if operator[-1] == "+":
            return word if is_set else ""
        if value is not None and is_set:
            return value
        if operator[-1] == "?":
            raise NotSet(name, word or "it is " + ("not set" if value is None else "empty"), empty=value is not None)
        return word

    def trimmed(self, name: str, operator: str, word: str) -> str:
        longest = word.startswith(operator)
        trim = without_prefix if operator == "#" else without_suffix
        try:
            return trim(self.value(name), word[longest:], longest)
        except ValueError as error:
            raise _refused(self.text, str(error)) from None

    def replacement(self, name: str) -> str:
        every = self.peek() == "/"
        self.at += every
        pattern = self.until("/", True, True)
        word = self.until("}", True)
        self.operated = True
        if self.style.keep_unset and name not in self.variables:
            return f"${{{name}/{pattern}/{word}}}"
        try:
            return replaced(self.value(name), pattern, word, every)
        except ValueError as error:
            raise _refused(self.text, str(error)) from None

    def name(self) -> str:
        """Letters, digits and _; digits alone where a digit begins; or one special character."""
        begin = end = self.at
        first = self.peek()
        if first and first in _SPECIAL and not first.isdecimal():
            end += 1
        elif first.isdecimal():
            while self.text[end : end + 1].isdecimal():
                end += 1
        else:
            while (character := self.text[end : end + 1]) == "_" or character.isalpha() or character.isdecimal():
                end += 1
        self.at = end
        return self.text[begin:end]

    def value(self, name: str, written: str = "") -> str:
        value = self.variables.get(name)
        if value is None:
            self.missing.append(name)
            return written if self.style.keep_unset else ""
        return value


def _split(lexer: _Lexer) -> Iterator[str]:
    """The words of the whole text: blanks outside quotes and escapes divide, those of a variable's value too."""
    word, inside = "", False
    while lexer.at < len(lexer.text):
        first = lexer.peek()
        whole = first in ("'", '"', lexer.escape) and not (first != lexer.escape and lexer.style.plain_quotes)
        lexer.operated = False
        piece = _heredoc_mark(lexer) if first == "<" else lexer.special(lexer.style.raw_escapes, False)
        if lexer.operated:
            word = ""
        if whole or first == "<":
            word += piece
            inside = True
            continue
        for character in piece:
            if character not in BLANK:
                word += character
                inside = True
            elif inside and word:
                yield word
                word, inside = "", False
    if word:
        yield word


def _heredoc_mark(lexer: _Lexer) -> str:
    """`<`, or `<<` with the blanks behind it, which belong to its word."""
    begin = lexer.at
    lexer.at += 1
    if lexer.peek() == "<":
        lexer.at += 1
        while lexer.peek() and lexer.peek() in "\t\r ":
            lexer.at += 1
    return lexer.text[begin : lexer.at]
