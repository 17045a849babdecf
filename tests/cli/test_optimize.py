"""`jettison optimize` with an engine without containers: what it prints and writes, and how it ends."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from apply_patch import apply_patch
from scripted_engine import ScriptedEngine
from scripted_run import NEEDED, TEXT, drive, make_project, optimize, recipe_for, replacing, result_of, use_rules

from jettison.cli.main import main
from jettison.documents.schemas import schema
from jettison.lighten.run import finished

Patch = pytest.MonkeyPatch
Capture = pytest.CaptureFixture[str]
pytestmark = pytest.mark.usefixtures("engine")


def test_the_table_is_on_stdout_and_progress_on_stderr(project: Path, capsys: Capture) -> None:
    assert 0 == optimize(project)
    out, err = capsys.readouterr()
    assert "83.1 kB → 13.1 kB" in out
    assert ["v0", "v1", "v2"] == re.findall(r"^  (v\d)", out, re.MULTILINE)
    assert ("v1    try 1 (2 known): replace write /var/cache/junk 50000" in err, "try 1" in out) == (True, False)
    assert TEXT == (project / "Dockerfile").read_text()


def test_quiet_says_nothing_but_the_result(project: Path, capsys: Capture) -> None:
    assert 0 == optimize(project, "-q")
    out, err = capsys.readouterr()
    assert (True, "") == ("83.1 kB → 13.1 kB" in out, err)


def test_verbose_shows_the_engines_output(project: Path, capsys: Capture) -> None:
    assert 0 == optimize(project, "-v")
    assert "    STEP RUN write /usr/lib/needed 3000" in capsys.readouterr().err.splitlines()


def test_the_json_document_is_the_whole_ledger(project: Path, capsys: Capture) -> None:
    assert 0 == optimize(project, "--format", "json", "-q")
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, schema("ledger"))
    saved = document["before"]["sizes"]["unpacked"] - document["after"]["sizes"]["unpacked"]
    assert (70000, 70000) == (saved, sum(step["measured"] for step in document["steps"]))
    assert (True, result_of(TEXT)) == (document["result"]["changed"], document["result"]["dockerfile"])
    assert (True, True) == (document["complete"], document["verification"]["held"])


def test_markdown_has_a_row_for_each_version(project: Path, capsys: Capture) -> None:
    assert 0 == optimize(project, "--format", "markdown", "-q")
    out = capsys.readouterr().out
    assert ["v0", "v1", "v2"] == re.findall(r"^\| *\**(v\d)", out, re.MULTILINE)


def test_the_report_goes_into_a_file(tmp_path: Path, project: Path, capsys: Capture) -> None:
    report = tmp_path / "ledger.json"
    assert 0 == optimize(project, "--format", "json", "-q", "-o", str(report))
    assert ("", True) == (capsys.readouterr().out, json.loads(report.read_text())["result"]["changed"])


def test_the_diff_applies(project: Path, capsys: Capture) -> None:
    assert 0 == optimize(project, "--diff", "-q")
    diff = capsys.readouterr().out.partition("--- a/")
    old = (project / "Dockerfile").read_bytes()
    assert result_of(TEXT).encode() == apply_patch(old, f"--- a/{diff[2]}".encode())


def test_write_replaces_the_dockerfile(project: Path, capsys: Capture) -> None:
    assert 0 == optimize(project, "--write")
    assert result_of(TEXT) == (project / "Dockerfile").read_text()
    assert f"jettison: wrote {project}/Dockerfile" in capsys.readouterr().err
    assert 0 == optimize(project, "--write", "-q")
    assert result_of(TEXT) == (project / "Dockerfile").read_text()


def test_write_after_nothing_was_kept_touches_nothing(project: Path, monkeypatch: Patch) -> None:
    use_rules(monkeypatch, NEEDED)
    before = (project / "Dockerfile").stat()
    assert 0 == optimize(project, "--write", "-q")
    assert before.st_mtime_ns == (project / "Dockerfile").stat().st_mtime_ns


def test_a_plan_names_what_would_be_tried_and_builds_once(
    project: Path, engine: ScriptedEngine, capsys: Capture
) -> None:
    assert 0 == optimize(project, "--plan", "-q")
    out = capsys.readouterr().out
    assert (1, []) == (len(engine.requests), engine.images())
    assert [True, True, True] == [word in out for word in ("20.0 kB", "[doc]; about 4.0 s to build", "[junk]")]


def test_the_contract_is_written_and_read_again(tmp_path: Path, project: Path, engine: ScriptedEngine) -> None:
    contract = tmp_path / "contract.json"
    assert 0 == optimize(project, "-q", "--contract-out", str(contract))
    jsonschema.validate(json.loads(contract.read_text()), schema("contract"))
    (project / "main").write_text("say something else\n")
    assert 4 == optimize(project, "-q", "--contract", str(contract))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--select", "jnk"], "did you mean junk?"),
        (["--ignore", "zzz"], "`jettison explain` lists the rules"),
        (["--target", "prod"], "there is no stage called prod"),
        (["--min-saving", "150M"], "write it with its unit"),
        (["--budget", "10"], "write it with its unit"),
        (["--env", "=x"], "--env has a value without a name"),
        (["--env", "NOT_SET_ANYWHERE"], "has no value, here or in the environment"),
        (["-o", "/nonexistent/report"], "--output /nonexistent/report cannot be written there"),
        (["--contract-out", "/"], "--contract-out / cannot be written there"),
        (["-o", "/dev/null"], "--output /dev/null cannot be written there"),
        (["--plan", "--format", "json"], "--plan is told as text only"),
        (["--plan", "--report", "ledger.html"], "--plan tries nothing, so there is nothing for --report"),
        (["--plan", "--contract-out", "c.json"], "--plan tries nothing, so there is nothing for --contract-out"),
        (["elsewhere"], "Got unexpected extra argument (elsewhere)"),
        (["--check", " "], "--check has no command"),
        (["--probe", "ftp://localhost/x"], "only http is asked"),
        (["--probe", "http://bad host/"], "not a URL"),
        (["--secret", "key"], "--secret key has no id"),
        (["--secret", "id=a,src=/nonexistent"], "there is no file /nonexistent"),
        (["--resume"], "no interrupted run"),
        (["--resume", "/"], "write `jettison optimize / --resume`"),
        (["--contract", "/nonexistent"], "/nonexistent is not there"),
        (["--env-file", "/nonexistent"], "/nonexistent does not exist"),
        (["-f", "other"], "does not exist"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_told_before_anything_is_built(
    project: Path, engine: ScriptedEngine, capsys: Capture, arguments: list[str], said: str
) -> None:
    assert 2 == main(["optimize", str(project), *arguments])
    err = capsys.readouterr().err
    assert (True, []) == (said in err, engine.requests), err


@pytest.mark.parametrize("flag", ["-o", "--report", "--contract-out"])
@pytest.mark.parametrize("name", ["Dockerfile", ".dockerignore", "link"])
def test_a_report_does_not_replace_what_the_project_is_built_from(
    project: Path, engine: ScriptedEngine, flag: str, name: str, capsys: Capture
) -> None:
    (project / "link").symlink_to("Dockerfile")
    before = (project / "Dockerfile").read_bytes()
    assert 2 == optimize(project, flag, str(project / name))
    assert ([], before) == (engine.requests, (project / "Dockerfile").read_bytes())
    assert "hint: --write puts the result in place" in capsys.readouterr().err


def test_a_plan_leaves_an_interrupted_run_as_it_is(project: Path, engine: ScriptedEngine, capsys: Capture) -> None:
    run = drive(engine, recipe_for(project), stop_after=16).run
    before = (run.directory / "journal").read_bytes()
    assert 2 == optimize(project, "--plan", "--resume")
    assert "--plan begins anew, and cannot resume a run" in capsys.readouterr().err
    assert (before, False) == ((run.directory / "journal").read_bytes(), finished(run))


@pytest.mark.parametrize("command", [["explain"], ["explain", "runs-as-root"], ["schema", "ledger"]])
def test_a_reader_that_has_gone_is_no_error(command: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write) as gone:
        ended = subprocess.run(
            [sys.executable, "-m", "jettison", *command], stdout=gone, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert (0, b"") == (ended.returncode, ended.stderr)


def test_an_unknown_option_is_wrong_use(project: Path) -> None:
    assert 2 == optimize(project, "--smaller")


def test_what_follows_two_dashes_goes_to_the_engine(project: Path, engine: ScriptedEngine) -> None:
    assert 0 == optimize(project, "-q", "--", "--ulimit", "nofile=9")
    assert {("--ulimit", "nofile=9")} == {request.arguments for request in engine.requests}


def test_what_follows_two_dashes_is_no_path(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    monkeypatch.chdir(project)
    assert 0 == main(["optimize", "--plan", "-q", "--", "--ulimit", "nofile=9", "--"])
    assert [("--ulimit", "nofile=9", "--")] == [request.arguments for request in engine.requests]


def test_an_original_that_does_not_build_ends_with_3_and_its_log(tmp_path: Path, capsys: Capture) -> None:
    project = make_project(tmp_path / "p", "FROM scratch\nRUN echo looking && fail E: nothing here\n")
    assert 3 == optimize(project, "-q")
    err = capsys.readouterr().err
    assert (True, True) == ("  | E: nothing here" in err, "hint: it must build" in err)


def test_an_original_that_cannot_be_pinned_down_ends_with_4(tmp_path: Path, capsys: Capture) -> None:
    project = make_project(tmp_path / "p", application="need /nothing\n")
    assert 4 == optimize(project, "-q")
    assert "the original ends with 1 when it is started" in capsys.readouterr().err


def test_a_result_that_does_not_hold_ends_with_4_and_writes_nothing(
    project: Path, monkeypatch: Patch, capsys: Capture
) -> None:
    use_rules(monkeypatch, replacing("sly", "write /var/cache/junk 50000", "when-cold write /junk 40000", 50000))
    assert 4 == optimize(project, "--write", "-q")
    out, err = capsys.readouterr()
    assert (TEXT, True, True) == (
        (project / "Dockerfile").read_text(),
        "did not hold when built cold" in out,
        "nothing was written" in err,
    )


def test_a_dockerfile_that_changed_meanwhile_is_left_alone_and_the_report_is_told(
    project: Path, engine: ScriptedEngine, capsys: Capture
) -> None:
    engine.before_build = lambda request: (project / "Dockerfile").unlink(missing_ok=True)
    assert 3 == optimize(project, "--write", "-q")
    out, err = capsys.readouterr()
    assert (False, True, True) == (
        (project / "Dockerfile").exists(),
        "83.1 kB → 13.1 kB" in out,
        "was changed while jettison worked; nothing was written" in err,
    )


def test_a_read_only_dockerfile_is_refused_before_anything_is_built(
    project: Path, engine: ScriptedEngine, capsys: Capture
) -> None:
    (project / "Dockerfile").chmod(0o444)
    assert (3, []) == (optimize(project, "--write", "-q"), engine.requests)
    assert "is read-only" in capsys.readouterr().err
    assert 0 == optimize(project, "-q")


@pytest.mark.parametrize("ending", ["\r\n", "\n"], ids=["crlf", "lf"])
@pytest.mark.parametrize("mark", ["\ufeff", ""], ids=["bom", "plain"])
def test_line_endings_and_byte_order_marks_survive(tmp_path: Path, ending: str, mark: str) -> None:
    text = mark + TEXT.replace("\n", ending)
    project = make_project(tmp_path / "p", text)
    real = tmp_path / "elsewhere"
    (project / "Dockerfile").rename(real)
    (project / "Dockerfile").symlink_to(real)
    assert 0 == optimize(project, "--write", "-q")
    assert (result_of(text).encode(), True) == (real.read_bytes(), (project / "Dockerfile").is_symlink())


def test_runs_lists_what_was_done(project: Path, engine: ScriptedEngine, capsys: Capture) -> None:
    assert 0 == main(["runs"])
    assert "no runs yet; start with `jettison optimize PATH`\n" == capsys.readouterr().out
    assert 0 == optimize(project, "-q")
    capsys.readouterr()
    assert 0 == main(["runs"])
    assert re.fullmatch(rf"\S+  finished +83\.1 kB -> 13\.1 kB +{project}\n", capsys.readouterr().out)
    assert 0 == main(["runs", "--format", "json"])
    run = json.loads(capsys.readouterr().out)[0]
    assert ("finished", 83052, 13052, 2) == tuple(run[key] for key in ("state", "before", "after", "kept"))


def test_an_env_file_is_read_as_docker_reads_it(
    tmp_path: Path, project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    """Docker's own parser: a byte order mark and leading blanks go, quotes and trailing blanks stay."""
    (project / "main").write_text("tell A\ntell B\ntell C\n")
    monkeypatch.setenv("C", "from outside")
    (tmp_path / "env").write_bytes(b"\xef\xbb\xbfA='one' \r\n# B=no\n\n  B=a=\xe2\x80\xa8b\nC\n")
    contract = tmp_path / "contract.json"
    assert 0 == optimize(project, "-q", "--env-file", str(tmp_path / "env"), "--contract-out", str(contract))
    output = next(check for check in json.loads(contract.read_text())["checks"] if check["kind"] == "output")
    expected = "'one' \na=\u2028b\nfrom outside\n"
    assert hashlib.sha256(expected.encode()).hexdigest() == output["expected"]["sha256"]


def test_the_page_is_written_beside_the_table(project: Path, tmp_path: Path, capsys: Capture) -> None:
    page = tmp_path / "ledger.html"
    assert 0 == optimize(project, "-q", "--report", str(page))
    assert "kept" in capsys.readouterr().out
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert 2 == optimize(project, "--report", str(tmp_path / "nowhere" / "x.html"))
    assert "--report" in capsys.readouterr().err
