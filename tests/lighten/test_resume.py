"""An interrupted run taken up again ends as if nothing had happened, wherever it was stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from scripted_engine import ScriptedEngine
from scripted_run import DOC, JUNK, TEXT, comparable, drive, make_project, recipe_for, replacing, texts_of, use_rules

from jettison.contract.model import RecordOptions
from jettison.core.errors import ContractError, EngineError, Interrupted, UsageError
from jettison.documents.ledger import balance
from jettison.lighten.events import Note, Recording, Resumed
from jettison.lighten.history import past_runs
from jettison.lighten.journal import Journal
from jettison.lighten.ledger import Ledger
from jettison.lighten.run import Run, find_interrupted, sweep_dead_runs
from jettison.rule import Finding, Rule
from jettison.subject import Subject

pytestmark = pytest.mark.slow

Patch = pytest.MonkeyPatch
TIMED = TEXT.replace("write /usr/share/doc 20000 && sleep 2", "write /usr/share/doc 20000 && sleep 60")
# bytes for each second: junk, then needed (it is undone), then doc; from the times of v1, half of it cached, doc were
# the better of these two
EARLY = replacing("needed", "RUN write /usr/lib/needed 3000", "RUN write /usr/lib/other 0", 25000)


@pytest.fixture(autouse=True)
def rules(monkeypatch: Patch) -> None:
    use_rules(monkeypatch, JUNK, DOC, EARLY)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "app", TIMED)


@pytest.fixture
def whole(tmp_path: Path, project: Path) -> Ledger:
    """What an uninterrupted run gives."""
    return comparable(drive(ScriptedEngine(tmp_path / "reference"), recipe_for(project)).end)


def check_end(whole: Ledger, resumed: Ledger) -> None:
    balance(resumed)
    assert whole == comparable(resumed)
    assert resumed.verification is not None
    assert (True, True) == (resumed.complete, resumed.verification.held)


def test_a_run_stopped_after_any_event_goes_on_to_the_same_end(tmp_path: Path, project: Path, whole: Ledger) -> None:
    for count in range(1, 1000):
        engine = ScriptedEngine(tmp_path / f"engine-{count}")
        first = drive(engine, recipe_for(project), stop_after=count)
        if first.ledger is not None:
            break
        again = drive(engine, recipe_for(project), resume=find_interrupted(project, None))
        assert first.run.id == again.run.id
        check_end(whole, again.end)
        assert ([], []) == (engine.images(), engine.nameless)
    assert count > 20


def test_what_broke_the_application_is_not_tried_in_other_words_after_it(
    tmp_path: Path, project: Path, monkeypatch: Patch
) -> None:
    def check(subject: Subject) -> Iterator[Finding]:
        worded = "RUN write /usr/lib/other 0" + " && write /usr/lib/other 0" * ("junk 50000" in subject.dockerfile.text)
        yield from replacing("needed", "RUN write /usr/lib/needed 3000", worded, 900_000).check(subject)

    use_rules(monkeypatch, Rule("needed", "JT000", "needed: a rule of a test.", check), JUNK)
    for count in (None, *range(1, 1000)):
        engine = ScriptedEngine(tmp_path / f"engine-{count}")
        driven = drive(engine, recipe_for(project), stop_after=count)
        stopped = driven.ledger is None
        if stopped:
            driven = drive(engine, recipe_for(project), resume=find_interrupted(project, None))
        assert [("needed", "broke-contract"), ("junk", "kept")] == [fate[:2] for fate in driven.fates]
        if count is not None and not stopped:
            break
    assert count is not None and count > 10


@pytest.mark.parametrize("images", ["kept", "swept"])
def test_a_run_stopped_within_any_build_or_start_goes_on_to_the_same_end(
    tmp_path: Path, project: Path, whole: Ledger, images: str
) -> None:
    for count in range(1000):
        engine = ScriptedEngine(tmp_path / f"engine-{count}")
        stop = _after(count, Interrupted(15))
        engine.before_build, engine.before_start = stop, stop
        first = drive(engine, recipe_for(project))
        if first.ledger is not None:
            break
        engine.before_build = engine.before_start = lambda asked: None
        if images == "swept":
            sweep_dead_runs(engine)
            assert [] == engine.images()
        check_end(whole, drive(engine, recipe_for(project), resume=find_interrupted(project, None)).end)
        assert ([], []) == (engine.images(), engine.nameless)
    assert count > 10


def _after(count: int, error: Exception) -> Callable[[object], None]:
    left = [count]

    def stop(asked: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise error

    return stop


def test_a_run_may_be_stopped_again_and_again(tmp_path: Path, project: Path, whole: Ledger) -> None:
    engine = ScriptedEngine(tmp_path / "engine")
    run: Run | None = None
    for _ in range(100):
        driven = drive(engine, recipe_for(project), resume=run, stop_after=9)
        run = driven.run
        if driven.ledger is not None:
            break
    check_end(whole, driven.end)


def test_the_best_so_far_is_told_before_anything_is_built_again(project: Path, engine: ScriptedEngine) -> None:
    first = drive(engine, recipe_for(project), stop_after=16)
    assert first.best is not None
    again = drive(engine, recipe_for(project), resume=first.run, stop_after=3)
    told = next(event for event in again.events if isinstance(event, Resumed))
    assert comparable(first.best) == comparable(told.ledger)
    assert (1, False) == (len(first.best.kept), told.ledger.complete)


def test_what_was_tried_is_not_built_again(project: Path, engine: ScriptedEngine) -> None:
    first = drive(engine, recipe_for(project), stop_after=16)
    before = len(engine.requests)
    drive(engine, recipe_for(project), resume=first.run)
    assert ["v2", "v2", "verification"] == texts_of(engine.requests[before:])


def test_a_journal_torn_at_any_byte_loses_only_what_was_not_whole(tmp_path: Path) -> None:
    journal, torn = Journal(tmp_path / "journal"), Journal(tmp_path / "torn")
    for number in range(4):
        journal.write("step", number=number, text="FROM scratch\nLABEL a=\u2028\x0b\r\n")
    data, records = journal.path.read_bytes(), list(journal.records())
    for at in range(len(data) + 1):
        torn.path.write_bytes(data[:at])
        whole = list(torn.records())
        assert records[: len(whole)] == whole
        assert data[:at].count(b"}") == len(whole)
        torn.write("end")
        assert [*whole, {"kind": "end"}] == list(torn.records())


def test_a_run_with_a_torn_journal_goes_on_or_says_that_it_cannot(tmp_path: Path, project: Path, whole: Ledger) -> None:
    engine = ScriptedEngine(tmp_path / "engine")
    run = drive(engine, recipe_for(project), stop_after=22).run
    journal = run.directory / "journal"
    data = journal.read_bytes()
    ends = [at for at, byte in enumerate(data) if byte == 0x0A]
    for at in [0, 1, *(place for end in ends[::2] for place in (end - 7, end))]:
        journal.write_bytes(data[:at])
        past_runs()
        if at < ends[0]:
            with pytest.raises(UsageError, match="no interrupted run"):
                find_interrupted(project, None)
            continue
        found = find_interrupted(project, None)
        check_end(whole, drive(engine, recipe_for(project), resume=found).end)


@pytest.mark.parametrize(
    "line", [b"null\n", b"[1]\n", b'{"kind": "step"}\n', b'{"kind": "step", "step": {}}\n', b"{\n"]
)
def test_a_journal_that_is_not_ours_never_crashes(project: Path, engine: ScriptedEngine, line: bytes) -> None:
    run = drive(engine, recipe_for(project), stop_after=16).run
    with (run.directory / "journal").open("ab") as stream:
        stream.write(line)
    past_runs()
    if b"step" in line:
        with pytest.raises(UsageError, match="the journal of that run cannot be used"):
            drive(engine, recipe_for(project), resume=run)
    else:
        assert drive(engine, recipe_for(project), resume=run).end.complete


def test_a_dockerfile_that_has_changed_is_not_resumed(project: Path, engine: ScriptedEngine) -> None:
    run = drive(engine, recipe_for(project), stop_after=16).run
    (project / "Dockerfile").write_text(TEXT + "USER 1\n")
    with pytest.raises(UsageError, match="the Dockerfile has changed since that run") as error:
        drive(engine, recipe_for(project), resume=run)
    assert ("start anew, without --resume", 2) == (error.value.hint, error.value.exit_code)


@pytest.mark.parametrize(
    "more", [{"target": "0"}, {"build_args": {"A": "1"}}, {"record": RecordOptions({"B": "2"})}], ids=str
)
def test_other_flags_than_then_are_refused(project: Path, engine: ScriptedEngine, more: dict[str, object]) -> None:
    run = drive(engine, recipe_for(project), stop_after=16).run
    with pytest.raises(UsageError, match="was started with another --target"):
        drive(engine, recipe_for(project, **more), resume=run)


def test_another_engine_than_then_is_refused(tmp_path: Path, project: Path, engine: ScriptedEngine) -> None:
    run = drive(engine, recipe_for(project), stop_after=16).run
    with pytest.raises(UsageError, match="that run used the engine scripted") as error:
        drive(ScriptedEngine(tmp_path / "other", name="other"), recipe_for(project), resume=run)
    assert "give --engine scripted, or start anew, without --resume" == error.value.hint
    assert (True, None) == (engine.image_exists(run.tag("v0")), Journal(run.directory / "journal").last("failed"))


def test_sources_that_have_changed_are_told(project: Path, engine: ScriptedEngine) -> None:
    run = drive(engine, recipe_for(project), stop_after=16).run
    (project / "another").write_text("new")
    driven = drive(engine, recipe_for(project), resume=run)
    told = [event.text for event in driven.events if isinstance(event, Note)]
    assert 1 == sum("changed since the run was interrupted" in text for text in told)
    assert any("changed since the run was interrupted" in note for note in driven.end.notes)


def test_an_engine_that_died_leaves_a_run_that_can_go_on(tmp_path: Path, project: Path, whole: Ledger) -> None:
    engine = ScriptedEngine(tmp_path / "engine")
    engine.before_build = _after(4, EngineError("the engine was killed", hint="run again"))
    with pytest.raises(EngineError):
        drive(engine, recipe_for(project))
    assert [] == engine.images()
    engine.before_build = lambda asked: None
    check_end(whole, drive(engine, recipe_for(project), resume=find_interrupted(project, None)).end)


def test_a_given_contract_that_was_not_yet_held_against_the_original_is_before_anything_goes_on(
    project: Path, engine: ScriptedEngine
) -> None:
    recorded = drive(engine, recipe_for(project)).end.contract
    assert recorded is not None
    wrong = replace(recorded, checks=(replace(recorded.checks[0], expected={"never": "so"}), *recorded.checks[1:]))
    recipe = recipe_for(project, contract=wrong)
    count = next(at for at in range(1, 99) if isinstance(drive(engine, recipe, stop_after=at).events[-1], Recording))
    stopped = drive(engine, recipe, stop_after=count)
    with pytest.raises(ContractError, match="the original does not hold the contract"):
        drive(engine, recipe, resume=stopped.run)


def test_a_given_contract_keeps_the_seconds_that_were_measured_here(project: Path, engine: ScriptedEngine) -> None:
    recorded = drive(engine, recipe_for(project)).end.contract
    assert recorded is not None
    recipe = recipe_for(project, contract=replace(recorded, start_seconds=77.0))
    stopped = drive(engine, recipe, stop_after=12)
    again = drive(engine, recipe, resume=stopped.run).end.contract
    assert again is not None
    assert again.start_seconds is None  # its program ends here, and there is no start to be timed
