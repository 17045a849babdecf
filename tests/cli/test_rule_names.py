"""The values of --select and --ignore."""

from __future__ import annotations

import pytest

from jettison.core.errors import UsageError
from jettison.review.settings import rules_named


def test_several_rules_may_stand_in_one_value() -> None:
    expected = frozenset({"apt-cache-left-behind", "runs-as-root", "npm-cache-left-behind"})
    assert expected == rules_named(("apt-cache-left-behind, runs-as-root", "npm-cache-left-behind,"))


def test_each_of_them_has_to_exist() -> None:
    with pytest.raises(UsageError, match="no rule called run-as-root") as caught:
        rules_named(("apt-cache-left-behind,run-as-root",))
    assert "did you mean runs-as-root?" == caught.value.hint


def test_a_code_is_as_good_as_a_name() -> None:
    assert frozenset({"apt-lists-left-behind"}) == rules_named(("jt103",))
