"""Seconds after a source change: predicted, measured with one file changed, kept as kept-cache, in no sum of bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from scripted_engine import ScriptedEngine
from scripted_run import JUNK, Driven, comparable, drive, make_project, recipe_for, texts_of, use_rules

from jettison.core.values import Applicability
from jettison.documents.ledger import balance, ledger_to_json
from jettison.documents.schemas import schema
from jettison.engine.model import BuildRequest
from jettison.lighten.journal import Journal
from jettison.lighten.ledger import Rebuild, Step
from jettison.lighten.run import all_runs, find_interrupted
from jettison.report.ledger_html import ledger_html
from jettison.report.ledger_markdown import ledger_markdown
from jettison.report.ledger_text import ledger_table
from jettison.rule import Finding, Fix, Rule
from jettison.subject import Subject
from jettison.synthesis.merge import between

Patch = pytest.MonkeyPatch
INSTALL = "RUN write /usr/lib/modules 3000 && sleep 20\n"
COPY = "COPY . /app\n"
TEXT = f"""FROM scratch
{COPY}{INSTALL}RUN write /usr/lib/needed 3000 && sleep 3
RUN write /var/cache/junk 50000 && sleep 2
CMD ["/app/main"]
"""
PROBES = ("probe-before", "probe-before", "probe-after", "probe-after")  # as it is, then with a changed file
FILES = {"src/app.js": "application\n", "docs/a": "words\n", ".dockerignore": "node_modules\n", "node_modules/x": "x"}


def ordering(
    more: str = "", predicted: int = 0, changed: str = "src/app.js", claim: Applicability = Applicability.LOSSLESS
) -> Rule:
    """A rule for one test: an install behind the sources is put before them, and `more` behind those."""

    def check(subject: Subject) -> Iterator[Finding]:
        old = subject.dockerfile.text
        if COPY + INSTALL in old:
            run = next(each for each in subject.dockerfile.instructions if "sleep 20" in each.value)
            new = old.replace(COPY + INSTALL, INSTALL + COPY + more)
            fix = Fix("install first", claim, between(old, new))
            yield Finding("late", "each change installs", run, predicted, fix, probe=changed)

    return Rule("late", "JT000", "late: a rule of a test.", check)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = make_project(tmp_path / "app", TEXT)
    for name, text in FILES.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text)
    (made / "docs" / "link").symlink_to("../src/app.js")
    return made


def only(driven: Driven) -> Step:
    (step,) = driven.end.steps
    return step


def test_a_new_order_is_kept_by_its_seconds_and_counts_no_bytes(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, ordering())
    driven = drive(engine, recipe_for(project))
    step = only(driven)
    assert ("kept-cache", "v1", 0, 0) == (step.verdict.value, step.version, step.measured, step.predicted)
    assert (21.0, Rebuild("src/app.js", 29.0, 8.0)) == (step.predicted_seconds, step.rebuild)
    assert Applicability.LOSSLESS == step.applicability
    assert TEXT.replace(COPY + INSTALL, INSTALL + COPY) == driven.end.text_after
    balance(driven.end)
    assert driven.end.verification is not None
    assert driven.end.verification.held


def test_bytes_come_first_and_each_side_is_built_once_more_with_a_changed_file(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, ordering(), JUNK)
    driven = drive(engine, recipe_for(project))
    assert [("junk", "kept", "v1"), ("late", "kept-cache", "v2")] == driven.fates
    built = ["v0-again", "v0", "v1", "v2", *PROBES, "verification"]
    assert built == texts_of(engine.requests)
    probed = [each for each in engine.requests if each.context != project]
    assert ["probe-before", "probe-after"] == texts_of(probed)
    assert [50000, 0] == [step.measured for step in driven.end.kept]
    balance(driven.end)
    assert [] == engine.images()


def test_the_prediction_of_seconds_is_on_the_disk_before_its_build(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, ordering())
    seen = []

    def look(request: BuildRequest) -> None:
        journal = Journal(all_runs()[-1].directory / "journal")
        seen.append((request.tag.rpartition(":")[2], (journal.last("prediction") or {}).get("predicted_seconds")))

    engine.before_build = look
    drive(engine, recipe_for(project))
    assert ("v0", None) in seen
    assert ("v1", 21.0) in seen


def test_what_is_built_is_a_copy_that_shares_its_files_with_the_project_but_for_one(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, ordering())
    os.utime(project / "src" / "app.js", (1_000_000_000, 1_000_000_000))
    (project / "docs").chmod(0o750)
    os.utime(project / "docs", (1_100_000_000, 1_100_000_000))
    before = {path: path.lstat() for path in project.rglob("*")}
    seen: dict[str, Any] = {}

    def look(request: BuildRequest) -> None:
        if request.context != project:
            where = request.context
            seen["files"] = sorted(str(path.relative_to(where)) for path in where.rglob("*"))
            seen["shared"] = (where / "main").samefile(project / "main")
            seen["own"] = not (where / "src/app.js").samefile(project / "src/app.js")
            seen.setdefault("texts", set()).add((where / "src/app.js").read_text())
            seen["time"] = int((where / "docs").stat().st_mtime)
            seen["mode"] = (where / "docs").stat().st_mode & 0o777
            seen["link"] = str((where / "docs/link").readlink())

    engine.before_build = look
    driven = drive(engine, recipe_for(project))
    files = [".dockerignore", "Dockerfile", "docs", "docs/a", "docs/link", "main", "src", "src/app.js"]
    texts = seen.pop("texts")
    assert 2 == len(texts)
    assert ["application\n// "] * 2 == [text[:15] for text in texts]
    assert {
        "files": files,
        "shared": True,
        "own": True,
        "time": 1_100_000_000,
        "mode": 0o750,
        "link": "../src/app.js",
    } == seen
    told = ("st_ino", "st_mode", "st_size", "st_mtime_ns", "st_nlink")
    assert {path: [getattr(status, name) for name in told] for path, status in before.items()} == {
        path: [getattr(path.lstat(), name) for name in told] for path in project.rglob("*")
    }
    assert not (driven.run.directory / "probe").exists()
    assert "application\n" == (project / "src/app.js").read_text()


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (29.0, 9.0, ""),
        (9.5, 9.0, "saved 0.5 s after a source change; it is kept from 1.0 s on"),
        (29.0, 27.0, "saved 2.0 s after a source change; it is kept from 2.9 s on"),
        (29.0, 30.0, "saved nothing after a source change; it is kept from 2.9 s on"),
    ],
)
def test_too_few_seconds_are_no_gain(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch, before: float, after: float, reason: str
) -> None:
    use_rules(monkeypatch, ordering())
    build, told = engine.build, {"probe-before": before, "probe-after": after}

    def timed(request: BuildRequest, progress: object = None) -> object:
        built = build(request, None)
        seconds = told.get(request.tag.rpartition(":")[2], built.seconds)
        return type(built)(built.reference, built.image_id, seconds, built.cold, built.instructions)

    monkeypatch.setattr(engine, "build", timed)
    step = only(drive(engine, recipe_for(project)))
    assert reason == step.reason
    assert ("no-gain" if reason else "kept-cache") == step.verdict.value


def test_more_bytes_than_the_fix_declared_are_not_given_for_seconds(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, ordering("RUN write /more 101\n", predicted=-100))
    step = only(drive(engine, recipe_for(project)))
    assert ("no-gain", "grew by 101 B", None) == (step.verdict.value, step.reason, step.rebuild)
    assert "probe-before" not in texts_of(engine.requests)


def test_declared_bytes_are_and_the_books_balance(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    use_rules(monkeypatch, ordering("RUN write /more 100\n", predicted=-100), JUNK)
    driven = drive(engine, recipe_for(project))
    assert ["kept", "kept-cache"] == [step.verdict.value for step in driven.end.steps]
    late = driven.end.steps[1]
    assert (-100, -100, Applicability.TESTED) == (late.measured, late.predicted, late.applicability)
    assert late.reason.startswith("claimed to leave the tree equal, and did not")
    balance(driven.end)


def test_what_is_faster_and_does_not_work_is_undone(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    (project / "main").write_text("need /usr/lib/needed\nneed /usr/lib/modules\nsay hello\n")
    use_rules(monkeypatch, ordering("RUN rm /usr/lib/modules\n"))
    step = only(drive(engine, recipe_for(project)))
    assert "broke-contract" == step.verdict.value
    assert step.rebuild is not None


def test_a_context_that_cannot_be_copied_cheaply_is_told_and_nothing_is_built(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, ordering(changed="src/gone.js"))
    step = only(drive(engine, recipe_for(project)))
    assert ("skipped", "src/gone.js is not in the build context") == (step.verdict.value, step.reason)
    assert ["v0-again", "v0"] == texts_of(engine.requests)


def test_files_that_cannot_be_linked_are_copied_up_to_a_bound(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    use_rules(monkeypatch, ordering())
    assert "kept-cache" == only(drive(engine, recipe_for(project))).verdict.value
    monkeypatch.setattr("jettison.lighten.probe.COPIED_AT_MOST", 20)
    step = only(drive(engine, recipe_for(project)))
    reason = "its seconds cannot be measured: more than 20 B of the build context cannot be linked"
    assert ("no-gain", reason) == (step.verdict.value, step.reason)


def test_a_large_context_on_another_file_system_is_left_where_it_is(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    monkeypatch.setattr("jettison.lighten.probe.COPIED_AT_MOST", 20)
    monkeypatch.setattr("jettison.lighten.probe.same_file_system", lambda one, other: False)
    use_rules(monkeypatch, ordering())
    step = only(drive(engine, recipe_for(project)))
    assert "skipped" == step.verdict.value
    assert step.reason.endswith("lies on another file system than jettison's state")


def test_only_lossless_orders_are_tried_where_nothing_is_run(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, ordering())
    recipe = recipe_for(project)
    build_only = recipe_for(project, record=type(recipe.record)(build_only=True))
    assert "kept-cache" == only(drive(engine, build_only)).verdict.value
    assert [] == engine.started


def test_however_often_it_is_interrupted_the_same_comes_out(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch, tmp_path: Path
) -> None:
    use_rules(monkeypatch, ordering(), JUNK)
    whole = drive(engine, recipe_for(project))
    for stop in range(8, len(whole.events), 2):
        other = ScriptedEngine(tmp_path / f"engine-{stop}")
        drive(other, recipe_for(project), stop_after=stop)
        run = find_interrupted(project, None)
        assert not (run.directory / "probe").exists()
        again = drive(other, recipe_for(project), resume=run)
        assert comparable(whole.end) == comparable(again.end), stop
        assert [] == other.images()


def test_the_whole_run_is_timed_after_a_source_change_with_cold_times(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, ordering(), JUNK)
    ledger = drive(engine, recipe_for(project, cold_times=True)).end
    assert Rebuild("src/app.js", 29.0, 8.0) == ledger.rebuild
    assert {"changed": "src/app.js", "before": 29.0, "after": 8.0} == ledger_to_json(ledger)["rebuild_seconds"]
    assert "after a source change (src/app.js): 29.0 s → 8.0 s" in ledger_table(ledger, width=120, colour=False)


def test_every_face_shows_the_seconds_plainly(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    use_rules(monkeypatch, ordering(), JUNK)
    ledger = drive(engine, recipe_for(project)).end
    words = "after a source change (src/app.js): 29.0 s → 8.0 s; 21.0 s less predicted"
    assert words in ledger_table(ledger, width=120, colour=False)
    assert "kept-cache" in ledger_table(ledger, width=120, colour=False)
    assert words.replace("(", "\\(").replace(")", "\\)") in ledger_markdown(ledger) or words in ledger_markdown(ledger)
    assert words in ledger_html(ledger)
    document = ledger_to_json(ledger)
    Draft202012Validator(schema("ledger")).validate(document)
    step = document["steps"][1]
    assert (0, 0, 21.0) == (step["predicted"], step["measured"], step["predicted_seconds"])
    assert {"changed": "src/app.js", "before": 29.0, "after": 8.0} == step["rebuild_seconds"]
    assert [None, None] == [document["steps"][0][key] for key in ("predicted_seconds", "rebuild_seconds")]


def test_a_budget_names_seconds_that_were_not_tried(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    use_rules(monkeypatch, ordering())
    ledger = drive(engine, recipe_for(project, budget_seconds=40.0)).end
    assert [] == list(ledger.steps)
    assert any("late (21.0 s after a source change predicted)" in note for note in ledger.notes)
