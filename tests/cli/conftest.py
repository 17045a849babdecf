"""`jettison optimize` called as the command line calls it, with the scripted engine, in a state of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripted_engine import ScriptedEngine
from scripted_run import DOC, JUNK, make_project, use_rules


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "app")


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    """The engine that every command finds; two rules that keep."""
    monkeypatch.setenv("JETTISON_STATE", str(tmp_path / "state"))
    scripted = ScriptedEngine(tmp_path / "engine")
    monkeypatch.setattr("jettison.cli.optimize.find_engine", lambda name: scripted)
    use_rules(monkeypatch, JUNK, DOC)
    return scripted
