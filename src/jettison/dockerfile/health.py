"""The flags of HEALTHCHECK: durations as Go writes them, and a number of retries.

Behaves as Go's `time.ParseDuration` and moby/buildkit's `instructions/parse.go`.
"""

from __future__ import annotations

import re

_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)")
_MOST = 2**63 - 1
_LEAST = 10**6  # a millisecond


def duration(text: str) -> int:
    """Nanoseconds. Raises ValueError for what is no duration."""
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if rest == "0":
        return 0
    total, at = 0, 0
    while at < len(rest) or not at:
        part = _PART.match(rest, at)
        if part is None or not (part[1] or part[2]):
            raise ValueError(f"{text} is no duration: write 30s or 1m30s")
        unit = _UNITS[part[3]]
        fraction = (part[2] or "")[:18]
        if len(part[1].lstrip("0")) > 19:
            raise ValueError(f"{text} is too long")
        total += int(part[1] or "0") * unit + int(fraction or "0") * unit // 10 ** len(fraction)
        at = part.end()
    if total > _MOST:
        raise ValueError(f"{text} is too long")
    return sign * total


def interval(text: str) -> int:
    """Nanoseconds; 0, also for an empty text, where the default counts. Raises ValueError for less than 1 ms."""
    found = duration(text) if text else 0
    if found and found < _LEAST:
        raise ValueError(f"{text} is less than 1ms")
    return found


def retries(text: str) -> int:
    """How many failures make a container unhealthy; 0, also for an empty text, where the default counts. ValueError."""
    if not text:
        return 0
    if not re.fullmatch(r"[+-]?[0-9]+", text) or len(text.lstrip("+-0")) > 10:
        raise ValueError(f"{text} is no number")
    if not 0 <= int(text) < 2**31:
        raise ValueError(f"{text} is no number of retries")
    return int(text)
