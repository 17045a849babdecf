"""Runs by their directories: one at a time on a project, swept when dead, listed, taken up by name."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from scripted_engine import ScriptedEngine
from scripted_run import DOC, JUNK, TEXT, drive, make_project, recipe_for, use_rules

from jettison.core.errors import DiskError, EngineError, UsageError
from jettison.engine.find import ENGINES
from jettison.lighten.bench import Bench
from jettison.lighten.history import past_runs
from jettison.lighten.journal import Journal
from jettison.lighten.plan import plan
from jettison.lighten.run import all_runs, find_interrupted, is_alive, open_run, sweep_dead_runs

Patch = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def rules(monkeypatch: Patch) -> None:
    use_rules(monkeypatch, JUNK, DOC)


def test_two_runs_on_one_project_are_refused(project: Path) -> None:
    with open_run(project), pytest.raises(DiskError, match=rf"another jettison works on {project}") as error:
        open_run(project).__enter__()
    assert (3, "wait until it has finished, or stop it") == (error.value.exit_code, error.value.hint)


def test_two_runs_on_two_projects_do_not_meet(tmp_path: Path, project: Path) -> None:
    with open_run(project) as one, open_run(make_project(tmp_path / "other")) as other:
        assert (True, True, True) == (one.id != other.id, is_alive(one), is_alive(other))
    assert (False, False) == (is_alive(one), is_alive(other))


def test_a_state_directory_that_cannot_be_used_is_not_called_another_run(project: Path, state: Path) -> None:
    (state / "projects").mkdir(parents=True)
    state.chmod(0o700)
    (state / "projects").chmod(0o700)
    with open_run(project):
        pass
    lock = next((state / "projects").iterdir())
    lock.unlink()
    lock.mkdir()
    with pytest.raises(DiskError) as error:
        open_run(project).__enter__()
    assert "another jettison" not in error.value.message


def test_what_a_dead_run_left_is_swept_and_nothing_else(tmp_path: Path, project: Path, engine: ScriptedEngine) -> None:
    dead = drive(engine, recipe_for(project), stop_after=8).run
    other = make_project(tmp_path / "other")
    foreign = engine.directory / "images" / "localhost+theirs@1"
    foreign.mkdir(parents=True)
    left = [name for name in engine.images() if name.startswith(dead.tag(""))]
    with open_run(other) as living:
        Journal(living.directory / "journal").write("run", project=str(other), started=1.0)
        kept = engine._place(living.tag("v0"))
        kept.mkdir()
        assert (True, tuple(left)) == (bool(left), sweep_dead_runs(engine))
        assert [living.tag("v0"), "localhost/theirs:1"] == engine.images()
    assert (living.tag("v0"),) == sweep_dead_runs(engine)
    assert () == sweep_dead_runs(engine)


def test_what_a_run_with_another_engine_left_is_swept_by_that_engine(
    tmp_path: Path, project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    drive(engine, recipe_for(project), stop_after=8)
    left = tuple(engine.images())
    other = ScriptedEngine(tmp_path / "elsewhere", name="other")
    assert ((), left) == (sweep_dead_runs(other), tuple(engine.images()))  # it cannot be used now: the run waits

    def gone() -> ScriptedEngine:
        raise EngineError("its daemon does not run")

    monkeypatch.setitem(ENGINES, "scripted", gone)
    assert ((), left) == (sweep_dead_runs(other), tuple(engine.images()))
    monkeypatch.setitem(ENGINES, "scripted", lambda: engine)
    assert (left, []) == (sweep_dead_runs(other), engine.images())
    assert () == sweep_dead_runs(other)


def test_what_a_killed_plan_with_another_engine_left_is_swept_by_that_engine(
    tmp_path: Path, project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    with open_run(project) as run:
        list(zip(range(2), plan(Bench(recipe_for(project), engine, run), TEXT), strict=False))
    left, other = tuple(engine.images()), ScriptedEngine(tmp_path / "elsewhere", name="other")
    assert (1, ()) == (len(left), sweep_dead_runs(other))
    monkeypatch.setitem(ENGINES, "scripted", lambda: engine)
    assert (left, []) == (sweep_dead_runs(other), engine.images())


def test_engines_of_one_store_sweep_for_each_other(project: Path, engine: ScriptedEngine) -> None:
    engine.name = "podman"
    drive(engine, recipe_for(project), stop_after=8)
    engine.name = "buildah"
    assert (True, []) == (bool(sweep_dead_runs(engine)), engine.images())


def test_the_run_that_is_taken_up_again_keeps_its_images(project: Path, engine: ScriptedEngine) -> None:
    dead = drive(engine, recipe_for(project), stop_after=16).run
    before = engine.images()
    with open_run(project, resume=dead) as run:
        assert ((), before) == (sweep_dead_runs(engine, keep=run), engine.images())


def test_a_run_taken_up_after_it_was_swept_is_swept_again(project: Path, engine: ScriptedEngine) -> None:
    dead = drive(engine, recipe_for(project), stop_after=16).run
    sweep_dead_runs(engine)
    drive(engine, recipe_for(project), resume=dead, stop_after=10)
    assert (True, True, []) == (bool(engine.images()), bool(sweep_dead_runs(engine)), engine.images())


def test_images_that_were_to_be_kept_are_not_swept(project: Path, engine: ScriptedEngine) -> None:
    drive(engine, recipe_for(project, keep_images=True))
    before = engine.images()
    assert ((), before, 3) == (sweep_dead_runs(engine), engine.images(), len(before))


def test_an_interrupted_run_keeps_them_too(project: Path, engine: ScriptedEngine) -> None:
    drive(engine, recipe_for(project, keep_images=True), stop_after=16)
    before = engine.images()
    assert ((), before, True) == (sweep_dead_runs(engine), engine.images(), bool(before))


def test_a_killed_process_lets_go_of_its_run(project: Path, state: Path) -> None:
    source = Path(__file__).parents[2] / "src"
    code = (
        "import sys, time; from pathlib import Path; from jettison.lighten.run import open_run\n"
        f"with open_run(Path({str(project)!r})) as run:\n  print(run.id, flush=True); time.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": str(source), "JETTISON_STATE": str(state)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        child.stdout.readline()
        with pytest.raises(DiskError, match=f"held by process {child.pid}"):
            open_run(project).__enter__()
        child.kill()
        child.wait()
    with open_run(project) as run:
        assert run.directory.is_dir()


def test_past_runs_are_listed_newest_first(tmp_path: Path, project: Path, engine: ScriptedEngine) -> None:
    finished = drive(engine, recipe_for(project))
    interrupted = drive(engine, recipe_for(project), stop_after=16)
    other = make_project(tmp_path / "other", application="need /nothing\n")
    with pytest.raises(Exception, match="ends with 1"):
        drive(engine, recipe_for(other))
    with open_run(project) as living:
        Journal(living.directory / "journal").write("run", project=str(project), started=time.time())
        runs = past_runs()
    assert ["running", "refused", "interrupted", "finished"] == [run.state for run in runs]
    assert [(living.id, None, None, 0), (interrupted.run.id, 83052, 33052, 1), (finished.run.id, 83052, 13052, 2)] == [
        (run.id, run.before, run.after, run.kept) for run in runs if run.project == str(project)
    ]


def test_a_run_that_was_refused_and_taken_up_again_is_not_called_refused(project: Path, engine: ScriptedEngine) -> None:
    run = drive(engine, recipe_for(project), stop_after=16).run
    Journal(run.directory / "journal").write("failed", reason="the engine died")
    assert ["refused"] == [each.state for each in past_runs()]
    drive(engine, recipe_for(project), resume=run, stop_after=8)
    assert ["interrupted"] == [each.state for each in past_runs()]
    drive(engine, recipe_for(project), resume=run)
    assert ["finished"] == [each.state for each in past_runs()]


def test_resume_takes_the_last_run_that_did_not_finish(tmp_path: Path, project: Path, engine: ScriptedEngine) -> None:
    one = drive(engine, recipe_for(project), stop_after=8).run
    two = drive(engine, recipe_for(project), stop_after=8).run
    finished = drive(engine, recipe_for(project)).run
    drive(engine, recipe_for(make_project(tmp_path / "other")), stop_after=8)
    assert (two, one) == (find_interrupted(project, None), find_interrupted(project, one.id))
    with pytest.raises(UsageError, match=f"run {finished.id} has finished"):
        find_interrupted(project, finished.id)
    with pytest.raises(UsageError, match=r"no interrupted run of .* is called nothing"):
        find_interrupted(project, "nothing")
    with open_run(project, resume=one), pytest.raises(UsageError, match="is still running"):
        find_interrupted(project, one.id)
    with pytest.raises(UsageError, match="is a file or directory") as error:
        find_interrupted(project, str(project))
    assert f"write `jettison optimize {project} --resume`" == error.value.hint


def test_a_plan_builds_once_and_leaves_nothing(project: Path, engine: ScriptedEngine) -> None:
    with open_run(project) as run:
        loop = plan(Bench(recipe_for(project), engine, run), TEXT)
        while True:
            try:
                next(loop)
            except StopIteration as end:
                made = end.value
                break
    assert ["junk", "doc"] == [each.finding.rule for each in made.tried]
    assert [10.0, 4.0] == [each.expected_seconds for each in made.tried]
    assert (1, [], [], [run]) == (len(engine.requests), engine.images(), past_runs(), all_runs())
    with pytest.raises(UsageError, match="no interrupted run"):
        find_interrupted(project, None)
