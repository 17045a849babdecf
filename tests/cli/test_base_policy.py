"""`--base`: which other bases the rules may consider."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted_run import optimize, use_rules

from jettison.rule import Finding, Rule
from jettison.subject import Subject

pytestmark = pytest.mark.usefixtures("engine")


@pytest.mark.parametrize(
    ("flags", "policy"), [((), "same-libc"), (("--base", "keep"), "keep"), (("--base", "smallest"), "smallest")]
)
def test_the_policy_reaches_the_rules(
    project: Path, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], policy: str
) -> None:
    seen: set[str] = set()

    def looks(subject: Subject) -> Iterator[Finding]:
        seen.add(subject.policy)
        yield from ()

    use_rules(monkeypatch, Rule("looks", "JT000", "", looks))
    assert 0 == optimize(project, *flags)
    assert {policy} == seen


def test_an_unknown_policy_is_wrong_use(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == optimize(project, "--base", "tiny")
    assert "same-libc" in capsys.readouterr().err
