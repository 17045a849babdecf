"""What the original was seen to do while its contract was recorded: for advice, beside the contract."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fake_sandbox import Clock, FakeEngine, Page, Program, site
from handmade_tree import Files, image

from jettison.contract.model import RecordOptions
from jettison.contract.observe import Target
from jettison.contract.record import record
from jettison.contract.replay import replay
from jettison.engine.model import Finished, Opened
from jettison.subject import Observed

FILES: Files = {"app/main.py": "x = 1\n"}
CONFIG: dict[str, Any] = {"WorkingDir": "/app", "Cmd": ["python", "main.py"], "ExposedPorts": {"8000/tcp": {}}}
SERVER = Program({8000: site({"/": Page("home")})})
WATCHED = Opened(frozenset({"/app/main.py", "/usr/bin/python3"}), frozenset({"/usr/bin/python3"}), whole=True)


def target(clock: Clock, *programs: Program, config: dict[str, Any] = CONFIG) -> tuple[FakeEngine, Target]:
    """The engine, and the image on it: one program a start."""
    engine = FakeEngine({"v0": programs}, clock)
    return engine, Target(engine, "v0", image(FILES, config=config))


def test_one_of_the_two_starts_is_watched_and_its_seconds_are_not_those_that_count(clock: Clock) -> None:
    engine, original = target(clock, replace(SERVER, opened=WATCHED))
    contract = record(original, RecordOptions())
    assert [False, True] == [each.options.watch for each in engine.sandboxes]
    assert Observed(WATCHED.executed, WATCHED.files, frozenset({8000}), "0", whole=True) == contract.observed


def test_what_a_check_opened_in_a_container_of_its_own_was_seen_as_well(clock: Clock) -> None:
    job = Program(stdout=b"done\n", ends=0, commands={"test -e /x": Finished(0, b"", b"")})
    started = replace(job, opened=Opened(frozenset({"/bin/job"})))
    _, original = target(clock, job, started, replace(job, opened=WATCHED), config={"Cmd": ["job"]})
    observed = record(original, RecordOptions(commands=("test -e /x",))).observed
    assert Observed(WATCHED.executed, WATCHED.files | {"/bin/job"}) == observed


@pytest.mark.parametrize(
    ("opened", "whole"),
    [(WATCHED, True), (Opened(frozenset({"/bin/job"})), False), (None, False)],
    ids=["all of it", "a part", "nobody looked"],
)
def test_it_is_whole_only_where_every_container_was_watched_without_a_gap(
    clock: Clock, opened: Opened | None, whole: bool
) -> None:
    job = Program(stdout=b"done\n", ends=0, commands={"test -e /x": Finished(0, b"", b"")})
    second = replace(job, opened=opened)
    _, original = target(clock, job, second, replace(job, opened=WATCHED), config={"Cmd": ["job"]})
    observed = record(original, RecordOptions(commands=("test -e /x",))).observed
    assert (whole, True) == (observed.whole, observed.opened >= WATCHED.files)


def test_what_is_opened_below_a_volume_may_be_missing(clock: Clock) -> None:
    _, original = target(clock, replace(SERVER, opened=WATCHED), config={**CONFIG, "Volumes": {"/data": {}}})
    observed = record(original, RecordOptions()).observed
    assert (WATCHED.files, False) == (observed.opened, observed.whole)


def test_an_engine_that_cannot_watch_leaves_the_files_unknown(clock: Clock) -> None:
    observed = record(target(clock, SERVER)[1], RecordOptions()).observed
    assert Observed(listened=frozenset({8000}), user="0") == observed


def test_a_replay_watches_where_it_is_told_to(clock: Clock) -> None:
    _, original = target(clock, replace(SERVER, opened=WATCHED))
    contract = record(original, RecordOptions())
    found = [replay(contract, original, watch=watch).observed.opened for watch in (False, True)]
    assert [frozenset(), WATCHED.files] == found
