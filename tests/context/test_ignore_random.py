"""The ignore file against a second, slow implementation, on random patterns and paths."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.context.ignore import Dialect, Ignore

pytestmark = pytest.mark.slow

PARTS = st.sampled_from(["a", "b", "ab", "a.b", "*", "?", "*b", "a*", "**", "[ab]", "[^a]", "a\\.b", "\\*", ".*", "é"])
PATTERNS = st.builds(
    lambda exception, front, parts, back: exception + front + "/".join(parts) + back,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/", "./"]),
    st.lists(PARTS, min_size=1, max_size=4),
    st.sampled_from(["", "", "/"]),
)
PATHS = st.lists(st.sampled_from(["a", "b", "ab", "ba", "a.b", ".a", "*", "é"]), min_size=1, max_size=4).map("/".join)


def translated(parts: list[str]) -> str:
    """A regular expression for cleaned parts, one by one; `**` is any number of parts, or at the end anything."""
    out = ""
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            out += ".*" if last else "(?:.*/)?"
            continue
        part = re.sub(r"\\(.)", lambda found: f"[{found[1]}]", part)
        out += "".join(_piece(each) for each in re.findall(r"\[[^\]]*\]|.", part)) + ("" if last else "/")
    return out


def _piece(piece: str) -> str:
    if piece.startswith("["):
        return piece.replace("*", r"\*")
    return {"*": "[^/]*", "?": "[^/]"}.get(piece, re.escape(piece))


def slow(text: str, path: str, *, buildah: bool) -> bool:
    """Asks each pattern for each parent, the uppermost first; remembers in plain dictionaries."""
    patterns = []
    for line in text.split("\n"):
        exception, line = line.startswith("!"), line.removeprefix("!")
        parts = [part for part in line.split("/") if part not in ("", ".")]
        if parts:
            patterns.append((exception, re.compile(translated(parts))))
    parts, hits, excluded = path.split("/"), dict.fromkeys(range(len(patterns)), False), False
    for depth in range(1, len(parts) + 1):
        here = "/".join(parts[:depth])
        excluded = False
        for index, (exception, expression) in enumerate(patterns):
            if not hits[index] and (buildah or exception == excluded):
                hits[index] = expression.fullmatch(here) is not None
            if hits[index]:
                excluded = not exception
    return excluded


@settings(max_examples=600, deadline=None)
@given(st.lists(PATTERNS, min_size=1, max_size=6), st.lists(PATHS, min_size=1, max_size=8))
def test_two_implementations_agree(patterns: list[str], paths: list[str]) -> None:
    text = "\n".join(patterns)
    ignore = Ignore.parse(text)
    assert [slow(text, path, buildah=False) for path in paths] == [ignore.excludes(path) for path in paths]


@settings(max_examples=300, deadline=None)
@given(st.lists(PATTERNS, min_size=1, max_size=6), st.lists(PATHS, min_size=1, max_size=8))
def test_buildah_differs_only_in_what_it_remembers_and_where_it_looks(patterns: list[str], paths: list[str]) -> None:
    text = "\n".join(each for each in patterns if not each.startswith("!"))
    ignore = Ignore.parse(text, Dialect.BUILDAH)
    assert [slow(text, path, buildah=True) for path in paths] == [ignore.excludes(path) for path in paths]


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40), PATHS)
def test_no_text_brings_it_down(text: str, path: str) -> None:
    for dialect in Dialect:
        try:
            ignore = Ignore.parse(text, dialect)
        except Exception as error:
            assert "UsageError" == type(error).__name__
            continue
        assert (ignore.decider(path) is None) <= (not ignore.excludes(path))
