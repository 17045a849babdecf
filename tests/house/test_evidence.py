"""Every rule about bytes has been measured, or says why not."""

from __future__ import annotations

import re

import pytest
from measured_rule import FILE, PROJECTS, SOURCES, document, expected

from jettison.evidence import Evidence, Measured, evidence, read_evidence
from jettison.report.rule_page import for_people, shown
from jettison.rule import Rule, all_rules

KNOWN = evidence()
ABOUT_BYTES = {rule.name for rule in all_rules() if re.match("JT[1-5]", rule.code)}
RULES = {rule.name: rule for rule in all_rules()}


def test_every_rule_about_bytes_is_measured_or_says_why_not() -> None:
    """docs/evidence.md tells how to measure one, and where a reason stands."""
    assert [] == sorted(ABOUT_BYTES - set(KNOWN.measured) - set(KNOWN.reasons))


def test_nothing_is_known_of_rules_that_are_not_there_and_nothing_twice() -> None:
    assert [] == sorted((set(KNOWN.measured) | set(KNOWN.reasons)) - set(RULES))
    assert [] == sorted(set(KNOWN.measured) & set(KNOWN.reasons))


def test_what_was_measured_can_be_measured_again() -> None:
    folders = {path.name for path in PROJECTS.iterdir() if path.is_dir() and path != SOURCES}
    assert sorted(folders) == sorted(expected())
    assert sorted(folders) == sorted(KNOWN.measured)


def test_the_file_is_as_it_is_written() -> None:
    assert document(KNOWN) == FILE.read_text("utf-8")


def test_what_was_measured_saves_more_than_two_builds_differ_by() -> None:
    assert [] == [name for name, found in KNOWN.measured.items() if found.saved <= found.noise]


def test_every_reason_is_a_sentence() -> None:
    assert [] == [why for why in KNOWN.reasons.values() if not re.fullmatch(r"[^.]{20,}\.( .*\.)?", why)]


MEASURED = Measured(
    before=106_597_379,
    after=86_743_759,
    predicted=19_853_620,
    noise=30,
    fix='remove "lists"',
    base="debian:bookworm-slim",
    stand_in=True,
    engine="buildah 1.28.2",
    date="2026-11-21",
    commit="35c1040",
)


def test_what_is_written_is_read_back_the_same() -> None:
    silent = Measured(**{**vars(MEASURED), "predicted": None, "stand_in": False, "fix": "tab\tand é"})
    known = Evidence({"a-rule": MEASURED, "b-rule": silent}, {"c-rule": 'because "it" is so.'})
    assert known == read_evidence(document(known))


def test_a_measurement_that_lacks_something_is_no_measurement() -> None:
    with pytest.raises(TypeError, match="commit"):
        read_evidence("[a-rule]\nbefore = 2\nafter = 1\n")


def test_a_page_ends_with_what_was_measured() -> None:
    told = (
        "On 2026-11-21, a project upon debian:bookworm-slim, a stand-in for the published image: 106.6 MB before the "
        'fix, 86.7 MB with it alone: 19.9 MB saved. The fix there: remove "lists". Predicted before it was built: '
        "19.9 MB saved. Two builds of the original differ by 30 B. (buildah 1.28.2, commit 35c1040)"
    )
    assert told == shown(MEASURED)


@pytest.mark.parametrize(
    ("after", "told"), [(106_597_378, "1 B saved"), (106_597_379, "nothing saved"), (107_597_379, "a loss of 1.0 MB")]
)
def test_an_image_that_grew_is_a_loss(after: int, told: str) -> None:
    assert f" with it alone: {told}. " in shown(Measured(**{**vars(MEASURED), "after": after}))


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_the_page_of_a_rule_tells_its_evidence_once(rule: Rule) -> None:
    page = " ".join(for_people(rule).split())
    assert (rule.name in KNOWN.measured) == (page.endswith(f" **Measured.** {told_of(rule)}"))
    assert (rule.name in KNOWN.reasons) == (page.endswith(f" **Not measured.** {KNOWN.reasons.get(rule.name)}"))
    assert 1 >= page.count("easured.** ")


def told_of(rule: Rule) -> str:
    return shown(KNOWN.measured[rule.name]) if rule.name in KNOWN.measured else "nothing"
