"""Columns, wrapping, bars, colour."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.core.escape import terminal
from jettison.report.layout import bar, columns, cut, cut_front, pad, paint, wrap

SAFE = st.text(max_size=200).map(terminal)


@pytest.mark.parametrize(("text", "expected"), [("", 0), ("abc", 3), ("日本", 4), ("e\u0301", 1), ("→", 1), ("ｆ", 2)])
def test_columns_are_those_of_a_terminal(text: str, expected: int) -> None:
    assert expected == columns(text)


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (8, 8, "████"),
        (4, 8, "██  "),
        (1, 32, "▏   "),
        (1, 10**9, "▏   "),
        (5, 32, "▋   "),
        (31, 32, "███▉"),
        (9, 8, "████"),
        (0, 8, "    "),
        (5, 0, "    "),
        (-5, 8, "    "),
    ],
)
def test_a_bar_is_as_long_as_its_part_of_the_whole(part: int, whole: int, expected: str) -> None:
    assert expected == bar(part, whole, 4)


def test_words_are_broken_only_where_they_must_be() -> None:
    assert ["a bc", "defghi", "jk l"] == wrap("a bc defghijk l", 6)


def test_a_text_of_too_many_lines_ends_with_an_ellipsis() -> None:
    assert ["one", "two…"] == wrap("one two three four", 5, most=2)
    assert ["one", "tw…"] == wrap("one two three four", 3, most=2)
    assert ["one", "two"] == wrap("one two", 3, most=2)


def test_nothing_wraps_to_one_empty_line() -> None:
    assert [""] == wrap("  ", 10)


@given(SAFE, st.integers(2, 40))
def test_wrapped_lines_fit_and_lose_no_character(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert [] == [line for line in lines if columns(line) > width]
    assert "".join(text.split()) == "".join("".join(lines).split())


@given(SAFE, st.integers(2, 40), st.integers(1, 4))
def test_lines_that_were_cut_off_still_fit(text: str, width: int, most: int) -> None:
    lines = wrap(text, width, most=most)
    assert [] == [line for line in lines if columns(line) > width]
    assert len(lines) <= most


@given(SAFE, st.integers(0, 40))
def test_a_cut_text_fits_and_keeps_its_beginning_or_its_end(text: str, width: int) -> None:
    assert columns(cut(text, width)) <= width
    assert columns(cut_front(text, width)) <= width
    assert text.startswith(cut(text, width).removesuffix("…"))
    assert text.endswith(cut_front(text, width).removeprefix("…"))


def test_a_text_that_fits_is_not_cut() -> None:
    assert ("abc", "abc") == (cut("abc", 3), cut_front("abc", 3))
    assert ("ab…", "…cd") == (cut("abcd", 3), cut_front("abcd", 3))


def test_padding_counts_columns() -> None:
    assert ("日 ", "  a") == (pad("日", 3), pad("a", 3, right=True))


def test_without_colour_a_text_stays_as_it_is() -> None:
    assert "x" == paint("x", "red", colour=False)
    assert "\x1b[31mx\x1b[0m" == paint("x", "red", colour=True)
    assert "" == paint("", "red", colour=True)
