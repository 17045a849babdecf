"""Heredocs: which words of an instruction begin one, and the lines that it takes.

Behaves as moby/buildkit's `parser/parser.go` (`heredocsFromLine`) and `shell/lex.go`: only a whole word `<<NAME`,
blanks behind `<<` included, begins one, and a line that its lexer cannot read begins none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from jettison.core.errors import DockerfileError
from jettison.core.values import Span
from jettison.dockerfile.lexer import Style, expanded_words, written_words
from jettison.dockerfile.lines import Line
from jettison.dockerfile.model import Dockerfile, Heredoc, Instruction

_WORD = re.compile(r"[0-9]*<<(-?)[\t\n\f\r ]*([^<]*)")
_NAME = Style(keep_unset=True)
_NAME_QUOTED = Style(keep_unset=True, raw_quotes=True)


@dataclass(frozen=True)
class Opened:
    """A heredoc's word: the line that ends it, whether variables are filled in, whether leading tabs go."""

    name: str
    expand: bool
    chomp: bool


def opened(joined: str) -> tuple[Opened, ...]:
    """The heredocs that an instruction's line begins, in order. Raises DockerfileError for a name that is none."""
    if "<<" not in joined:
        return ()
    try:
        words = written_words(joined)
    except DockerfileError:
        return ()
    return tuple(found for word in words if (found := heredoc_word(word)))


def heredoc_word(word: str) -> Opened | None:
    """The heredoc that a word begins; None where it begins none. Raises DockerfileError for a name that is none."""
    match = _WORD.fullmatch(word)
    if match is None or not match[2]:
        return None
    names = expanded_words(match[2], {}, style=_NAME)
    if len(names) != 1:
        return None
    quoted = expanded_words(match[2], {}, style=_NAME_QUOTED)
    if len(quoted) != 1:
        raise DockerfileError(f"the heredoc {word} has no clear name", hint="name it with letters, as in <<EOF")
    return Opened(names[0], _quotes(names[0]) == _quotes(quoted[0]), bool(match[1]))


def _quotes(word: str) -> int:
    return word.count("'") + word.count('"')


def bodies(lines: list[Line], words: tuple[Opened, ...], at: int) -> tuple[tuple[Heredoc, ...], int]:
    """The heredocs whose first body begins at line `at`, and the index of the line after the last.

    Raises DockerfileError where one does not end.
    """
    found = []
    for word in words:
        first = at
        while at < len(lines) and not _ends(lines[at].text, word):
            at += 1
        if at >= len(lines):
            hint = f"add a line with {word.name} alone"
            raise DockerfileError(f"the heredoc {word.name} has no end", hint=hint, line=lines[first - 1].number)
        begin, end = lines[first].start, lines[at]
        found.append(Heredoc(word.name, word.expand, word.chomp, Span(begin, end.start), Span(begin, end.end)))
        at += 1
    return tuple(found), at


def _ends(content: str, word: Opened) -> bool:
    return (content.lstrip("\t") if word.chomp else content) == word.name


def is_heredoc(instruction: Instruction) -> bool:
    """Whether one heredoc is all that a RUN says, whoever reads it."""
    return len(instruction.heredocs) == 1 and re.fullmatch(r"<<-?\s*[^\s<]+", instruction.value) is not None


def is_whole(dockerfile: Dockerfile, instruction: Instruction) -> bool:
    """Whether one heredoc, without a line that names its interpreter, is all that a RUN says."""
    if not is_heredoc(instruction):
        return False
    return not instruction.heredocs[0].body.of(dockerfile.text).lstrip("\t").startswith("#!")


def heredoc_text(dockerfile: Dockerfile, instruction: Instruction) -> tuple[str, Sequence[int]]:
    """The body of an instruction's first heredoc as the shell gets it, and the file offset of each character."""
    heredoc = instruction.heredocs[0]
    body = heredoc.body.of(dockerfile.text)
    skipped = {at for match in re.finditer(r"^\t+", body, re.MULTILINE) for at in range(*match.span())}
    kept = [at for at in range(len(body)) if not (heredoc.chomp and at in skipped)]
    return "".join(body[at] for at in kept), [heredoc.body.start + at for at in kept]
