"""Arguments and flags cut out of an instruction that is one line already.

Behaves as moby/buildkit's `parser/split_command.go` (flags) and `parser/line_parsers.go` (words).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from jettison.core.values import Span
from jettison.dockerfile.lines import BLANK
from jettison.dockerfile.model import Flag, Word

_GAP = "\t\v\f\r "
_ASCII_BLANK = "\t\n\v\f\r "
_PLAIN = re.compile(f"[^{re.escape(BLANK)}'\"\\\\`]*")
_UNQUOTED = re.compile(f"[^{_GAP}]+")
_SOLID = re.compile(f"[^{re.escape(BLANK)}]+")
_BLANKS = re.compile(f"[{re.escape(BLANK)}]*")
_AT_BLANKS = {"ADD", "COPY", "EXPOSE", "FROM", "VOLUME"}  # quotes mean nothing to these
_ONE_STRING = {"MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR"}


def keyword_end(joined: str, at: int) -> int:
    """The index behind the word that begins at `at`."""
    match = _UNQUOTED.match(joined, at)
    return match.end() if match else at


def skip_blanks(joined: str, at: int) -> int:
    """The index of the first character that is no blank."""
    match = _BLANKS.match(joined, at)
    return match.end() if match else at


def health_kind(value: str) -> tuple[str, str]:
    """The first word of a HEALTHCHECK in capitals, and what follows it."""
    kind, *rest = re.split(f"[{_ASCII_BLANK}]+", value, maxsplit=1)
    return kind.upper(), "".join(rest)


def flags_of(joined: str, offsets: Sequence[int], at: int, escape: str) -> tuple[tuple[Flag, ...], int]:
    """`--name=value` at the front, quotes taken off, and the index in `joined` at which the arguments begin."""
    found: list[Flag] = []
    while True:
        while at < len(joined) and joined[at] in _ASCII_BLANK:
            at += 1
        if not joined.startswith("--", at):
            return tuple(found), skip_blanks(joined, at)
        word, end = _flag(joined, at, escape)
        if word == "--":
            return tuple(found), skip_blanks(joined, end)
        name, equals, value = word[2:].partition("=")
        found.append(Flag(name, value if equals else None, Span(offsets[at], offsets[end - 1] + 1)))
        at = end


def _flag(joined: str, at: int, escape: str) -> tuple[str, int]:
    """One flag without its quotes and escapes (which work inside single quotes, too), and the index behind it.

    The builder reads flags byte by byte: a character beyond ASCII becomes those of its UTF-8 bytes, as if they were
    Latin-1, and a byte 0x85 or 0xA0 in it ends the flag as a blank would.
    """
    out, quote = [], ""
    while at < len(joined):
        character = joined[at]
        if not quote and character in _ASCII_BLANK:
            break
        at += 1
        if quote and character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
        else:
            escaped = character == escape
            if escaped:
                character = joined[at : at + 1]
                at += 1
            if not character.isascii():
                character = character.encode("utf-8", "surrogatepass").decode("latin-1")
                cut = re.search("[\x85\xa0]", character[escaped:])
                if cut and not quote:
                    out.append(character[: cut.start() + escaped])
                    break
            out.append(character)
    return "".join(out), min(at, len(joined))


def words_of(keyword: str, joined: str, offsets: Sequence[int], start: int, escape: str) -> tuple[Word, ...]:
    """The arguments from `start` on, as written, split as the instruction splits them."""
    found = []
    for begin, end in _cuts(keyword, joined, start, escape):
        found.append(Word(joined[begin:end], Span(offsets[begin], offsets[end - 1] + 1)))
    return tuple(found)


def _cuts(keyword: str, joined: str, at: int, escape: str) -> Iterator[tuple[int, int]]:
    stop = len(joined.rstrip(BLANK))
    if keyword in _ONE_STRING:
        begin = skip_blanks(joined, at)
        if begin < stop:
            yield begin, stop
    elif keyword in _AT_BLANKS:
        yield from (match.span() for match in _UNQUOTED.finditer(joined, at, stop))
    elif not (escape in joined or "'" in joined or '"' in joined):
        yield from (match.span() for match in _SOLID.finditer(joined, at, stop))
    else:
        while (at := skip_blanks(joined, at)) < stop:
            end = min(_word_end(joined, at, escape), stop)
            yield at, end
            at = end


def _word_end(joined: str, at: int, escape: str) -> int:
    """The index behind a word whose quotes may hold blanks."""
    while at < len(joined):
        plain = _PLAIN.match(joined, at)
        at = plain.end() if plain else at
        character = joined[at : at + 1]
        if character in BLANK:  # or the end
            break
        if character in "'\"":
            at = _quote_end(joined, at, escape)
        else:
            at += 2 if character == escape else 1
    return min(at, len(joined))


def _quote_end(joined: str, at: int, escape: str) -> int:
    """The index behind a quoted string, or of the end of the text where it does not end."""
    quote = joined[at]
    at += 1
    while at < len(joined):
        if joined[at] == quote:
            return at + 1
        at += 2 if joined[at] == escape and quote == '"' else 1
    return at
