"""Which change is tried next, how long its build would take, and what is told apart from what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from scripted_run import recipe_for

from jettison.align import Alignment
from jettison.core.values import Applicability, Span
from jettison.dockerfile.model import Dockerfile, Edit
from jettison.dockerfile.parse import parse
from jettison.image.model import HistoryRow
from jettison.lighten.choose import candidates, carry_seconds, instruction_seconds, limited, permitted, wanted
from jettison.lighten.recipe import Recipe
from jettison.rule import Finding, Fix

TEXT = "FROM base\nENV A=1\nRUN one\nRUN two\nRUN three\n"
LOSSLESS, TESTED, PROPOSED = Applicability


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    return recipe_for(tmp_path)


def finding(
    dockerfile: Dockerfile, old: str, new: str, predicted: int = 5000, how: Applicability = TESTED, rule: str = "r"
) -> Finding:
    at = dockerfile.text.index(old)
    return Finding(rule, "m", None, predicted, Fix("t", how, (Edit(Span(at, at + len(old)), new),)))


def aligned(dockerfile: Dockerfile, *created: str) -> Alignment:
    rows = [HistoryRow("", False, "", each) for each in created]
    return Alignment(True, 0, matched=tuple(zip(dockerfile.instructions[1:], rows, strict=True)))


def at(second: float) -> str:
    return f"2024-01-01T00:00:{second:09.6f}789Z"


def test_seconds_are_differences_of_created_and_the_first_has_what_is_left() -> None:
    alignment = aligned(parse(TEXT), at(4), at(5.5), at(5.5), at(30))
    assert {"A=1": 4.0, "one": 1.5, "two": 0.0, "three": 24.5} == instruction_seconds(alignment, 30.0)


def test_a_row_older_than_the_one_before_took_no_time() -> None:
    assert {"A=1": 8.0, "one": 0.0, "two": 0.0, "three": 2.0} == instruction_seconds(
        aligned(parse(TEXT), at(9), at(3), at(3), at(5)), 10.0
    )


@pytest.mark.parametrize("created", ["", "yesterday", "2024-01-01T00:00:00"])
def test_rows_without_a_time_tell_nothing(created: str) -> None:
    assert {} == instruction_seconds(aligned(parse(TEXT), at(1), created, at(3), at(4)), 10.0)
    assert {} == instruction_seconds(Alignment(False, 0), 10.0)


def test_the_seconds_of_what_vanished_go_to_what_is_new() -> None:
    seconds = {"A=1": 1.0, "one": 2.0, "two": 4.0, "three": 8.0}
    merged = parse("FROM base\nENV A=1\nRUN one && two\nRUN three\n")
    assert {"A=1": 1.0, "three": 8.0, "one && two": 6.0} == carry_seconds(seconds, merged)
    assert seconds == carry_seconds(seconds, parse(TEXT))
    assert {"A=1": 1.0} == carry_seconds(seconds, parse("FROM base\nENV A=1\n"))


def test_everything_from_the_first_edit_on_is_built_again(recipe: Recipe) -> None:
    dockerfile = parse(TEXT)
    seconds = {"A=1": 1.0, "one": 2.0, "two": 4.0, "three": 8.0}
    found = candidates([finding(dockerfile, "two", "2")], dockerfile, recipe, 1, seconds)
    assert [12.0] == [each.expected_seconds for each in found]
    unknown = candidates([finding(dockerfile, "two", "2")], dockerfile, recipe, 1, {})
    assert [None] == [each.expected_seconds for each in unknown]


def test_the_most_bytes_come_first_and_under_a_budget_the_most_for_each_second(recipe: Recipe) -> None:
    dockerfile = parse(TEXT)
    seconds = {"one": 60.0, "two": 1.0, "three": 9.0}
    late, early = finding(dockerfile, "three", "3", 5000), finding(dockerfile, "one", "1", 30000)
    hurried = replace(recipe, budget_seconds=600.0)
    for told, expected in ((recipe, [early, late]), (hurried, [late, early])):
        assert expected == [e.finding for e in candidates([early, late], dockerfile, told, 1, seconds)]
    assert [early, late] == [e.finding for e in candidates([early, late], dockerfile, hurried, 1, {})]


def test_what_is_not_worth_a_build_or_has_no_fix_is_left_out(recipe: Recipe) -> None:
    dockerfile = parse(TEXT)
    small = finding(dockerfile, "one", "1", 999)
    assert [] == candidates([small, Finding("r", "m", None, 5000)], dockerfile, recipe, 1000, {})


def test_the_key_of_a_change_survives_other_changes(recipe: Recipe) -> None:
    first, second = parse(TEXT), parse("# new\n" + TEXT.replace("three", "3"))
    keys = [candidates([finding(d, "two", "2")], d, recipe, 1, {})[0].key for d in (first, second)]
    assert keys[0] == keys[1]
    longer = parse(TEXT.replace("two", "two && more"))
    others = [
        candidates([finding(d, old, new, rule=rule)], d, recipe, 1, {})[0].key
        for d, old, new, rule in (
            (first, "two", "zwei", "r"),
            (first, "two", "2", "other"),
            (first, " one", " --x one", "r"),
            (longer, "two", "2", "r"),
        )
    ]
    assert 5 == len({keys[0], *others})


def test_one_flag_put_into_two_lines_are_two_changes(recipe: Recipe) -> None:
    dockerfile = parse(TEXT)
    places = [dockerfile.text.index("RUN one") + 3, dockerfile.text.index("RUN two") + 3]
    findings = [Finding("r", "m", None, 5000, Fix("t", TESTED, (Edit(Span(p, p), " --x"),))) for p in places]
    assert 2 == len({each.key for each in candidates(findings, dockerfile, recipe, 1, {})})


@pytest.mark.parametrize(
    ("allow", "select", "expected"),
    [
        (LOSSLESS, [], [True, False, False]),
        (LOSSLESS, ["r"], [True, False, False]),
        (TESTED, [], [True, True, False]),
        (TESTED, ["other"], [True, True, False]),
        (TESTED, ["r"], [True, True, True]),
        (PROPOSED, [], [True, True, True]),
    ],
)
def test_allow_is_the_limit_and_naming_a_rule_lets_its_proposals_in(
    tmp_path: Path, allow: Applicability, select: list[str], expected: list[bool]
) -> None:
    recipe = recipe_for(tmp_path, allow=allow, select=frozenset(select))
    assert expected == [permitted(each, "r", recipe) for each in Applicability]


def test_without_a_contract_only_lossless_is_allowed(tmp_path: Path) -> None:
    recipe = recipe_for(tmp_path, allow=PROPOSED, select=frozenset({"r"}))
    assert [True, False, False] == [permitted(each, "r", limited(recipe, None)) for each in Applicability]


def test_select_and_ignore(tmp_path: Path) -> None:
    both = recipe_for(tmp_path, select=frozenset({"a", "b"}), ignore=frozenset({"b"}))
    assert [True, False, False] == [wanted(rule, both) for rule in "abc"]
    assert [True, False] == [wanted(rule, recipe_for(tmp_path, ignore=frozenset({"b"}))) for rule in "ab"]
