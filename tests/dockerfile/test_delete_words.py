"""Words taken out of a command: what is left is the same command, comments stay, no instruction is swallowed."""

from __future__ import annotations

import pytest

from jettison.core.values import Span
from jettison.dockerfile.edit import apply, delete_words
from jettison.dockerfile.parse import parse

CASES = {
    "one line": ("apt install X b", "apt install b"),
    "the last": ("apt install a X\nUSER a", "apt install a\nUSER a"),
    "on a line of its own": ("apt install \\\n    a \\\n    X \\\n    b", "apt install \\\n    a \\\n    b"),
    "neighbours": ("apt install \\\n  a \\\n  X X \\\n  X \\\n && rm b", "apt install \\\n  a \\\n && rm b"),
    "below a comment": ("apt install \\\n  # why\n  X \\\n  a", "apt install \\\n  # why\n  a"),
    "below a comment, before a list goes on": (
        "apt install a \\\n  # why\n  X \\\n && rm b",
        "apt install a \\\n  # why\n && rm b",
    ),
    "below a comment, before another word": ("apt install \\\n  # why\n  X a", "apt install \\\n  # why\n  a"),
    "below a comment, at the end": ("apt install \\\n  a \\\n  # why\n  X\nUSER a", "apt install \\\n  a\nUSER a"),
    "below two comments, at the end": (
        "apt install a \\\n# one\n # two\n  X X \\\n  X\n\nUSER a",
        "apt install a\n\nUSER a",
    ),
    "all behind comments, at the end": (
        "apt install a \\\n  # one\n  X \\\n  # two\n  X\nUSER a",
        "apt install a\nUSER a",
    ),
    "between comments": (
        "apt install \\\n  # one\n  X \\\n  # two\n  b \\\n  # three\n  X \\\n  c",
        "apt install \\\n  # one\n  # two\n  b \\\n  # three\n  c",
    ),
}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_words_go_with_their_blanks(before: str, after: str, end: str) -> None:
    text, expected = (f"FROM a\nRUN {each}\n".replace("\n", end) for each in (before, after))
    spans = [Span(at, at + 1) for at, character in enumerate(text) if character == "X"]
    made = apply(text, delete_words(parse(text), spans))
    assert expected == made
    kept = [each.keyword for each in parse(text).instructions]
    assert kept == [each.keyword for each in parse(made).instructions]


def test_the_escape_of_the_file_is_its_continuation() -> None:
    text = "# escape=`\nFROM a\nRUN apt install `\n  a `\n  # why\n  X\nUSER a\n"
    at = text.index("X")
    made = apply(text, delete_words(parse(text), [Span(at, at + 1)]))
    assert "# escape=`\nFROM a\nRUN apt install `\n  a\nUSER a\n" == made
