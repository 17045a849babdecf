"""HCL's numbers: binary fractions of 512 bits, as bake works with them, and how it prints them.

Sources: hashicorp/hcl `hclsyntax/spec.md` ("Numeric Literals"); zclconf/go-cty `cty/value_init.go` (math/big's Float
with a precision of 512, rounded to nearest even) and `cty/convert/conversion_primitive.go` (`Text('f', -1)`: the fewest
digits that lead back to the same number).
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

_BITS = 512
_DIGITS = 156  # decimal digits tell any two numbers of so many bits apart
_WIDEST = 8192  # bits of the power of two that a number may be large or small by


LITERAL = re.compile(r"[0-9]{1,300}(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?")


def number(text: str) -> Fraction:
    """The number that a literal is, with or without a sign."""
    return rounded(Fraction(text))


def rounded(value: Fraction) -> Fraction:
    """The nearest number of 512 bits. Raises OverflowError where it is larger or smaller than is worked with here."""
    if not value:
        return value
    above = value.numerator.bit_length() - value.denominator.bit_length()
    if abs(above) > _WIDEST:
        raise OverflowError("a number out of bounds")
    if value.denominator == 1 and value.numerator.bit_length() <= _BITS:
        return value
    unit = Fraction(2) ** (above - _BITS)  # small enough whichever way the quotient of both falls
    if abs(value) >= unit * 2**_BITS:
        unit *= 2
    return round(value / unit) * unit


def remainder(value: Fraction, divisor: Fraction) -> Fraction:
    """What is left of a division whose quotient is cut off; its sign is the dividend's."""
    return value - divisor * math.trunc(value / divisor)


def digits(value: Fraction) -> str:
    """A number as bake prints it: without an exponent, with the fewest digits that lead back to it."""
    if value.denominator == 1 and value.numerator.bit_length() <= _BITS:
        return str(value.numerator)
    magnitude = _magnitude(abs(value))
    for count in range(1, _DIGITS + 1):
        unit = Fraction(10) ** (magnitude - count + 1)
        found = round(value / unit) * unit
        if rounded(found) == value:
            break
    return _plain(found, max(0, count - 1 - magnitude))


def _magnitude(value: Fraction) -> int:
    """The power of ten of the first digit."""
    guess = math.floor((value.numerator.bit_length() - value.denominator.bit_length()) * math.log10(2))
    return next(power for power in range(guess + 2, guess - 3, -1) if Fraction(10) ** power <= value)


def _plain(value: Fraction, places: int) -> str:
    whole, rest = divmod(abs(value) * 10**places, 1)
    assert not rest
    text = str(whole).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{text[:-places]}.{text[-places:]}".rstrip("0").rstrip(".") if places else f"{sign}{text}"
