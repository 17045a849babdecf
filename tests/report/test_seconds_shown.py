"""Seconds after a source change in every face: beside the bytes, never among them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_up_ledger import KEPT, LEDGER, V0, V1, step

from jettison.core.values import Applicability
from jettison.lighten import events
from jettison.lighten.choose import Candidate
from jettison.lighten.ledger import Ledger, Proposal, Rebuild, Step, Verdict
from jettison.lighten.plan import Plan
from jettison.report.html_bars import shares, step_bar
from jettison.report.ledger_text import ledger_table
from jettison.report.plan_text import plan_text
from jettison.report.progress import describe
from jettison.report.words import undone
from jettison.rule import Finding, Fix

LATE = step(
    "late",
    "install first",
    Verdict.KEPT_CACHE,
    version="v2",
    predicted=-9_000,
    measured=-9_000,
    weight=replace(V1, sizes=replace(V1.sizes, unpacked=V1.sizes.unpacked + 9_000)),
    predicted_seconds=19.2,
    rebuild=Rebuild("src/app.ts", 21.3, 2.1),
)
assert LATE.weight is not None
BOTH = replace(LEDGER, steps=(KEPT, LATE), after=LATE.weight, verification=None)
WORDS = "after a source change (src/app.ts): 21.3 s → 2.1 s; 19.2 s less predicted"


def test_a_kept_step_tells_its_seconds_below_its_bytes() -> None:
    lines = ledger_table(BOTH, width=120, colour=False).splitlines()
    row = next(number for number, line in enumerate(lines) if "kept-cache" in line)
    assert "-9.0 kB" in lines[row]
    assert WORDS in lines[row + 2]
    assert "do not balance" not in "\n".join(lines)


@pytest.mark.parametrize(
    ("fate", "reason", "expected"),
    [
        (Verdict.KEPT_CACHE, "", WORDS),
        (Verdict.NO_GAIN, "too few", f"undone: {WORDS}; too few"),
        (Verdict.BROKE_CONTRACT, "GET /: 500", f"undone: {WORDS}; GET /: 500"),
    ],
)
def test_an_undone_step_tells_them_too(fate: Verdict, reason: str, expected: str) -> None:
    assert expected == undone(replace(LATE, verdict=fate, reason=reason))


def test_the_plan_tells_seconds_where_others_have_bytes() -> None:
    lossless = Fix("install first", Applicability.LOSSLESS)
    late = Finding("late", "it installs late", None, -9_000, lossless, probe="src/app.ts")
    proposal = Finding("moves", "it moves", None, 0, proposal="pin it")
    tried = (Candidate(late, "", 30.0, spared_seconds=19.2), Candidate(late, "", 30.0))
    text = plan_text(Plan(V0, tried, ((proposal, "pin it"),), 1), width=120)
    assert "      19.2 s  install first (lossless): it installs late [late]" in text
    assert "     seconds  install first" in text
    assert "Together at most 0 B (seconds are those of a build after a source change)" in " ".join(text.split())
    assert "              moves: it moves; pin it" in text


def test_progress_tells_what_is_predicted_and_what_came_of_it() -> None:
    event = events.Building("v2", "install first", "it is late", predicted=-9_000, number=3, predicted_seconds=19.2)
    assert describe(event).endswith("predicted 19.2 s less after a source change")
    assert f"v2    kept-cache: {WORDS}; grew by 9.0 kB, predicted -9.0 kB" == describe(events.Done(LATE, BOTH))


def test_bars_stay_whole_where_a_step_for_seconds_grew_a_little() -> None:
    text = shares(BOTH).text
    assert "v1" in text
    assert "9.0 kB more than before it" in step_bar(LATE, V0.sizes.unpacked).text


def test_a_step_that_grew_much_leaves_both_ends_alone() -> None:
    large: Step = replace(LATE, measured=-10_000_000)
    weight = replace(V1, sizes=replace(V1.sizes, unpacked=V1.sizes.unpacked + 10_000_000))
    grown: Ledger = replace(BOTH, steps=(KEPT, replace(large, weight=weight)), after=weight)
    assert ">v1<" not in shares(grown).text


def test_proposals_come_after_the_results_in_one_line_each() -> None:
    ledger = replace(
        BOTH, proposals=(Proposal("moves", 1, "it moves: pin it", "take x"), Proposal("root", 0, "it is root"))
    )
    lines = ledger_table(ledger, width=120, colour=False).splitlines()
    (at,) = (number for number, line in enumerate(lines) if line.startswith("  propose"))
    assert "  propose  it moves: pin it; --select moves does it: take x [moves]" == lines[at]
    assert "           it is root [root]" == lines[at + 1]
    assert at > max(number for number, line in enumerate(lines) if "kept" in line)
