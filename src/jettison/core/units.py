"""Bytes and seconds for people: MB is 10^6 as docker prints it, MiB is 2^20."""

from __future__ import annotations

import re

from jettison.core.errors import UsageError

_DECIMAL = {"B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_BINARY = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def show_bytes(count: int) -> str:
    """`117.3 MB`: three or four significant digits, decimal units, a sign only when negative."""
    size = float(abs(count))
    sign = "-" if count < 0 else ""
    if size < 1000:
        return f"{sign}{int(size)} B"
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.95:
            return f"{sign}{size:.1f} {unit}" if unit != "GB" else f"{sign}{size:.2f} {unit}"
    return f"{sign}{size / 1000:.2f} TB"


def read_bytes(text: str) -> int:
    """The bytes that `150MB` or `1.5GiB` means.

    Raises UsageError where the unit is missing or means two things (`150M`).
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*", text)
    factor = (_DECIMAL | _BINARY).get(match[2]) if match else None
    if match is None or factor is None:
        raise UsageError(
            f"'{text}' is not a size",
            hint="write it with its unit, for example 150MB (10^6) or 150MiB (2^20)",
        )
    return int(float(match[1]) * factor)


def show_seconds(seconds: float) -> str:
    """`6.7 s` below two minutes, `3 min 20 s` above."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def read_seconds(text: str) -> float:
    """The seconds that `90s`, `10m` or `1h` means. Raises UsageError."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh])\s*", text)
    if match is None:
        raise UsageError(f"'{text}' is not a time", hint="write it with its unit, for example 90s, 10m or 1h")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]
