"""`jettison check`: what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from jettison.cli.main import main
from jettison.core import config
from jettison.documents.schemas import schema

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.nearest.cache_clear()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["check", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_file_that_does_not_parse_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\nRUM x\n")
    expected = (
        "Dockerfile:2:1: error: unknown instruction RUM in line 2 [syntax]\n    did you mean RUN?\n1 file: 1 error\n"
    )
    assert (1, expected, "") == check(capsys)


def test_a_note_is_told_and_ends_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Dockerfile").write_text("FROM node\n")
    expected = (
        "Dockerfile:1:1: note: takes node, which may be another major version with the next build\n"
        "    [unpinned-base-tag]\n1 file: 1 note\n"
    )
    assert (0, expected, "") == check(capsys)
    assert 1 == check(capsys, "--fail-on", "note")[0]
    assert 0 == check(capsys, "--fail-on", "note", "--exit-zero")[0]
    assert "name a release or a digest" in check(capsys, "-v")[1]
    assert "1 file" not in check(capsys, "-q")[1]


def test_a_good_file_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Containerfile").write_text("FROM node:24.1.0\nUSER node\n")
    assert (0, "1 file: nothing found\n", "") == check(capsys)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "there is no Dockerfile below ."),
        (("nowhere",), "nowhere does not exist"),
        (("--select", "nothing"), "there is no rule called nothing"),
        (("--build-arg", "=x"), "--build-arg has a value without a name"),
        (("--config", "absent.toml"), "absent.toml does not exist"),
    ],
)
def test_wrong_use_ends_with_2(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str) -> None:
    code, out, err = check(capsys, *arguments)
    assert (2, "") == (code, out)
    assert message in err
    assert "\nhint: " in err


def test_a_folder_among_named_files_is_looked_through(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a/Dockerfile", "b/Dockerfile"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("FROM node:8.17.0\n")
    out = check(capsys, "b/Dockerfile", "a")[1]
    assert ["b/Dockerfile:1:1:", "a/Dockerfile:1:1:"] == [
        line.split()[0] for line in out.splitlines()[:-1] if line[0] != " "
    ]


def test_standard_input_is_a_dockerfile_without_a_context() -> None:
    command = [sys.executable, "-m", "jettison", "check", "-"]
    ended = subprocess.run(command, input="FROM node\nCOPY . .\n", capture_output=True, text=True, timeout=60)
    assert (0, "") == (ended.returncode, ended.stderr)
    assert ended.stdout.startswith("-:1:1: note: takes node, which may be another major version")


def test_the_document_is_of_its_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Dockerfile").write_text('FROM node\n# jettison: allow nothing\nRUN \\\n x\nUSER 1\nCMD ["x"]\n')
    (tmp_path / "bad.Dockerfile").write_text("FRM node\n")
    code, out, err = check(capsys, "--format", "json", "--statistics")
    document = json.loads(out)
    Draft202012Validator(schema("check")).validate(document)
    assert (1, "") == (code, err)
    assert ["Dockerfile", "bad.Dockerfile"] == document["files"]
    assert ["unpinned-base-tag", "syntax"] == [each["rule"] for each in document["findings"]]
    assert {"file": "Dockerfile", "line": 1, "column": 1, "end_line": 1, "end_column": 10} == document["findings"][0][
        "where"
    ]
    assert [("line 2", "there is no rule called nothing")] == [(e["what"], e["reason"]) for e in document["skipped"]]
    assert {"syntax": 1, "unpinned-base-tag": 1} == {each["rule"]: each["findings"] for each in document["statistics"]}


def test_the_configuration_beside_the_file_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text("FROM node\n")
    (tmp_path / "a" / "jettison.toml").write_text('[check]\nfail-on = "note"\n')
    (tmp_path / "b" / "jettison.toml").write_text('[check]\nignore = ["JT303"]\n')
    code, out, _ = check(capsys)
    assert 1 == code
    assert ["a/Dockerfile:1:1:"] == [line.split()[0] for line in out.splitlines()[:-1] if line[0] != " "]
    assert 0 == check(capsys, "b")[0]


def test_excluded_files_are_left_out_unless_they_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "Dockerfile").write_text("FROM node\n")
    (tmp_path / "Dockerfile").write_text("FROM node\n")
    (tmp_path / "jettison.toml").write_text('[check]\nexclude = ["old"]\n')
    assert "1 file: 1 note" in check(capsys)[1]
    assert "1 file: 1 note" in check(capsys, "--exclude", "Dockerfile", "old/Dockerfile")[1]


def test_an_unknown_setting_names_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Dockerfile").write_text("FROM node\n")
    (tmp_path / "jettison.toml").write_text("[check]\nselct = []\n")
    code, _, err = check(capsys)
    assert 2 == code
    assert "hint: did you mean check.select?" in err


def test_the_settings_are_shown_with_where_they_come_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Dockerfile").write_text("FROM node\n")
    (tmp_path / "jettison.toml").write_text('[check]\nignore = ["runs-as-root"]\n')
    out = check(capsys, "--show-settings", "--target", "x", "--build-arg", "A=secret")[1]
    assert f"  configuration {tmp_path / 'jettison.toml'}\n" in out
    assert "  ignore        runs-as-root\n" in out
    assert "  target        x\n" in out
    assert "secret" not in out


def test_many_files_are_looked_at_in_parallel_and_told_in_their_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(150):
        (tmp_path / f"d{number:03}").mkdir()
        (tmp_path / f"d{number:03}" / "Dockerfile").write_text(f"FROM node:{number % 9 + 10}\n")
    out = check(capsys)[1]
    names = [line.partition("/")[0] for line in out.splitlines() if line.startswith("d")]
    assert sorted(names) == names
    assert 150 == len(set(names))
    assert "150 files: " in out


def test_a_file_that_cannot_be_read_among_others_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Dockerfile").write_text("FROM node:24.1.0\n")
    os.mkfifo(tmp_path / "Dockerfile.pipe")
    code, out, _ = check(capsys)
    assert 1 == code
    assert "Dockerfile.pipe: not looked at: Dockerfile.pipe: Dockerfile.pipe is not a regular file" in out


def test_nothing_in_a_file_moves_the_cursor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Docker\x1b[31m\u202efile.Dockerfile").write_text("FROM no\x1bde:\u202elatest\n")
    (tmp_path / "b.Dockerfile").write_text("R\x1b[2JN x\n")
    out = check(capsys)[1]
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\\e" in out


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_report_goes_where_o_says(tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    (tmp_path / "Dockerfile").write_text("FROM node\n")
    expected = check(capsys, "--format", form)[1]
    assert (0, "", "") == check(capsys, "--format", form, "-o", "report")
    assert expected == (tmp_path / "report").read_text()
    assert stat.S_ISREG((tmp_path / "report").stat().st_mode)


def test_on_the_dockerfiles_by_hand_nothing_is_more_than_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    files = [
        str(each) for each in sorted((ROOT / "examples").glob("*/Dockerfile.*")) if not each.name.endswith("ignore")
    ]
    code, out, _ = check(capsys, *files, "--format", "json")
    assert 0 == code
    assert [] == [each for each in json.loads(out)["findings"] if each["severity"] != "note"]
    assert len(files) == len(json.loads(out)["files"]) > 6


def test_what_is_no_file_is_wrong_use_with_a_hint_that_check_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to("nowhere")
    for name, why in (("/dev/null", "not a regular file"), ("pipe", "not a regular file"), ("dangling", "to nothing")):
        code, _, err = check(capsys, name)
        assert (2, True, True) == (code, why in err, err.endswith("hint: give a Dockerfile\n"))


def test_where_all_was_passed_over_the_reason_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bake = 'variable "X" {}\ntarget "a" { dockerfile = X == "1" ? "a" : "b" }\ntarget "b" { context = f() }\n'
    (tmp_path / "docker-bake.hcl").write_text(bake)
    code, _, err = check(capsys)
    expected = "no Dockerfile below . can be looked at: docker-bake.hcl: a: what X means is not known, and 1 more"
    assert (2, f"jettison: {expected}\nhint: name the Dockerfile\n") == (code, err)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FROM a\nHEALTHCHECK --interval=1s NONE\n", "gives HEALTHCHECK --interval, which the builder drops unread"),
        ("FROM a\nCMD ['a']\n", "CMD looks like JSON and is none, so that it is taken as it stands"),
        ("FROM a\nCMD a\n", "a shell runs this CMD"),
    ],
)
def test_a_place_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str) -> None:
    (tmp_path / "Dockerfile").write_text(text)
    assert any(line.split(": ", 2)[2].startswith(message) for line in check(capsys)[1].splitlines() if ":2:1: " in line)


@pytest.mark.parametrize(
    "flags",
    [
        ("--statistics", "--format", "sarif"),
        ("--checklist", "--format", "junit"),
        ("--show-settings", "--format", "json"),
        ("--diff", "--format", "json"),
        ("--statistics", "--checklist"),
        ("--statistics", "--diff"),
        ("--checklist", "--fix"),
        ("--show-settings", "--fix"),
    ],
)
def test_what_cannot_be_had_together_is_refused_before_anything_is_read(
    capsys: pytest.CaptureFixture[str], flags: tuple[str, ...]
) -> None:
    code, out, err = check(capsys, "nowhere", *flags)
    assert (2, "", True, False) == (code, out, "hint: leave" in err, "nowhere" in err)


def test_a_diff_goes_where_o_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.22.1\nRUN apk add x\nUSER 1\n")
    assert (1, "", "") == check(capsys, "--diff", "-o", "made.diff")
    assert "+RUN apk add --no-cache x\n" in (tmp_path / "made.diff").read_text()


def test_patterns_of_a_configuration_mean_the_same_from_every_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("tools", "old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text("FROM python:3.12.1\nRUN pip install flask\n")
    text = '[check]\nexclude = ["old/*"]\n[check.ignore-in]\n"tools/*" = ["pip-cache-left-behind"]\n'
    (tmp_path / "jettison.toml").write_text(text)
    assert (0, 0) == (check(capsys)[0], check(capsys, "tools")[0])
    monkeypatch.chdir(tmp_path / "tools")
    assert 0 == check(capsys)[0]
    monkeypatch.chdir(tmp_path / "old")
    assert (2, True) == ((ended := check(capsys))[0], "no Dockerfile" in ended[2])
