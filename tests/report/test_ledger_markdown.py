"""The ledger for a pull request."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from made_up_ledger import BROKE, DIFF, LEDGER, UNCHANGED

from jettison.report.ledger_markdown import ledger_markdown

GOLDEN = Path(__file__).parent / "ledger.md"


def test_the_page_reads_as_it_was_written() -> None:
    assert GOLDEN.read_text() == ledger_markdown(LEDGER)


@given(st.text(max_size=100))
def test_no_text_adds_a_column_a_line_or_a_tag(text: str) -> None:
    hostile = replace(BROKE, title=text, reason=text, rules=(text,))
    page = ledger_markdown(replace(LEDGER, steps=(hostile,), notes=(text,), diff="", project="/p"))
    rows = [line for line in page.split("\n") if line.startswith("|")]
    assert [9] * 4 == [row.count("|") for row in rows]
    assert {"<br>"} == set(re.findall(r"<[^>]*>?", page))
    assert ledger_markdown(replace(LEDGER, steps=(BROKE,), notes=("x",), diff="")).count("\n") == page.count("\n")


def test_a_diff_cannot_close_its_fence() -> None:
    page = ledger_markdown(replace(LEDGER, diff=DIFF + "+````\n+<b>\n"))
    assert 2 == len(re.findall(r"^`{5}(?:diff)?$", page, re.MULTILINE))


def test_without_a_change_there_is_no_diff() -> None:
    assert "```" not in ledger_markdown(UNCHANGED)
