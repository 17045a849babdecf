"""What would be tried, before anything is."""

from __future__ import annotations

import pytest
from made_up_ledger import V0

from jettison.core.values import Applicability
from jettison.lighten.choose import Candidate
from jettison.lighten.plan import Plan
from jettison.report.layout import columns
from jettison.report.plan_text import plan_text
from jettison.rule import Finding, Fix


def finding(rule: str, message: str, predicted: int, title: str = "") -> Finding:
    fix = Fix(title, Applicability.TESTED) if title else None
    return Finding(rule, message, None, predicted, fix)


LISTS = finding("apt-lists-left-behind", "line 3 leaves apt's lists", 40_000_000, "remove apt's lists")
NPM = finding("npm-cache-left-behind", "line 5 leaves npm's cache", 12_500_000, "remove npm's cache")
PIP = finding("pip-cache-left-behind", "line 7 leaves pip's \x1b[2Jcache", 900)
PLAN = Plan(V0, (Candidate(LISTS, "", 30.0), Candidate(NPM, "", 12.5)), ((PIP, "not worth a build"),), 7_150_000)


def test_the_plan_reads_as_it_was_drawn() -> None:
    expected = """\
v0 weighs 1.43 GB unpacked, built in 17.2 s cold.

Would be tried, in this order:
     40.0 MB  remove apt's lists (tested): line 3 leaves apt's lists
              [apt-lists-left-behind]; about 30.0 s to build
     12.5 MB  remove npm's cache (tested): line 5 leaves npm's cache
              [npm-cache-left-behind]; about 12.5 s to build

Together at most 52.5 MB, about 42.5 s of builds; each is then built, weighed
and checked before it is kept.

Left out:
       900 B  pip-cache-left-behind: line 7 leaves pip's \\e[2Jcache; not worth a
              build
"""
    assert expected == plan_text(PLAN, width=80)


def test_seconds_that_are_not_known_are_not_told() -> None:
    text = plan_text(Plan(V0, (Candidate(LISTS, "", None), Candidate(NPM, "", 12.5)), (), 1), width=200)
    assert "about 12.5 s to build" in text
    assert "Together at most 52.5 MB; each is then built" in text


def test_two_ways_to_the_same_bytes_are_not_told_as_if_both_were_saved() -> None:
    other = finding("apt-lists-left-behind", "line 3 leaves apt's lists", 1_500_000_000, "merge")
    text = " ".join(
        plan_text(Plan(V0, (Candidate(LISTS, "", 1.0), Candidate(other, "", 1.0)), (), 1), width=80).split()
    )
    assert "Together at most 1.43 GB (of several ways to the same bytes each is counted), about 2.0 s of" in text
    assert " At most 40.0 MB, about 1.0 s of" in plan_text(
        Plan(V0, (Candidate(LISTS, "", 1.0),), (), 1), width=80
    ).replace("\n", " ")


def test_nothing_worth_a_build_says_from_what_on() -> None:
    text = plan_text(Plan(V0, (), (), 7_150_000), width=80)
    assert "Nothing is worth a build: a change must be predicted to save 7.2 MB." in " ".join(text.split())


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_every_line_of_the_plan_fits(width: int) -> None:
    assert [] == [line for line in plan_text(PLAN, width=width).splitlines() if columns(line) > width]
