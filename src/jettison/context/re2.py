"""The regular expressions of Go (RE2), as far as ignore patterns can spell them, in Python's words.

An ignore pattern becomes a regular expression in the builders, and not all of its characters are taken as plain ones
there: `\\d` is a digit, and `|` an alternative. Source: Go's `regexp/syntax` documentation.
"""

from __future__ import annotations

import re

_REPEAT = re.compile(r"\{\d+(?:,\d*)?\}")
_PLAIN_ESCAPES = "dDsSwWbBafnrtv"  # the same in both
_NAMED = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7f", "blank": r"\t ", "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ", "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip


class BadExpression(ValueError):
    """Go refuses the expression, or it uses what no ignore file should."""


def to_python(expression: str) -> re.Pattern[str]:
    """The expression for `search`. Raises BadExpression."""
    out, at = [], 0
    while at < len(expression):
        character = expression[at]
        if character == "[":
            text, at = _class(expression, at + 1)
            out.append(text)
            continue
        if character == "\\":
            out.append(_escape(expression, at))
            at += 2
            continue
        if character == "{" and not _REPEAT.match(expression, at):
            character = r"\{"
        elif character == "$":
            character = r"\Z"
        elif character == "]":
            character = r"\]"
        out.append(character)
        at += 1
    try:
        return re.compile("".join(out), re.ASCII)
    except (re.error, OverflowError) as error:
        raise BadExpression(str(error)) from None


def _escape(expression: str, at: int) -> str:
    """The escape at `at`, two characters long in Go."""
    following = expression[at + 1 : at + 2]
    if not following:
        raise BadExpression("it ends with a backslash")
    if following == "A":
        return r"\A"
    if following == "z":
        return r"\Z"
    if following.isascii() and following.isalnum():
        if following in _PLAIN_ESCAPES:
            return "\\" + following
        raise BadExpression(f"the escape \\{following} means nothing in an ignore file")
    if not following.isascii() or following == "_":
        raise BadExpression(f"the escape \\{following} is refused")
    return re.escape(following)


def _class(expression: str, at: int) -> tuple[str, int]:
    """The class whose `[` stands before `at`, and the index behind its `]`."""
    negated = expression.startswith("^", at)
    at += negated
    members: list[str] = []
    first = True
    while first or not expression.startswith("]", at):
        first = False
        named = re.compile(r"\[:(\^?)(\w+):\]").match(expression, at)
        if named and named[2] in _NAMED and not named[1]:
            members.append(_NAMED[named[2]])
            at = named.end()
            continue
        if named:
            raise BadExpression(f"no such class: {named[0]}")
        low, at = _member(expression, at)
        if expression.startswith("-", at) and expression[at + 1 : at + 2] not in ("]", "") and len(low) == 1:
            high, at = _member(expression, at + 1)
            if len(high) != 1 or low > high:
                raise BadExpression("a range is upside down")
            members.append(f"{re.escape(low)}-{re.escape(high)}")
        else:
            members.append(low if len(low) > 1 else re.escape(low))
    return f"[{'^' if negated else ''}{''.join(members)}]", at + 1


def _member(expression: str, at: int) -> tuple[str, int]:
    """One character of a class, or an escape like `\\d` (two characters), and the index behind it."""
    if at >= len(expression):
        raise BadExpression("a [ is not closed")
    if expression[at] != "\\":
        return expression[at], at + 1
    escape = _escape(expression, at)
    following = expression[at + 1]
    if following in "dDsSwW":
        return "\\" + following, at + 2
    if following in "afnrtv":
        return dict(zip("afnrtv", "\a\f\n\r\t\v", strict=True))[following], at + 2
    if following.isalnum():
        raise BadExpression(f"{escape} cannot stand in a class")
    return following, at + 2
