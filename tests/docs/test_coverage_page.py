"""docs/coverage.md and docs/coverage-peers.md: no line is missing, and what a line names is there."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

import jettison
from jettison.cli.main import COMMANDS
from jettison.review.codes import BUILDKIT, HADOLINT
from jettison.rule import all_rules

ROOT = Path(__file__).parents[2]
PACKAGE = Path(jettison.__file__).parent
PAGE = (ROOT / "docs" / "coverage.md").read_text()
ROWS = [tuple(cell.strip() for cell in line.split(" |")[:-1]) for line in PAGE.split("\n")
        if re.match(r"\| [PTXBWR]\d+ \|", line)]  # fmt: skip
PEERS = (ROOT / "docs" / "coverage-peers.md").read_text()
POINTS, MISTAKES, CHANGES, BUILD_CHECKS = 95, 20, 51, 22
NAMED = re.compile(r'(rule|trap|module|contract|command|test|page) `([^`]+)`|refusal "([^"]+)"')
RULES = {rule.name: rule for rule in all_rules()}
REPAIRS = 32  # of docker-parfum
SHORTEST_REASON = 30  # characters
EVERYWHERE = {"check", "optimize", "both", "any image", "any project"}


def cells(row: tuple[str, ...]) -> tuple[str, str, str, str, str]:
    number, what, by, where, how = row
    return number.removeprefix("| "), *(each.removeprefix("| ").removeprefix("|") for each in (what, by, where, how))


TABLE = [cells(row) for row in ROWS]
OF_PEERS = [cells(tuple(cell.strip() for cell in line.split(" |")[:-1])) for line in PEERS.split("\n")
            if re.match(r"\| (?!no |---)\S+ \|", line)]  # fmt: skip
EVERY = [*TABLE, *OF_PEERS]


def named() -> list[tuple[str, str, str]]:
    """(row, kind, name) of everything that the column "by" names."""
    return [
        (number, match[1] or "refusal", match[2] or match[3])
        for number, _, by, _, _ in EVERY
        for match in NAMED.finditer(by)
    ]


@cache
def sentences() -> str:
    """Every text that stands in the sources, the fixed parts of f-strings among them."""
    return "\n".join(text for path in sorted(PACKAGE.rglob("*.py")) for text in texts(ast.parse(path.read_text())))


def texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@cache
def contract_kinds() -> frozenset[str]:
    sources = "".join(path.read_text() for path in (PACKAGE / "contract").glob("*.py"))
    return frozenset(re.findall(r'Check\(\s*"(\w+)"', sources))


def test_every_point_mistake_and_change_has_a_row_of_its_own() -> None:
    words, beyond = (sum(number.startswith(letter) for number, *_ in TABLE) for letter in "WR")
    counts = (("P", POINTS), ("T", MISTAKES), ("X", CHANGES), ("B", BUILD_CHECKS), ("W", words), ("R", beyond))
    assert [f"{letter}{at + 1}" for letter, count in counts for at in range(count)] == [row[0] for row in TABLE]


def test_the_build_checks_are_those_whose_names_are_read_and_have_the_rules_that_stand_for_them() -> None:
    rows = {
        what.lower(): set(re.findall(r"rule `([^`]+)`", by)) for number, what, by, *_ in TABLE if number.startswith("B")
    }
    assert {name: set(rules) for name, rules in BUILDKIT.items()} == rows


def test_every_row_names_something_or_says_why_not() -> None:
    strange = [number for number, _, by, _, _ in EVERY if by != "not" and NAMED.sub("", by).strip(", ")]
    assert [] == strange
    assert [] == [number for number, _, by, _, _ in EVERY if by != "not" and not NAMED.search(by)]
    assert [] == [number for number, what, _, _, _ in EVERY if not what]


def test_what_is_not_there_has_a_reason() -> None:
    assert [] == [number for number, _, by, _, how in EVERY if by == "not" and len(how) < SHORTEST_REASON]


def test_what_is_there_says_where() -> None:
    assert [] == [number for number, _, by, where, _ in EVERY if by != "not" and where not in EVERYWHERE]
    assert [] == [number for number, _, by, where, _ in EVERY if by == "not" and where]


def test_what_check_is_said_to_see_some_rule_sees_in_text() -> None:
    blind = [
        number
        for number, _, by, where, _ in EVERY
        if where in ("check", "both") and (rules := re.findall(r"rule `([^`]+)`", by))
        and all(RULES[name].text is None for name in rules)
    ]  # fmt: skip
    assert [] == blind


def test_what_only_optimize_sees_is_said_to_be_there_alone() -> None:
    wrong = [
        (number, name)
        for number, _, by, where, _ in EVERY
        for name in re.findall(r"rule `([^`]+)`", by)
        if RULES[name].text is None and where == "check"
    ]
    assert [] == wrong


def test_every_rule_is_in_a_row() -> None:
    assert set() == set(RULES) - {name for _, kind, name in named() if kind == "rule"}


def test_every_trap_is_in_a_row() -> None:
    modules = {path.stem for path in (PACKAGE / "traps").glob("*.py")} - {"__init__"}
    assert modules == {name for _, kind, name in named() if kind == "trap"}


def numbers(pattern: str, section: str) -> list[str]:
    """The first cells of a section of the page about other linters."""
    part = PEERS.partition(f"## {section}\n")[2].partition("\n## ")[0]
    return re.findall(rf"^\| (?!no )({pattern}) \|", part, re.MULTILINE)


def test_every_check_of_a_peer_has_one_row() -> None:
    assert {"DS-0003", "DS-0018", "DS-0028"} == {f"DS-{at:04}" for at in range(1, 33)} - set(
        numbers(r"DS-\d+", "Trivy")
    )
    assert [f"CIS-DI-{at:04}" for at in range(1, 12)] == numbers(r"CIS-DI-\d+", "dockle")
    assert [f"DKL-DI-{at:04}" for at in range(1, 7)] == numbers(r"DKL-DI-\d+", "dockle")
    assert [f"DKL-LI-{at:04}" for at in range(1, 4)] == numbers(r"DKL-LI-\d+", "dockle")
    assert REPAIRS == len(set(numbers(r"\w+", "docker-parfum"))) == len(numbers(r"\w+", "docker-parfum"))
    assert sorted(set(numbers(r"DL\d+", "hadolint"))) == numbers(r"DL\d+", "hadolint")


def test_a_comment_that_allows_a_number_allows_the_rules_of_its_row() -> None:
    rows = {number: set(re.findall(r"rule `([^`]+)`", by)) for number, what, by, _, _ in OF_PEERS if what[:3] != "as "}
    theirs = {number: rules for number, rules in rows.items() if number.startswith("DL")}
    assert theirs == {number: set(HADOLINT.get(number, ())) for number in theirs}


def test_every_change_with_a_detector_has_a_test() -> None:
    rows = [(number, by) for number, _, by, _, _ in TABLE if number.startswith("X") and by != "not"]
    assert [] == [number for number, by in rows if "test `" not in by and "contract `" not in by and "rule `" not in by
                  and number != "X12"]  # fmt: skip
    assert [] == [number for number, by in rows if "trap `" in by and "test `" not in by]


@pytest.mark.parametrize(("number", "kind", "name"), named())
def test_what_a_row_names_is_there(number: str, kind: str, name: str) -> None:
    match kind:
        case "rule":
            assert name in RULES
        case "trap":
            assert callable(importlib.import_module(f"jettison.traps.{name}").found)
        case "module":
            assert (PACKAGE / name).is_file()
        case "test":
            assert "def test_" in (ROOT / name).read_text()
        case "page":
            assert (ROOT / "docs" / name).is_file()
        case "contract":
            assert name in contract_kinds()
        case "refusal":
            assert name in sentences()
        case "command":
            check_command(name.split())


def check_command(words: list[str]) -> None:
    """That a command is there, each of its words one of its own commands or options."""
    assert "jettison" == words[0]
    assert words[1] in COMMANDS
    command: click.Command = importlib.import_module(f"jettison.cli.{words[1]}").command
    for word in words[2:]:
        if word.startswith("-"):
            assert word in {option for parameter in command.params for option in parameter.opts}
        else:
            assert isinstance(command, click.Group)
            command = command.commands[word]
