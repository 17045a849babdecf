"""Numbers with their words."""

from __future__ import annotations

from jettison.core.units import show_bytes


def maybe_bytes(count: int | None) -> str:
    """A size, or a dash where nothing was measured."""
    return "-" if count is None else show_bytes(count)


def plural(count: int, word: str) -> str:
    """`word` as it goes with a number."""
    return word if count == 1 else f"{word}s"
