"""`jettison explain`: rules found by name, by code, and by what other linters call them."""

from __future__ import annotations

import re

import pytest

from jettison.cli.main import main
from jettison.report.rule_page import for_people, listing
from jettison.rule import FAMILIES, all_rules

Capture = pytest.CaptureFixture[str]


def test_every_rule_is_in_the_list_once_below_the_words_of_its_family(capsys: Capture) -> None:
    assert 0 == main(["explain"])
    parts = capsys.readouterr().out.rstrip("\n").split("\n\n")
    assert list(FAMILIES.values()) == [part.splitlines()[0] for part in parts]
    found = [(digit, line.split()[:2]) for digit, part in zip(FAMILIES, parts, strict=True)
             for line in part.splitlines()[1:]]  # fmt: skip
    assert sorted((each.code[2], [each.code, each.name]) for each in all_rules()) == sorted(found)


def test_on_a_narrow_terminal_what_a_rule_is_about_stands_below_its_name() -> None:
    lines = listing(all_rules(), 80).splitlines()
    assert [] == [line for line in lines if len(line) > 80]
    at = lines.index("  JT103  apt-lists-left-behind")
    assert "         The package lists that `apt-get update` fetched stay in the layer." == lines[at + 1]
    assert listing(all_rules()) == listing(all_rules(), 400)


def test_on_a_narrow_terminal_a_page_is_filled_anew_but_for_what_is_fenced() -> None:
    for rule in all_rules():
        page, narrow = for_people(rule), for_people(rule, 60)
        assert page.split() == narrow.split()
        fences = re.findall(r"```.*?```", page, re.DOTALL)
        assert fences == re.findall(r"```.*?```", narrow, re.DOTALL)
        prose = re.sub(r"```.*?```", "", narrow, flags=re.DOTALL)
        assert [] == [line for line in prose.splitlines() if len(line) > 60 and " " in line]
        assert page.count("\n\n") == narrow.count("\n\n")


@pytest.mark.parametrize("name", ["apt-lists-left-behind", "JT103", "jt103", "DL3009"])
def test_a_rule_is_found_by_name_by_code_and_by_the_number_of_hadolint(capsys: Capture, name: str) -> None:
    assert 0 == main(["explain", name])
    assert capsys.readouterr().out.startswith("apt-lists-left-behind (JT103)\n\nThe package lists that ")


def test_several_are_printed_in_the_order_of_their_names(capsys: Capture) -> None:
    assert 0 == main(["explain", "runs-as-root", "JT103"])
    out = capsys.readouterr().out
    assert 0 <= out.index("apt-lists-left-behind (JT103)") < out.index("\n\n\nruns-as-root (JT")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("apt-list-left-behind", "hint: did you mean apt-lists-left-behind?"),
        ("DL9999", "no rule sees what DL9999 is about"),
        ("x", "there is no rule called x"),
    ],
)
def test_what_is_no_rule_is_wrong_use(capsys: Capture, name: str, told: str) -> None:
    assert 2 == main(["explain", name])
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", ",", " "])
def test_a_name_that_is_empty_is_wrong_use(capsys: Capture, name: str) -> None:
    assert 2 == main(["explain", name])
    assert "jettison: no rule is named\nhint: `jettison explain` lists the rules\n" == capsys.readouterr().err
