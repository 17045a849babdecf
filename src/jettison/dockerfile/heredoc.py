"""Heredocs: which words of an instruction begin one, and the lines that it takes.

Behaves as moby/buildkit's `parser/parser.go` (`heredocsFromLine`) and `shell/lex.go`: only a whole word `<<NAME`,
blanks behind `<<` included, begins one, and a line whose quotes do not end, or that holds an expansion the builder does
not know, begins none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jettison.core.errors import DockerfileError
from jettison.core.values import Span
from jettison.dockerfile.lexer import expand
from jettison.dockerfile.lines import BLANK, Line
from jettison.dockerfile.model import Heredoc
from jettison.dockerfile.words import skip_blanks

_WORD = re.compile(r"[0-9]*<<(-?)\s*([^<]*)", re.DOTALL)
_BRACED = re.compile(r"\$\{(?:[0-9]+|[@*#?$!-]|\w+)[}:+\-?#%/]")


class _Unreadable(Exception):
    """The builder's lexer gives up on this line."""


@dataclass(frozen=True)
class Opened:
    """A heredoc's word: the line that ends it, whether variables are filled in, whether leading tabs go."""

    name: str
    expand: bool
    chomp: bool


def opened(joined: str) -> tuple[Opened, ...]:
    """The heredocs that an instruction's line begins, in order."""
    if "<<" not in joined:
        return ()
    try:
        words = _raw_words(joined)
    except _Unreadable:
        return ()
    found = []
    for word in words:
        match = _WORD.fullmatch(word)
        if match is None:
            continue
        name = expand(_protected(match[2]), {})[0]
        if name:
            quoted = sum(map(match[2].count, "'\"")) != sum(map(name.count, "'\""))
            found.append(Opened(name, not quoted, bool(match[1])))
    return tuple(found)


def _protected(word: str) -> str:
    """A heredoc's name keeps its `$`: nothing is filled in there."""
    return word.replace("$", "\\$") if "'" not in word else word


def _raw_words(joined: str) -> list[str]:
    """Words as written, split at blanks outside quotes. The escape character is always a backslash here."""
    words, word, at = [], "", 0
    while at < len(joined):
        end = at + 1
        character = joined[at]
        if character == "'":
            end = joined.find("'", at + 1) + 1
        elif character == '"':
            end = _double_end(joined, at)
        elif character == "\\":
            end = at + 2
        elif joined.startswith("<<", at):
            end = skip_blanks(joined, at + 2)  # `<< EOF` is one word
        elif joined.startswith("${", at) and not _BRACED.match(joined, at):
            raise _Unreadable
        elif character in BLANK:
            if word:
                words.append(word)
            word, at = "", end
            continue
        if end == 0:
            raise _Unreadable
        word += joined[at:end]
        at = end
    return [*words, word] if word else words


def _double_end(joined: str, at: int) -> int:
    """The index behind a double-quoted string; 0 where it does not end."""
    at += 1
    while at < len(joined):
        if joined[at] == "\\":
            at += 1
        elif joined[at] == '"':
            return at + 1
        at += 1
    return 0


def bodies(text: str, lines: list[Line], words: tuple[Opened, ...], at: int) -> tuple[tuple[Heredoc, ...], int]:
    """The heredocs whose first body begins at line `at`, and the index of the line after the last.

    Raises DockerfileError where one does not end.
    """
    found = []
    for word in words:
        first = at
        while at < len(lines) and not _ends(lines[at].span.of(text), word):
            at += 1
        if at >= len(lines):
            hint = f"add a line with {word.name} alone"
            raise DockerfileError(f"the heredoc {word.name} has no end", hint=hint, line=lines[first - 1].number)
        begin, end = lines[first].span.start, lines[at].span
        found.append(Heredoc(word.name, word.expand, word.chomp, Span(begin, end.start), Span(begin, end.end)))
        at += 1
    return tuple(found), at


def _ends(content: str, word: Opened) -> bool:
    return (content.lstrip("\t") if word.chomp else content) == word.name
