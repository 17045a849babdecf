"""What HCL's expressions come to, as far as it can be known without the program whose file it is.

Source: hashicorp/hcl, `hclsyntax/spec.md` (operations, templates).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from jettison.review.hcl_numbers import digits, remainder, rounded

Value = Any  # str, Fraction, bool, None, list, dict, Unknown
Names = Callable[[str], Value]
Expression = Callable[[Names], Value]


@dataclass(frozen=True)
class Unknown:
    """What cannot be worked out here, as it is written."""

    what: str


LEVELS: tuple[dict[str, Callable[[Any, Any], Value]], ...] = (
    {"||": lambda a, b: a or b},
    {"&&": lambda a, b: a and b},
    {"==": lambda a, b: _same(a, b), "!=": lambda a, b: not _same(a, b)},
    {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt},
    {"+": lambda a, b: rounded(a + b), "-": lambda a, b: rounded(a - b)},
    {"*": lambda a, b: rounded(a * b), "/": lambda a, b: rounded(a / b), "%": remainder},
)
_LONGEST = 1 << 20  # characters of a string
_OF_ANYTHING = tuple(LEVELS[2].values())


def _same(a: Value, b: Value) -> bool:
    """Whether two values are equal; true is no 1. Raises TypeError for two lists that hold lists: each may hold the
    same one twice, and so on, which takes twice the time with each level."""
    if a and b and _is_nested(a) and _is_nested(b):
        raise TypeError("lists of lists")
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


def _is_nested(value: Value) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(isinstance(each, (list, dict)) for each in inner)


def never(what: str) -> Expression:
    """What cannot be worked out, whatever the names stand for."""
    return lambda names: Unknown(what)


def chosen(condition: Value, yes: Expression, no: Expression, names: Names) -> Value:
    """One of the two, by a condition that is known."""
    if not isinstance(condition, bool):
        return condition if isinstance(condition, Unknown) else Unknown("a condition that is none")
    return (yes if condition else no)(names)


def joined(does: Callable[[Any, Any], Value], left: Expression, right: Expression) -> Expression:
    """What an operator makes of two expressions."""

    def worked_out(names: Names) -> Value:
        a, b = left(names), right(names)
        unknown = next((each for each in (a, b) if isinstance(each, Unknown)), None)
        if unknown is not None:
            return unknown
        if does not in _OF_ANYTHING and (isinstance(a, (str, list, dict)) or isinstance(b, (str, list, dict))):
            return Unknown("an operation upon what is no number")
        try:
            return does(a, b)
        except (TypeError, ArithmeticError, ValueError):
            return Unknown("an operation upon what is no number")

    return worked_out


def of_one(does: Callable[[Any], Value], value: Value) -> Value:
    """What an operator makes of one value."""
    if isinstance(value, (bool, Fraction)):
        return does(value)
    return value if isinstance(value, Unknown) else Unknown("an operation upon what is no number")


def part(whole: Expression, key: Expression) -> Expression:
    """What a list or an object has at a place."""

    def worked_out(names: Names) -> Value:
        value, at = whole(names), key(names)
        for each in (value, at):
            if isinstance(each, Unknown):
                return each
        at = int(at) if isinstance(at, Fraction) and at.denominator == 1 else at
        try:
            return value[at] if isinstance(value, (dict, list)) else Unknown(f".{at}")
        except (KeyError, IndexError, TypeError):
            return Unknown(f".{at}")

    return worked_out


def table(pairs: list[tuple[Value, Value]]) -> Value:
    """The object of these keys and values."""
    unknown = next((key for key, _ in pairs if isinstance(key, Unknown)), None)
    return unknown if unknown is not None else {text_of(key): value for key, value in pairs}


def filled(values: list[Value], parts: list[Any]) -> Value:
    """The string that the parts are together; one interpolation alone is its value."""
    if len(parts) == 1 and not isinstance(parts[0], str):
        return values[0]
    unknown = next((each for each in values if isinstance(each, Unknown)), None)
    if unknown is not None:
        return unknown
    if any(each is None or isinstance(each, (list, dict)) for each in values):
        return Unknown("a string with a list or null in it")
    texts = [text_of(each) for each in values]
    return "".join(texts) if sum(map(len, texts)) <= _LONGEST else Unknown("a string that grows and grows")


def text_of(value: Value) -> str:
    """A single value as a string: numbers as bake prints them, those of YAML without a needless fraction."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Fraction):
        return digits(value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
