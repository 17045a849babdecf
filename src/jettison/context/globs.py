"""The patterns of Go's `path/filepath.Match`, which COPY and ADD use for their sources.

Source: Go's documentation of path/filepath.Match, and BuildKit's use of it (tonistiigi/fsutil `copy/copy.go`):
`*` and `?` stop at a slash, a class does not, `\\` takes the meaning off the next character, and there is no `**`.
"""

from __future__ import annotations

import re
from functools import cache

_WILD = re.compile(r"[*?\[]")
_ESCAPED = re.compile(r"\\.?", re.DOTALL)


class BadPattern(ValueError):
    """A pattern that Go calls malformed; builders refuse it. The message says what is wrong."""


def has_wildcard(text: str) -> bool:
    """Whether `*`, `?` or `[` stands in the text without a backslash before it."""
    return _WILD.search(_ESCAPED.sub("", text) if "\\" in text else text) is not None


def check_as_builders_do(pattern: str) -> None:
    """Raises BadPattern where `filepath.Match(pattern, ".")` does: it stops reading at the first `*` that cannot match.

    So builders let a malformed end of an ignore pattern pass here, and fail, if ever, when they ask it.
    """
    name = "."
    while pattern:
        star, chunk, pattern = _chunk(pattern)
        if star and not chunk:
            return
        match = compiled(chunk).match(name)
        if match is None or (match.end() < len(name) and not pattern):
            return
        name = name[match.end() :]


def _chunk(pattern: str) -> tuple[bool, str, str]:
    """Whether stars lead, what follows them up to the next star outside a class, and the rest."""
    bare = pattern.lstrip("*")
    inside, at = False, 0
    while at < len(bare):
        if bare[at] == "\\":
            at += 1
        elif bare[at] in "[]":
            inside = bare[at] == "["
        elif bare[at] == "*" and not inside:
            break
        at += 1
    return bare != pattern, bare[:at], bare[at:]


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression for `fullmatch`. Raises BadPattern."""
    out, at = [], 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if character == "*":
            out.append("[^/]*")
        elif character == "?":
            out.append("[^/]")
        elif character == "[":
            text, at = _class(pattern, at)
            out.append(text)
        elif character == "\\":
            if at == len(pattern):
                raise BadPattern("it ends with a backslash")
            out.append(re.escape(pattern[at]))
            at += 1
        else:
            out.append(re.escape(character))
    return re.compile("".join(out), re.DOTALL)


def _class(pattern: str, at: int) -> tuple[str, int]:
    """The class whose `[` stands before `at`, as a regular expression, and the index behind its `]`."""
    negated = pattern.startswith("^", at)
    at += negated
    ranges: list[str] = []
    count = 0
    while count == 0 or not pattern.startswith("]", at):
        low, at = _member(pattern, at)
        high = low
        if pattern.startswith("-", at):
            high, at = _member(pattern, at + 1)
        if low <= high:
            ranges.append(f"{re.escape(low)}-{re.escape(high)}")
        count += 1
    if not ranges:  # every range is upside down: nothing is in it
        return ("." if negated else "(?!)"), at + 1
    return f"[{'^' if negated else ''}{''.join(ranges)}]", at + 1


def _member(pattern: str, at: int) -> tuple[str, int]:
    """One end of a range, and the index behind it."""
    if pattern[at : at + 1] in ("", "-", "]"):
        raise BadPattern("a [ is not closed" if at >= len(pattern) else "a class has no such member")
    at += pattern[at] == "\\"
    if at + 1 >= len(pattern):
        raise BadPattern("a [ is not closed")
    return pattern[at], at + 1


def matches(pattern: str, name: str) -> bool:
    """Whether the whole name matches; a malformed pattern matches nothing, as it does for BuildKit's COPY."""
    try:
        return compiled(pattern).fullmatch(name) is not None
    except BadPattern:
        return False
