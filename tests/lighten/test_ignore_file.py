"""An ignore file is tried apart from the project, weighed, checked, kept or undone, and written only when asked."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from apply_patch import apply_patch
from scripted_engine import CAPABILITIES, ScriptedEngine
from scripted_run import comparable, drive, make_project, optimize, recipe_for, replacing, texts_of, use_rules

from jettison.core.errors import UsageError
from jettison.core.values import Applicability
from jettison.documents.ledger import balance
from jettison.lighten.bench import Bench
from jettison.lighten.journal import Journal
from jettison.lighten.plan import plan
from jettison.lighten.project import open_project, write_back
from jettison.lighten.run import find_interrupted, open_run
from jettison.lighten.sources import untriable
from jettison.report.plan_text import plan_text
from jettison.rule import Fix, all_rules

Patch = pytest.MonkeyPatch
CONTEXT = next(rule for rule in all_rules() if rule.name == "context-files-never-read")
DOC = replacing("doc", "write /usr/share/doc 20000", "write /usr/share/doc 0", 20000)
TEXT = """FROM scratch
COPY . /app
RUN write /usr/lib/needed 3000
RUN write /usr/share/doc 20000 && sleep 2
CMD ["/app/main"]
"""
APPLICATION = "need /usr/lib/needed\nneed /app/settings\nsay hello\n"
JUNK = {".git/objects/pack/p": 40000, "docs/manual.pdf": 12000, "test/first.test": 500}
GONE = 40000 + 12000 + 500 + len(TEXT)  # the Dockerfile is read by the builder, not by the build


def fill(project: Path, files: Mapping[str, int]) -> None:
    for name, size in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_bytes(b"x" * size)


@pytest.fixture(autouse=True)
def rules(monkeypatch: Patch) -> None:
    use_rules(monkeypatch, CONTEXT)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = make_project(tmp_path / "app", TEXT, APPLICATION)
    fill(made, {**JUNK, "settings": 10})
    return made


def tree_of(project: Path) -> dict[str, tuple[int, bytes]]:
    """Every path with its time and content."""
    return {
        str(path.relative_to(project)): (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in project.rglob("*")
    }


def test_what_nothing_reads_is_left_out_as_predicted_and_the_project_is_not_touched(
    project: Path, engine: ScriptedEngine
) -> None:
    before = tree_of(project)
    ledger = drive(engine, recipe_for(project)).end
    (step,) = ledger.kept
    assert (GONE, GONE, Applicability.TESTED) == (step.predicted, step.measured, step.applicability)
    assert before == tree_of(project)
    assert (True, TEXT) == (ledger.verification is not None and ledger.verification.held, ledger.text_after)
    balance(ledger)


def test_only_what_is_built_with_it_is_given_the_ignore_file(project: Path, engine: ScriptedEngine) -> None:
    driven = drive(engine, recipe_for(project))
    given = {
        request.tag.rpartition(":")[2]: request.ignore_file and request.ignore_file.relative_to(driven.run.directory)
        for request in engine.requests
    }
    assert {
        "v0-again": None,
        "v0": None,
        "v1": Path("v1/Dockerfile.dockerignore"),
        "verification": Path("verification/Dockerfile.dockerignore"),
    } == given


def test_the_ledger_holds_the_file_and_a_diff_that_makes_it(project: Path, engine: ScriptedEngine) -> None:
    ledger = drive(engine, recipe_for(project)).end
    text = ledger.files[".dockerignore"]
    assert [".dockerignore"] == list(ledger.files)
    assert {".git", "docs", "test", "Dockerfile", ".dockerignore"} == {
        line for line in text.splitlines() if not line.startswith("#")
    }
    assert ledger.diff.startswith("--- /dev/null\n+++ b/.dockerignore\n")
    assert text.encode() == apply_patch(b"", ledger.diff.encode())
    assert ledger.diff == ledger.steps[0].diff


def test_it_goes_with_changes_of_the_dockerfile_in_any_order(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, CONTEXT, DOC)
    ledger = drive(engine, recipe_for(project)).end
    assert ["context-files-never-read", "doc"] == [step.rules[0] for step in ledger.kept]
    assert [".dockerignore"] == list(ledger.files)
    assert TEXT.replace("doc 20000", "doc 0") == ledger.text_after
    assert 2 == ledger.diff.count("\n@@ ")
    balance(ledger)
    use_rules(monkeypatch, CONTEXT, replacing("doc", "write /usr/share/doc 20000", "write /usr/share/doc 0", 900_000))
    again = drive(ScriptedEngine(engine.directory / "other"), recipe_for(project)).end
    assert ["doc", "context-files-never-read"] == [step.rules[0] for step in again.kept]
    assert (ledger.files, ledger.text_after, ledger.diff) == (again.files, again.text_after, again.diff)


def test_what_the_program_reads_after_all_stays_and_the_rest_is_tried_without_it(
    project: Path, engine: ScriptedEngine
) -> None:
    (project / "main").write_text(APPLICATION + "need /app/docs/manual.pdf\n")
    driven = drive(engine, recipe_for(project))
    rule = "context-files-never-read"
    assert [(rule, "broke-contract", ""), (rule, "kept", "v1")] == driven.fates  # docs and test are not tried again
    assert "/app/docs/manual.pdf" in driven.end.steps[0].reason
    assert [GONE, GONE - 12500] == [step.measured for step in driven.end.steps]
    assert "docs" not in driven.end.files[".dockerignore"]
    balance(driven.end)


def test_what_breaks_the_application_leaves_nothing_behind(project: Path, engine: ScriptedEngine) -> None:
    (project / "main").write_text(APPLICATION + "need /app/.git/objects/pack/p\n")
    driven = drive(engine, recipe_for(project))
    assert ["broke-contract", "broke-contract"] == [verdict for _, verdict, _ in driven.fates]
    assert (False, {}, "") == (driven.end.changed, driven.end.files, driven.end.diff)


@pytest.mark.parametrize("own", ["docs\n", "# mine\ndocs", "docs\r\n"])
def test_lines_are_added_to_an_ignore_file_that_stays_as_it_is(project: Path, engine: ScriptedEngine, own: str) -> None:
    (project / ".dockerignore").write_bytes(own.encode())
    ledger = drive(engine, recipe_for(project)).end
    text = ledger.files[".dockerignore"]
    assert text.startswith(own if own.endswith("\n") else own + "\n")
    assert GONE - 12000 + len(own) == ledger.steps[0].measured == ledger.steps[0].predicted
    assert "docs" not in text[len(own) :]
    assert "--- a/.dockerignore\n" in ledger.diff
    assert text.encode() == apply_patch(own.encode(), ledger.diff.encode())


def test_an_ignore_file_of_the_dockerfile_counts_as_it_does_for_its_user(project: Path, engine: ScriptedEngine) -> None:
    (project / "Dockerfile.dockerignore").write_text(".git\ndocs\nDocker*\ntest\n")
    (project / ".dockerignore").write_text("settings\n")  # it would break the application, and does not count
    driven = drive(engine, recipe_for(project))
    assert 3000 + 20000 + len(APPLICATION) + 10 + len("settings\n") == driven.end.before.sizes.unpacked
    assert [] == driven.fates
    assert all(
        request.ignore_file is not None and "Dockerfile.dockerignore" == request.ignore_file.name
        for request in engine.requests
    )


def test_no_lines_are_put_where_another_ignore_file_counts(project: Path, engine: ScriptedEngine) -> None:
    (project / "Dockerfile.dockerignore").write_text("test\n")
    text = planned(engine, project)
    assert "Dockerfile.dockerignore is the ignore file that counts here" in text
    assert [] == drive(engine, recipe_for(project)).fates


def test_an_ignore_file_given_to_the_engine_is_left_in_force(project: Path, engine: ScriptedEngine) -> None:
    (project / "mine").write_text("docs\n")
    for arguments in (("--ignorefile", str(project / "mine")), (f"--ignorefile={project / 'mine'}",)):
        driven = drive(engine, recipe_for(project, engine_arguments=arguments))
        assert ([], {None}) == (driven.fates, {request.ignore_file for request in engine.requests})


def test_a_builder_that_takes_none_from_elsewhere_does_not_try_and_says_so(
    project: Path, engine: ScriptedEngine
) -> None:
    engine.capabilities = replace(CAPABILITIES, ignore_file_apart=False)
    ledger = drive(engine, recipe_for(project)).end
    assert ((), {}) == (ledger.steps, ledger.files)
    (note,) = [note for note in ledger.notes if "context-files-never-read" in note]
    assert "not tried" in note
    assert "this builder takes .dockerignore from the project alone" in note
    assert "this builder takes .dockerignore from the project alone" in planned(engine, project)


def planned(engine: ScriptedEngine, project: Path) -> str:
    with open_run(project) as run:
        loop = plan(Bench(recipe_for(project), engine, run), TEXT)
        while True:
            try:
                next(loop)
            except StopIteration as end:
                return " ".join(plan_text(end.value, width=100).split())


def test_no_other_file_can_be_tried() -> None:
    fix = Fix("t", Applicability.TESTED, files=(("sub/.dockerignore", "x"),))
    assert "it writes sub/.dockerignore" in untriable(fix, CAPABILITIES)
    assert "" == untriable(replace(fix, files=((".dockerignore", "x"),)), CAPABILITIES)


@pytest.mark.slow
@pytest.mark.parametrize("own", [None, "docs\n"])
def test_a_run_stopped_after_any_event_goes_on_to_the_same_end(
    tmp_path: Path, project: Path, monkeypatch: Patch, own: str | None
) -> None:
    use_rules(monkeypatch, CONTEXT, DOC)
    if own is not None:
        (project / ".dockerignore").write_text(own)
    whole = comparable(drive(ScriptedEngine(tmp_path / "reference"), recipe_for(project)).end)
    assert 2 == len(whole.kept)
    for count in range(1, 1000):
        engine = ScriptedEngine(tmp_path / f"engine-{count}")
        if drive(engine, recipe_for(project), stop_after=count).ledger is not None:
            break
        again = drive(engine, recipe_for(project), resume=find_interrupted(project, None))
        assert whole == comparable(again.end)
        assert ([], []) == (engine.images(), engine.nameless)
    assert count > 15


def test_a_resumed_run_builds_the_dockerfile_alone_where_no_file_goes_with_it(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    def stop(request: object) -> None:
        if engine.requests[-1].tag.endswith(":v1"):
            raise KeyboardInterrupt

    engine.before_build = stop
    with pytest.raises(KeyboardInterrupt):
        drive(engine, recipe_for(project))
    engine.before_build = lambda request: None
    use_rules(monkeypatch, DOC)
    drive(engine, recipe_for(project), resume=find_interrupted(project, None))
    assert ["v0-again", "v0", "v1", "v1", "verification"] == texts_of(engine.requests)
    assert [None, None] == [request.ignore_file for request in engine.requests[-2:]]


@pytest.mark.parametrize(("before", "after"), [(None, "docs\n"), ("docs\n", None), ("docs\n", "docs\n.git\n")])
def test_a_run_is_not_resumed_over_another_ignore_file(
    project: Path, engine: ScriptedEngine, before: str | None, after: str | None
) -> None:
    put(project, before)
    drive(engine, recipe_for(project), stop_after=12)
    put(project, after)
    with pytest.raises(UsageError, match="the ignore file has changed"):
        drive(engine, recipe_for(project), resume=find_interrupted(project, None))


def put(project: Path, text: str | None) -> None:
    if text is None:
        (project / ".dockerignore").unlink(missing_ok=True)
    else:
        (project / ".dockerignore").write_text(text)


def test_the_prediction_is_journaled_with_the_file_before_its_build(project: Path, engine: ScriptedEngine) -> None:
    driven = drive(engine, recipe_for(project))
    records = list(Journal(driven.run.directory / "journal").records())
    (prediction,) = [each for each in records if each["kind"] == "prediction"]
    assert driven.end.files == prediction["files"]
    assert records.index(prediction) < next(
        at for at, each in enumerate(records) if (each["kind"], each.get("version")) == ("built", "v1")
    )


@pytest.fixture
def command(engine: ScriptedEngine, monkeypatch: Patch) -> ScriptedEngine:
    monkeypatch.setattr("jettison.cli.optimize.find_engine", lambda name: engine)
    return engine


def test_write_puts_it_beside_the_dockerfile_and_a_second_run_finds_nothing(
    project: Path, command: ScriptedEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (project / "Dockerfile").stat()
    assert 0 == optimize(project, "--write", "--format", "json")
    shown = capsys.readouterr()
    result = json.loads(shown.out)["result"]
    assert (project / ".dockerignore").read_text() == result["files"][".dockerignore"]
    assert f"jettison: wrote {project}/.dockerignore\n" in shown.err
    after = (project / "Dockerfile").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    assert 0o644 == (project / ".dockerignore").stat().st_mode & 0o777
    assert 0 == optimize(project, "--format", "json")
    ledger = json.loads(capsys.readouterr().out)
    assert (False, [], {}) == (ledger["result"]["changed"], ledger["steps"], ledger["result"]["files"])
    assert result["diff"] != ""


def test_diff_shows_the_new_file(project: Path, command: ScriptedEngine, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == optimize(project, "--diff")
    shown = capsys.readouterr().out
    assert "+++ b/.dockerignore" in shown
    assert "+.git" in shown
    assert not (project / ".dockerignore").exists()


@pytest.mark.parametrize(
    ("own", "meanwhile", "word"),
    [(None, "mine\n", "made"), ("docs\n", "docs\nmine\n", "changed"), ("docs\n", None, "removed")],
)
def test_an_ignore_file_that_somebody_else_touched_meanwhile_is_left_alone(
    project: Path,
    command: ScriptedEngine,
    capsys: pytest.CaptureFixture[str],
    own: str | None,
    meanwhile: str | None,
    word: str,
) -> None:
    put(project, own)
    command.before_build = lambda request: put(project, meanwhile) if request.tag.endswith(":verification") else None
    assert 3 == optimize(project, "--write")
    assert f".dockerignore was {word} while jettison worked; nothing was written" in capsys.readouterr().err
    assert meanwhile == ((project / ".dockerignore").read_text() if meanwhile else None)
    assert TEXT == (project / "Dockerfile").read_text()


def test_an_ignore_file_through_a_link_is_written_where_it_is(project: Path, command: ScriptedEngine) -> None:
    real = project.parent / "shared.ignore"
    real.write_text("docs\n")
    real.chmod(0o640)
    (project / ".dockerignore").symlink_to(real)
    assert 0 == optimize(project, "--write")
    assert (True, True) == ((project / ".dockerignore").is_symlink(), real.read_text().startswith("docs\n#"))
    assert 0o640 == real.stat().st_mode & 0o777


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_new_ignore_file_belongs_to_whom_the_dockerfile_belongs(tmp_path: Path) -> None:
    project = make_project(tmp_path / "theirs", TEXT)
    os.chown(project / "Dockerfile", 1234, 2345)
    write_back(open_project(project, None), TEXT, {".dockerignore": ".git\n"})
    status = (project / ".dockerignore").stat()
    assert (1234, 2345) == (status.st_uid, status.st_gid)


def test_a_read_only_ignore_file_stays_as_it_is_and_so_does_the_dockerfile(
    project: Path, command: ScriptedEngine, monkeypatch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_rules(monkeypatch, CONTEXT, DOC)
    put(project, "docs\n")
    (project / ".dockerignore").chmod(0o444)
    assert 3 == optimize(project, "--write")
    assert "is read-only" in capsys.readouterr().err
    assert ("docs\n", TEXT) == ((project / ".dockerignore").read_text(), (project / "Dockerfile").read_text())
