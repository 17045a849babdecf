"""A change that saves bytes and makes the application slow to start is undone, and the ledger says why."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fake_sandbox import Clock, FakeSandbox, Page, Port, Program, site
from scripted_engine import ScriptedEngine, _unpack
from scripted_run import DOC, JUNK, drive, recipe_for, use_rules

from jettison.contract import observe, pressure, readiness
from jettison.contract.files import read_contract, write_contract
from jettison.engine.model import RunOptions, Sandbox
from jettison.lighten import events
from jettison.report.ledger_text import ledger_table
from jettison.report.progress import describe

Patch = pytest.MonkeyPatch


@dataclass
class ServingEngine(ScriptedEngine):
    """Its application listens after `with_junk` seconds where its junk is there, else after one of `without`.

    Without its documentation it takes `undocumented` seconds more, and `watched` more where its files are watched.
    """

    clock: Clock = field(default_factory=Clock)
    with_junk: float = 1.0
    without: list[float] = field(default_factory=lambda: [5.0])
    undocumented: float = 0.0
    watched: float = 0.0

    def start(self, image_id: str, options: RunOptions) -> Sandbox:  # type: ignore[override]
        self.started.append(image_id)
        place = next(p for p in (self.directory / "images").iterdir() if (p / "id").read_text() == image_id)
        files = _unpack(place / "files")
        whole, bare = bool(files["/var/cache/junk"].data), not files["/usr/share/doc"].data
        slow = self.without.pop(0) if len(self.without) > 1 and not whole else self.without[0]
        after = (self.with_junk if whole else slow) + self.undocumented * bare + self.watched * options.watch
        port = Port(site({"/": Page("hello")}), after=after)
        return FakeSandbox(Program({8000: port}), options, self.clock)


@pytest.fixture
def serving(tmp_path: Path, monkeypatch: Patch) -> ServingEngine:
    engine = ServingEngine(tmp_path / "engine")
    monkeypatch.setattr(readiness, "time", engine.clock)
    monkeypatch.setattr(observe, "time", engine.clock)
    monkeypatch.setattr(pressure, "stalled_seconds", lambda: None)
    return engine


def test_a_change_that_makes_the_start_slow_is_undone(
    project: Path, serving: ServingEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, JUNK, DOC)
    driven = drive(serving, recipe_for(project))
    assert [("junk", "no-gain", ""), ("doc", "kept", "v1")] == driven.fates
    step = driven.end.steps[0]
    told = "starts in 5.0 s, was 1.0 s (medians of 3 starts each, in turn), and 2.0 s more are allowed"
    assert (told, 50000) == (step.reason, step.measured)
    assert step.weight is not None
    assert pytest.approx(5.0, abs=0.1) == step.weight.start_seconds
    assert "v1 was slow to start: it and v0 are started 3 times more, in turn" in [
        event.text for event in driven.events if isinstance(event, events.Note)
    ]
    assert told in " ".join(ledger_table(driven.end, width=100, colour=False).split())
    done = [describe(event) for event in driven.events if isinstance(event, events.Done)]
    assert done[0].endswith(told)
    assert [] == [path.name for path in driven.run.directory.iterdir() if path.name == "v2"]


def test_a_machine_that_is_too_busy_proves_nothing_and_the_row_says_so(
    project: Path, serving: ServingEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, JUNK)
    monkeypatch.setattr(pressure, "stalled_seconds", time.monotonic)  # something waits all the time
    driven = drive(serving, recipe_for(project))
    assert [("junk", "kept", "v1")] == driven.fates
    assert driven.end.steps[0].reason.endswith("measured on a machine too busy for that to prove anything")


def test_what_came_with_the_changes_before_is_told_beside_the_start_that_passes_the_bound(
    project: Path, serving: ServingEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, JUNK, DOC)
    serving.without, serving.undocumented = [2.5], 1.5
    driven = drive(serving, recipe_for(project))
    assert [("junk", "kept", "v1"), ("doc", "no-gain", "")] == driven.fates
    assert "starts in 4.0 s, was 1.0 s " in driven.end.steps[1].reason
    assert driven.end.steps[1].reason.endswith(" more are allowed; v1, which it changes, started in 2.5 s")


def test_a_change_that_was_slow_once_is_kept(project: Path, serving: ServingEngine, monkeypatch: Patch) -> None:
    use_rules(monkeypatch, JUNK)
    serving.without = [9.0, 1.1]
    driven = drive(serving, recipe_for(project))
    assert [("junk", "kept", "v1")] == driven.fates
    v0, v1 = serving.started[0], serving.started[2]
    assert [v0, v0, v1, v0, v1] == serving.started[:5]  # recorded twice, replayed, compared once


def test_seconds_of_a_given_contract_are_measured_here_in_a_start_that_nobody_watches(
    tmp_path: Path, project: Path, serving: ServingEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, JUNK)
    file = tmp_path / "contract.json"
    contract = drive(serving, recipe_for(project)).end.contract
    assert contract is not None
    write_contract(contract, file)
    file.write_text(json.dumps(json.loads(file.read_text()) | {"start_seconds": 77.0}))  # of a slower machine
    serving.watched = 3.0
    driven = drive(serving, recipe_for(project, contract=read_contract(file)))
    assert pytest.approx(1.0, abs=0.1) == driven.end.before.start_seconds
    assert [("junk", "no-gain", "")] == driven.fates
