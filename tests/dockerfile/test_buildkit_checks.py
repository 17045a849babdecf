"""What BuildKit's own build checks warn of, as it said itself, and what the rules say that stand for them."""

from __future__ import annotations

from typing import Any

import pytest
from dockerfile_corpus import answers, checks

from jettison.review.codes import BUILDKIT
from jettison.review.look import look
from jettison.review.model import Settings, Source

pytestmark = pytest.mark.usefixtures("on_the_machine_of_the_answers")
CHECKS = answers("checks")["answers"]
# where a rule is silent on purpose, or speaks besides; the test fails where a case agrees after all
OTHERWISE = {
    "shell-form-with-exec": "exec gives the program the shell's place, and nothing is lost",
    "from-default-invalid-given": "the argument was given",
    "from-without-default-given": "the argument was given",
    "undefined-with-default": "the word says what it is where nothing defines it",
    "undefined-of-the-base": "a base image may define it",
    "constant-platform-not-shipped": "a stage that does not ship may compile for another",
    "secret-env-empty": "an empty value and a switch are no secret",
    "secret-path": "a path is no secret",
    "skipped-in-another-case": "names of checks are read in any case",
}


def theirs(answer: dict[str, Any]) -> set[tuple[tuple[str, ...], int]]:
    """The rules that stand for what BuildKit warns of, each with its line."""
    warned = answer["said"]["build"].get("checks", [])
    return {placed(rules, each["line"]) for each in warned if (rules := BUILDKIT[each["name"].lower()])}


def placed(rules: tuple[str, ...], line: int) -> tuple[tuple[str, ...], int]:
    """Of empty lines BuildKit tells where the instruction goes on, and we where it begins."""
    return rules, 0 if rules == ("empty-line-continued",) else line


def ours(answer: dict[str, Any]) -> set[tuple[tuple[str, ...], int]]:
    """What our rules say of the same text, in the same shape."""
    asked = answer["asked"]
    source = Source("-", None, None, data=asked["text"].encode(), build_args=asked.get("build_args", {}))
    stand_for = {name: rules for rules in BUILDKIT.values() for name in rules}
    found = look(source, Settings()).remarks
    return {placed(stand_for[each.rule], each.where.line) for each in found if each.rule in stand_for}


def test_every_case_has_an_answer_and_every_answer_its_case() -> None:
    assert checks() == {name: answer["asked"] for name, answer in CHECKS.items()}
    assert set() == set(OTHERWISE) - set(CHECKS)


def test_the_answers_are_of_every_check_that_text_alone_decides() -> None:
    warned = {each["name"].lower() for one in CHECKS.values() for each in one["said"]["build"].get("checks", [])}
    # the first needs a context, the second an image, the third is an experiment
    assert set(BUILDKIT) - {"copyignoredfile", "invalidbaseimageplatform", "invaliddefinitiondescription"} == warned


@pytest.mark.parametrize("name", CHECKS)
def test_rules_say_what_build_checks_say_unless_listed(name: str) -> None:
    if name in OTHERWISE:
        assert theirs(CHECKS[name]) != ours(CHECKS[name]), "this disagreement is listed, and gone"
    else:
        assert theirs(CHECKS[name]) == ours(CHECKS[name])
