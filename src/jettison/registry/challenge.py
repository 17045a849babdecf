"""What a registry says with its 401: the challenges of WWW-Authenticate.

Source: RFC 9110 section 11.6.1 (several challenges in one header, separated by commas, and several headers); Docker
token authentication specification, "How to authenticate" (`Bearer realm=...,service=...,scope=...`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_SEPARATOR = re.compile(r"[\s,]*")
_PARAMETER = re.compile(rf'({_TOKEN})\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]+)')
_SCHEME = re.compile(
    rf"({_TOKEN})(?=\s*(?:,|$)|\s+[^\s=,])(?:\s+[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$)))?"
)  # with a token68 passed over
_LONGEST = 16 * 1024  # characters of a header that are read


@dataclass(frozen=True)
class Challenge:
    """A scheme, in lower case, and its parameters by their names in lower case."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def challenges(headers: Iterable[str]) -> list[Challenge]:
    """All challenges of these headers, in order; what cannot be read ends the header that it stands in."""
    return [each for header in headers for each in _of(header[:_LONGEST])]


def _of(header: str) -> list[Challenge]:
    found: list[tuple[str, dict[str, str]]] = []
    at = 0
    while True:
        at = _match(_SEPARATOR, header, at).end()
        parameter = _PARAMETER.match(header, at)
        if parameter and found:
            found[-1][1][parameter[1].lower()] = _unquoted(parameter[2])
            at = parameter.end()
            continue
        scheme = _SCHEME.match(header, at)
        if scheme is None:
            return [Challenge(name, parameters) for name, parameters in found]
        found.append((scheme[1].lower(), {}))
        at = scheme.end()


def _match(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str]:
    match = pattern.match(text, at)
    assert match is not None, "matches nothing at least"
    return match


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
