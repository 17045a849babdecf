"""What one rule sees in a text, without an image; and the tests that every table of such cases is held to.

A table has, for each rule, texts with the number of its findings in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import parse
from jettison.rule import Finding, all_rules
from jettison.subject import Text

RULES = {rule.name: rule for rule in all_rules()}
BUILDER = "FROM debian:bookworm AS b\n{}\nFROM debian:bookworm\nCOPY --from=b /a /a"  # a stage that does not ship
NO_ARGS: Mapping[str, str] = {}
Cases = Mapping[str, Mapping[str, int]]


def whole(text: str) -> str:
    """The text, below `FROM debian` where it names no base."""
    return text if "FROM" in text else f"FROM debian:bookworm\n{text}\n"


def text_of(text: str, build_args: Mapping[str, str] = NO_ARGS) -> Text:
    """Such a text with nothing beside it, whose last stage ships."""
    dockerfile = parse(whole(text))
    return Text(dockerfile, Path("/nonexistent"), dockerfile.stages[-1], build_args)


def findings(name: str, text: str, build_args: Mapping[str, str] = NO_ARGS) -> list[Finding]:
    """What one rule sees in a text."""
    check = RULES[name].text
    assert check is not None
    return list(check(text_of(text, build_args)))


def each_case(cases: Cases) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The test for each (name, text, number) of a table."""
    flat = [(name, text, number) for name, texts in cases.items() for text, number in texts.items()]
    return pytest.mark.parametrize(("name", "text", "number"), flat)


def assert_told(name: str, text: str, number: int) -> None:
    """The rule finds so many, all of its own name, and each says what to do."""
    found = findings(name, text)
    assert number == len(found)
    assert {name} >= {each.rule for each in found}
    assert [] == [each for each in found if each.fix is None and not each.refusal and not each.proposal]


def assert_fixed(name: str, text: str) -> None:
    """What the fixes of a text write parses, and leaves nothing to fix."""
    edits = [edit for each in findings(name, text) if each.fix for edit in each.fix.edits]
    if edits:
        fixed = apply(whole(text), edits)
        assert [] == [each for each in findings(name, fixed) if each.fix]
        parse(fixed)
