"""What a rule's fix saves is measured as tests/real/test_rules_measured.py does it; here without an engine."""

from __future__ import annotations

from pathlib import Path

import measured_rule
import pytest
from scripted_engine import ScriptedEngine
from scripted_run import DOC, replacing, use_rules


def test_a_project_is_built_fixed_by_one_rule_alone_and_built_again(
    project: Path, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_rules(monkeypatch, replacing("junk", "write /var/cache/junk 50000", "write /var/cache/junk 0", 0), DOC)
    monkeypatch.setattr(measured_rule, "find_engine", lambda name: engine)
    with measured_rule.tried("junk", project) as found:
        saved = found.before.weight.sizes.unpacked - found.after.weight.sizes.unpacked
        assert (["junk"], (), 50000, 0) == ([each.rule for each in found.fixed], found.again, saved, found.noise)
        assert {"var/cache/junk"} == {path for path, _ in found.differences}
    assert [] == engine.images()
