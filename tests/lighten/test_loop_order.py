"""Changes that wait for others: a cache is looked at behind the stage of its own, as long as there may be one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from scripted_engine import ScriptedEngine
from scripted_run import DOC, JUNK, NEEDED, drive, recipe_for, use_rules

from jettison.rule import Rule

Patch = pytest.MonkeyPatch


def waiting(rule: Rule, after: str) -> Rule:
    """The same rule with findings that come behind those of another."""
    return replace(rule, check=lambda subject: (replace(each, after=after) for each in rule.check(subject)), text=None)


def test_a_change_that_waits_comes_behind_a_smaller_one(project: Path, engine: ScriptedEngine, monkeypatch: Patch):
    use_rules(monkeypatch, waiting(JUNK, "doc"), DOC)
    driven = drive(engine, recipe_for(project))
    assert [("doc", "kept", "v1"), ("junk", "kept", "v2")] == driven.fates


def test_it_waits_no_longer_for_what_was_undone_or_is_not_there(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
):
    use_rules(monkeypatch, waiting(JUNK, "needed"), NEEDED, waiting(DOC, "nobody"))
    driven = drive(engine, recipe_for(project))
    fates = {rule: verdict for rule, verdict, _ in driven.fates}
    assert {"junk": "kept", "needed": "broke-contract", "doc": "kept"} == fates
    names = [rule for rule, *_ in driven.fates]
    assert names.index("needed") < names.index("junk")
