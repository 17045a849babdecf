"""What each rule's fix saves: a small project with its smell, built, fixed by that rule alone, and built again.

docs/evidence.md tells how to measure anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase

import measured_rule
import pytest
from example import bases, environment
from measured_rule import Expected, Tried, copy_of, expected, fixed_again, measurement, recorded
from results import error

pytestmark = [pytest.mark.real, pytest.mark.engine]
EXPECTED = expected()
APART = 0.10  # of what was saved, or 1 MB: packages and package lists grow from day to day
WRONG = 0.10  # of what was saved, or of 1 MB: how far a prediction may be off


@pytest.fixture(scope="module", params=sorted(EXPECTED))
def rule(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def wish(rule: str) -> Expected:
    return EXPECTED[rule]


@pytest.fixture(scope="module")
def failed_before(rule: str, request: pytest.FixtureRequest) -> int:
    return request.session.testsfailed


@pytest.fixture(scope="module")
def tried(rule: str, wish: Expected, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    folder = tmp_path_factory.mktemp("measured")
    project = copy_of(rule, folder)
    told = {**environment(*bases(project / "Dockerfile"), *wish.bases), "JETTISON_STATE": str(folder / "state")}
    with pytest.MonkeyPatch.context() as patch:
        for key, value in told.items():
            patch.setenv(key, value)
        with measured_rule.tried(rule, project) as found:
            yield found


def test_the_rule_speaks_and_its_fix_saves_bytes(tried: Tried, failed_before: int) -> None:
    assert tried.fixed, [each.refusal for each in tried.again]
    assert tried.before.weight.sizes.unpacked - tried.after.weight.sizes.unpacked > tried.noise


def test_what_was_saved_is_what_was_predicted(tried: Tried) -> None:
    found = measurement(tried)
    if found.predicted is not None:
        assert error({"predicted": found.predicted, "measured": found.saved}) <= WRONG


def test_the_fixed_is_left_as_it_is(tried: Tried) -> None:
    assert [] == fixed_again(tried)


def test_the_tree_is_the_old_one_but_for_what_the_fix_names(tried: Tried, wish: Expected) -> None:
    paths = sorted({path for path, _ in tried.differences})
    assert [] == [path for path in paths if matches(path, wish.equal)]
    assert wish.equal or wish.differs is not None
    if wish.differs is not None:
        assert [] == [path for path in paths if not matches(path, wish.differs)]
        assert [] == [each for each in wish.differs if not any(matches(path, [each]) for path in paths)]


def test_the_config_is_the_old_one_but_for_what_the_fix_declares(tried: Tried, wish: Expected) -> None:
    declared = {key for each in tried.fixed if each.fix is not None for key in each.fix.declares}
    assert sorted(wish.config) == sorted(set(tried.config) - declared)


def test_what_is_printed_of_it_was_measured(
    tried: Tried, rule: str, failed_before: int, request: pytest.FixtureRequest
) -> None:
    """The last of a rule: what a test above refuses is not written."""
    found = measurement(tried)
    if os.environ.get("JETTISON_EVIDENCE"):
        assert failed_before == request.session.testsfailed
        measured_rule.write(rule, found)
    known = recorded().measured[rule]
    assert (known.base, known.fix) == (found.base, found.fix)
    assert abs(known.saved - found.saved) <= max(1_000_000, APART * known.saved)


def matches(path: str, patterns: list[str] | tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, each) for each in patterns)
