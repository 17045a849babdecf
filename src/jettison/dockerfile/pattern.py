"""The patterns of `${X#p}`, `${X%p}` and `${X/p/r}`: `*` and `?`, no brackets, nothing matches a line feed.

Behaves as moby/buildkit's `frontend/dockerfile/shell/lex.go`, which turns them into regular expressions of Go. Here
they are matched piece by piece between the stars: no pattern takes more than the product of the two lengths.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 2**20  # characters of a value; no Linux takes a variable of more than 2**17 bytes
_MOST_WORK = 10**8  # characters of the pattern times characters of the value
_PAIR = re.compile(r"\\.", re.DOTALL)  # an escape and its character keep their order when a pattern is turned round
_REFERENCE = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")  # Go's regexp.Expand: $$, $0, ${0}


@dataclass(frozen=True)
class _Piece:
    """What stands between two stars: characters, None for a `?`."""

    tokens: tuple[str | None, ...]

    @property
    def literal(self) -> str | None:
        return None if None in self.tokens else "".join(each or "" for each in self.tokens)

    @property
    def expression(self) -> re.Pattern[str]:
        return _compiled(self.tokens)

    def at(self, value: str, place: int) -> bool:
        literal = self.literal
        if literal is not None:
            return value.startswith(literal, place)
        return self.expression.match(value, place) is not None

    def first(self, value: str, start: int, last: int) -> int:
        """The first place from `start` to `last` at which it matches; -1 where there is none."""
        literal = self.literal
        if literal is not None:
            return value.find(literal, start, last + len(literal))
        match = self.expression.search(value, start, last + len(self.tokens))
        return match.start() if match else -1

    def last(self, value: str, start: int, last: int) -> int:
        """The last place from `start` to `last` at which it matches; -1 where there is none."""
        literal = self.literal
        if literal is not None:
            return value.rfind(literal, start, last + len(literal))
        return next((place for place in range(last, start - 1, -1) if self.at(value, place)), -1)


@lru_cache(maxsize=64)
def _compiled(tokens: tuple[str | None, ...]) -> re.Pattern[str]:
    return re.compile("".join("." if each is None else re.escape(each) for each in tokens))


def without_prefix(value: str, pattern: str, longest: bool) -> str:
    """`value` without the shortest or longest beginning that matches. Raises ValueError for what is no pattern."""
    pieces = _pieces(_tokens(pattern), value)
    end = _end(pieces, value, 0, longest) if pieces[0].at(value, 0) else -1
    return value if end < 0 else value[end:]


def without_suffix(value: str, pattern: str, longest: bool) -> str:
    """`value` without the shortest or longest end that matches. Raises ValueError for what is no pattern."""
    backwards = value[::-1]
    pieces = _pieces(_tokens(_PAIR.sub(lambda found: found[0][::-1], pattern)[::-1]), value)
    end = _end(pieces, backwards, 0, longest) if pieces[0].at(backwards, 0) else -1
    return value if end < 0 else value[: len(value) - end]


def replaced(value: str, pattern: str, replacement: str, every: bool) -> str:
    """`value` with the first match replaced, or each. Raises ValueError for what is no pattern.

    Where each is replaced, `$0` in the replacement is the match, other names are nothing and `$$` is `$`: what Go's
    regexp.ReplaceAllString makes of them.
    """
    pieces = _pieces(_tokens(pattern), value)
    out: list[str] = []
    at = copied = length = 0
    while at <= len(value) and (match := _leftmost(pieces, value, at)):
        start, end = match
        out.append(value[copied:start])
        if not every:
            return "".join([*out, replacement, value[end:]])
        if end > copied or start == 0:
            out.append(_filled(replacement, value[start:end]))
            length += len(out[-1])
            if length > LONGEST:
                raise ValueError(f"it grows beyond {LONGEST} characters")
        copied = end
        at = max(at + 1, end)
    return "".join([*out, value[copied:]])


def _filled(replacement: str, match: str) -> str:
    def one(found: re.Match[str]) -> str:
        return "$" if found[1] else match if (found[2] or found[3]) == "0" else ""

    return _REFERENCE.sub(one, replacement)


def _tokens(pattern: str) -> list[str | None]:
    """Characters, None for `?`, `""` for `*`."""
    found: list[str | None] = []
    at, pattern = 0, pattern.removeprefix("\ufeff")
    while at < len(pattern):
        character: str | None = pattern[at]
        at += 1
        if character == "\\":
            following = pattern[at : at + 1]
            if following in ("}", "/"):
                continue
            if following not in ("*", "?", "\\") or not following:
                raise ValueError(f"\\{following} means nothing in a pattern")
            character = following
            at += 1
        elif character == "*":
            character = ""
        elif character == "?":
            character = None
        found.append(character)
    return found


def _pieces(tokens: list[str | None], value: str) -> tuple[_Piece, ...]:
    if len(tokens) * len(value) > _MOST_WORK:
        raise ValueError("the pattern and the value are too long")
    pieces: list[list[str | None]] = [[]]
    for token in tokens:
        if token == "":
            pieces.append([])
        else:
            pieces[-1].append(token)
    middle = [each for each in pieces[1:-1] if each]
    return tuple(_Piece(tuple(each)) for each in ([pieces[0], *middle, pieces[-1]] if len(pieces) > 1 else pieces))


def _end(pieces: tuple[_Piece, ...], value: str, start: int, longest: bool) -> int:
    """Where the match ends that begins with the first piece at `start`; -1 where the others do not follow."""
    at = start + len(pieces[0].tokens)
    for index, piece in enumerate(pieces[1:], 2):
        limit = _line_end(value, at)
        latest = longest and index == len(pieces)
        place = piece.last(value, at, limit) if latest else piece.first(value, at, limit)
        if place < 0:
            return -1
        at = place + len(piece.tokens)
    return at


def _line_end(value: str, at: int) -> int:
    end = value.find("\n", at)
    return len(value) if end < 0 else end


def _leftmost(pieces: tuple[_Piece, ...], value: str, at: int) -> tuple[int, int] | None:
    """The first match from `at` on, as long as it can be."""
    width = len(pieces[0].tokens)
    while (start := pieces[0].first(value, at, len(value))) >= 0:
        end = _end(pieces, value, start, True)
        if end >= 0:
            return start, end
        # what does not follow here follows from nowhere else on this line
        at = max(start + 1, _line_end(value, start + width) + 1 - width)
    return None
