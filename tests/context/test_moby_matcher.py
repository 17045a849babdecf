"""Our reading of ignore files against BuildKit's own code: 3,000 files, one tree; moby_oracle/README.md tells how."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from jettison.context.ignore import Ignore
from jettison.core.errors import UsageError

TABLE: dict[str, Any] = json.loads(Path(__file__).with_name("moby_answers.json").read_text())
TREE: list[str] = TABLE["tree"]
NEVER_ASKED = "a pattern that the builder could not compile, and never had to: nothing before it left anything to it"


def theirs(digits: str) -> set[str] | str:
    """What BuildKit leaves out, or "refused"; a hexadecimal digit stands for four paths, the first the lowest bit."""
    if digits == "refused":
        return digits
    return {path for number, path in enumerate(TREE) if int(digits[number // 4], 16) >> number % 4 & 1}


def ours(text: str) -> set[str] | str:
    try:
        ignore = Ignore.parse(text)
    except UsageError:
        return "refused"
    return "refused" if ignore.problems else {path for path in TREE if ignore.excludes(path)}


def reason(text: str, found: set[str] | str) -> str:
    """Why BuildKit builds where we tell of a pattern that it cannot compile; empty where that explains nothing."""
    try:
        ignore = Ignore.parse(text)
    except UsageError:
        return ""
    same = found == {path for path in TREE if ignore.excludes(path)}
    return NEVER_ASKED if ignore.problems and same else ""


def test_our_matcher_and_buildkits_differ_only_in_patterns_that_are_never_asked() -> None:
    differ = [text for text, digits in TABLE["answers"] if ours(text) != theirs(digits)]
    expected = dict.fromkeys(differ, NEVER_ASKED)
    answers = {text: theirs(digits) for text, digits in TABLE["answers"]}
    assert expected == {text: reason(text, answers[text]) for text in differ}
    assert 15 == len(differ)


def test_the_table_is_large_and_says_who_made_it() -> None:
    pairs = len(TABLE["answers"]) * len(TREE)
    some = [
        digits for _, digits in TABLE["answers"] if digits != "refused" and theirs(digits) not in (set(), set(TREE))
    ]
    assert (True, True) == (pairs > 200_000, len(some) > 900)
    assert re.search(r"patternmatcher v0\.6\.1, .*fsutil v0\.0\.0-20260819142231-83cac42c1c52, go1\.", TABLE["made_by"])


def test_the_table_has_every_kind_of_line() -> None:
    texts = [text for text, _ in TABLE["answers"]]
    for kind in (r"^!", r"\*\*", r"^/", r"^#", r"^[ \t]", r"/\.\./|^\.\./", r"/$", r"\\[*\[#!]", r"\[[^\]]+\]",
                 r"readme\.md", "\u00e9", "\udcff", "^\ufeff", r"\r$", "\u00a0", r"\{a,b\}", r"a\|b"):  # fmt: skip
        assert 15 <= sum(re.search(kind, text, re.MULTILINE) is not None for text in texts), kind


def test_blanks_go_before_and_after_the_slashes_do() -> None:
    """What the table found: a blank behind the leading slash, behind `!./`, before a slash that `.` gave way to."""
    assert not Ignore.parse("/\u00a0nb\n").excludes("\u00a0nb")
    assert Ignore.parse("/\u00a0nb\n").excludes("nb")
    assert Ignore.parse("*\n!./ a\n").excludes("a")
    assert not Ignore.parse("*\n!./ a\n").excludes(" a")
    assert not Ignore.parse("./ /a\n").excludes("a")
