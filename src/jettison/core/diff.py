"""Unified diffs as plain text."""

from __future__ import annotations

import difflib


def unified(old: str, new: str, name: str) -> str:
    """A diff that `patch -p1` and `git apply` take; empty where nothing differs."""
    found = difflib.unified_diff(_lines(old), _lines(new), f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in found)


def _lines(text: str) -> list[str]:
    """Lines at \\n only: str.splitlines would also cut at form feeds and Unicode separators."""
    pieces = text.split("\n")
    return [piece + "\n" for piece in pieces[:-1]] + ([pieces[-1]] if pieces[-1] else [])
