"""Every rule's page, executed: each bad is caught, fix(bad) is good byte for byte, each good is left alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from layer_listing import subject_of

from jettison.core.values import Applicability
from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import parse
from jettison.rule import Finding, Rule, all_rules
from jettison.rules import advise

_FENCE = re.compile(r"^```(dockerfile|layers) (bad|good)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def examples() -> list[tuple[Rule, str, str, str]]:
    found = []
    for rule in all_rules():
        fences = [(kind, side, body) for kind, side, body in _FENCE.findall(rule.page)]
        if "layers" not in {kind for kind, _, _ in fences}:
            continue
        for bad, layers, good in zip(fences[::3], fences[1::3], fences[2::3], strict=True):
            assert [f"{k} {s}" for k, s, _ in (bad, layers, good)] == [
                "dockerfile bad",
                "layers bad",
                "dockerfile good",
            ]
            found.append((rule, bad[2], layers[2], good[2]))
    return found


def text_examples() -> list[tuple[Rule, str, str]]:
    """Those of pages that show no layers: the text alone tells."""
    found = []
    for rule in all_rules():
        fences = [(f"{kind} {side}", body) for kind, side, body in _FENCE.findall(rule.page)]
        if "layers bad" in dict(fences):
            continue
        for bad, good in zip(fences[::2], fences[1::2], strict=True):
            assert ["dockerfile bad", "dockerfile good"] == [bad[0], good[0]]
            found.append((rule, bad[1], good[1]))
    return found


EXAMPLES = examples()
TEXT_EXAMPLES = text_examples()
IDS = [f"{rule.name}-{number}" for number, (rule, *_) in enumerate(EXAMPLES)]


def findings(rule: Rule, text: str, layers: str) -> list[Finding]:
    return list(rule.check(subject_of(text, layers)))


def test_every_rule_has_an_example_or_names_the_file_that_tests_it() -> None:
    for rule in all_rules():
        named = re.search(r"\(tests/rules/(test_\w+\.py)\)", rule.page)
        has_example = rule.name in {each.name for each, *_ in [*EXAMPLES, *TEXT_EXAMPLES]}
        assert has_example != bool(named), rule.name
        if named:
            assert rule.name in (Path(__file__).parent / named[1]).read_text()


def test_every_rule_file_holds_a_rule_of_its_name() -> None:
    import jettison.rules

    files = {path.stem.replace("_", "-") for path in Path(jettison.rules.__file__).parent.glob("*.py")} - {"--init--"}
    assert files == {rule.name for rule in all_rules()}


@pytest.mark.parametrize(("rule", "bad", "layers", "good"), EXAMPLES, ids=IDS)
def test_the_bad_example_is_caught_and_fixed_byte_for_byte(rule: Rule, bad: str, layers: str, good: str) -> None:
    (finding,) = findings(rule, bad, layers)
    assert finding.fix is not None, finding.refusal
    assert good == apply(bad, finding.fix.edits)
    assert finding.predicted > 1_000_000
    assert rule.name == finding.rule
    parse(good)


@pytest.mark.parametrize(("rule", "bad", "layers", "good"), EXAMPLES, ids=IDS)
def test_lines_that_the_fix_does_not_need_stay_byte_identical(rule: Rule, bad: str, layers: str, good: str) -> None:
    crlf = bad.replace("\n", "\r\n")
    (finding,) = findings(rule, crlf, layers)
    assert finding.fix is not None
    assert good.replace("\n", "\r\n") == apply(crlf, finding.fix.edits)


@pytest.mark.parametrize(("rule", "bad", "layers", "good"), EXAMPLES, ids=IDS)
def test_with_no_bytes_in_the_layers_nothing_is_found(rule: Rule, bad: str, layers: str, good: str) -> None:
    for text in (bad, good):
        assert findings(rule, text, "") == []


@pytest.mark.parametrize(("rule", "bad", "layers", "good"), EXAMPLES, ids=IDS)
def test_no_fix_is_offered_when_the_stage_does_not_ship(rule: Rule, bad: str, layers: str, good: str) -> None:
    staged = bad.replace("FROM", "FROM", 1) + "FROM scratch\nCOPY --from=0 /x /x\n"
    assert [f for f in findings(rule, staged, "") if f.predicted] == []


@pytest.mark.parametrize(("rule", "bad", "good"), TEXT_EXAMPLES, ids=[each.name for each, *_ in TEXT_EXAMPLES])
def test_what_the_text_alone_tells_is_caught_and_fixed(rule: Rule, bad: str, good: str) -> None:
    (finding,) = findings(rule, bad, "")
    assert (rule.name, 0) == (finding.rule, finding.predicted)
    assert [] == findings(rule, good, "")
    assert bool(finding.fix) != bool(finding.refusal)
    if finding.fix is not None:
        assert good == apply(bad, finding.fix.edits)
        crlf = bad.replace("\n", "\r\n")
        (same,) = findings(rule, crlf, "")
        assert same.fix is not None
        assert good.replace("\n", "\r\n") == apply(crlf, same.fix.edits)
    parse(good)


def test_advice_is_sorted_by_bytes_and_deterministic() -> None:
    _, bad, layers, _ = next(each for each in EXAMPLES if each[0].name == "deleted-in-a-later-layer")
    subject = subject_of(bad, layers)
    found = advise(subject)
    assert list(found) == sorted(found, key=lambda each: -each.predicted)
    assert found == advise(subject_of(bad, layers)) or [f.rule for f in found] == [f.rule for f in advise(subject)]
    assert {Applicability.LOSSLESS, Applicability.TESTED} >= {f.fix.applicability for f in found if f.fix}


def test_every_rule_has_a_code_of_its_own_that_stays() -> None:
    codes = [rule.code for rule in all_rules()]
    assert sorted(set(codes)) == sorted(codes)
    assert [code for code in codes if re.fullmatch(r"JT[1-9]\d\d", code)] == codes
