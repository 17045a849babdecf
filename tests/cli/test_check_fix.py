"""`check --fix`, `--diff`, `--checklist`, build files, the pre-commit hooks, and an image beside the Dockerfile."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from jettison.cli import check_fix
from jettison.cli.main import main
from jettison.core import config
from jettison.review import right

ROOT = Path(__file__).parents[2]
BAD = "FROM base:1.2.3\nRUN pip install flask\nRUN npm ci\n"
GOOD = BAD.replace("install", "install --no-cache-dir")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.nearest.cache_clear()
    monkeypatch.chdir(tmp_path)


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["check", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_what_is_sure_is_written_and_the_rest_told_with_its_proof(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Dockerfile").write_text(BAD)
    code, out, err = check(capsys, "--fix")
    assert GOOD == (tmp_path / "Dockerfile").read_text()
    assert 1 == code  # npm's cache is left
    assert "jettison: Dockerfile:2: put right: leaves pip's cache in its layer [pip-cache-left-behind]\n" == err
    assert "pip-cache-left-behind" not in out
    assert "`jettison optimize --select npm-cache-left-behind`" in " ".join(out.split())
    before = (tmp_path / "Dockerfile").stat().st_mtime_ns
    assert (1, "") == check(capsys, "--fix")[::2]
    assert before == (tmp_path / "Dockerfile").stat().st_mtime_ns


def test_a_diff_is_what_would_be_written_and_applies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Dockerfile").write_text(BAD)
    code, out, _ = check(capsys, "--diff")
    assert (1, BAD) == (code, (tmp_path / "Dockerfile").read_text())
    subprocess.run(["patch", "-p1", "-s"], input=out, text=True, check=True, cwd=tmp_path)
    assert GOOD == (tmp_path / "Dockerfile").read_text()
    code, out, err = check(capsys, "--diff")
    told = "jettison: there is nothing to put right without a build; `jettison check` tells what was found\n"
    assert (1, "", told) == (code, out, err)


def test_a_diff_of_what_is_right_says_that_nothing_was_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nUSER 1\n")
    told = "jettison: there is nothing to put right without a build; nothing was found\n"
    assert (0, "", told) == check(capsys, "--diff")
    (tmp_path / "compose.yaml").write_text("services:\n  a:\n    build: ./nowhere\n")
    told = told.replace("nothing was found", "`jettison check` tells what was not looked at")
    assert (0, "", told) == check(capsys, "--diff")


def test_a_file_that_somebody_changed_meanwhile_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Dockerfile").write_text(BAD)

    def meanwhile(source: object, settings: object) -> object:
        righted = right.put_right(source, settings)  # type: ignore[arg-type]
        (tmp_path / "Dockerfile").write_text("FROM other:1.2.3\n")
        return righted

    monkeypatch.setattr(check_fix, "put_right", meanwhile)
    code, _, err = check(capsys, "--fix")
    assert 1 == code
    assert "was changed while jettison worked; nothing was written" in err
    assert "FROM other:1.2.3\n" == (tmp_path / "Dockerfile").read_text()


def test_a_file_that_may_not_be_written_is_told_and_the_others_are_put_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.Dockerfile", "b.Dockerfile"):
        (tmp_path / name).write_text(BAD)
    (tmp_path / "a.Dockerfile").chmod(0o444)
    code, _, err = check(capsys, "--fix")
    assert (1, BAD, GOOD) == (code, *((tmp_path / f"{name}.Dockerfile").read_text() for name in "ab"))
    file = tmp_path / "a.Dockerfile"
    told = f"jettison: {file} is read-only\nhint: run `chmod u+w {file}`, or take the change from --diff\n"
    assert err.startswith(told)


def test_standard_input_cannot_be_put_right_in_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = "printf 'FROM base:1.2.3\\nRUN pip install x\\n' | jettison check --fix -"
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "PYTHONPATH": str(ROOT / "src")}
    ended = subprocess.run(command, shell=True, capture_output=True, text=True, env=environment)
    assert 1 == ended.returncode
    assert "is no file of its own" in ended.stderr


def test_a_file_that_does_not_parse_is_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\nRUN pip install x\nRUM\n")
    assert 1 == check(capsys, "--fix")[0]
    assert "FROM a\nRUN pip install x\nRUM\n" == (tmp_path / "Dockerfile").read_text()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--diff", "--format", "json"), ("--checklist", "--fix"), ("--checklist", "--format", "sarif"),
        ("--image", "x", "--fix"),
    ],
)  # fmt: skip
def test_flags_that_do_not_go_together_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    (tmp_path / "Dockerfile").write_text(BAD)
    assert 2 == check(capsys, *arguments)[0]


def test_the_checklist_has_its_eighteen_boxes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Dockerfile").write_text("FROM node\nCOPY . .\nRUN npm install\n")
    (tmp_path / "b.Dockerfile").write_text(
        "FROM golang:1.24.1 AS b\nCOPY main.go go.mod ./\nRUN go build -ldflags='-s -w' -o /s\n"
        "FROM scratch\nCOPY --from=b /s /s\n"
    )
    code, out, _ = check(capsys, "--checklist", "--format", "json")
    first, second = json.loads(out)
    states = {each["title"]: each["state"] for each in first["boxes"]}
    assert (0, 18, 18) == (code, len(first["boxes"]), len(second["boxes"]))
    assert {"not done"} == {
        states[each]
        for each in (
            "smallest suitable base", "specific version tags", "production dependencies only",
            "package manager caches removed", "comprehensive .dockerignore",
        )
    }  # fmt: skip
    assert "not applicable" == states["binaries stripped"]
    states = {each["title"]: each["state"] for each in second["boxes"]}
    assert {"done"} == {
        states[each]
        for each in (
            "smallest suitable base", "specific version tags", "several stages", "only necessary artefacts copied",
            "binaries stripped",
        )
    }  # fmt: skip
    shown = check(capsys, "--checklist")[1]
    assert 36 == len(re.findall(r"^    \[[x -]\] ", re.sub(r"\x1b\[\d*m", "", shown), re.MULTILINE))


@pytest.mark.parametrize(
    ("text", "box", "state"),
    [
        ("FROM fedora:43\nRUN dnf install -y nginx\n", "package manager caches removed", "not done"),
        ("FROM php:8.3.13\nRUN composer install --no-dev --no-cache\n", "build dependencies removed", "not applicable"),
        ("FROM debian:12.1\nRUN apt-get install -y libpq-dev\n", "build dependencies removed", "not done"),
        (
            "FROM ruby:3.3.5\nENV BUNDLE_WITHOUT=development:test\nRUN bundle install\n",
            "production dependencies only",
            "done",
        ),
    ],
)
def test_a_box_says_what_the_findings_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, box: str, state: str
) -> None:
    (tmp_path / "Dockerfile").write_text(text)
    (found,) = json.loads(check(capsys, "--checklist", "--format", "json")[1])
    assert state == {each["title"]: each["state"] for each in found["boxes"]}[box]


def test_a_compose_file_gives_the_context_and_the_target(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "Dockerfile").write_text("FROM base:1.2.3 AS a\nRUN pip install x\nFROM base:1.2.3 AS b\n")
    assert "nothing found" in check(capsys)[1]
    build = {"context": ".", "dockerfile": "docker/Dockerfile", "target": "a"}
    text = yaml.safe_dump({"services": {"web": {"build": build}, "same": {"build": build}, "far": {"build": "$X"}}})
    (tmp_path / "compose.yaml").write_text(text)
    code, out, _ = check(capsys)
    assert 1 == code
    assert 1 == out.count("[pip-cache-left-behind]")
    assert "compose.yaml: far: not looked at: what $X means is not known" in out.replace("\n", " ")
    assert "  context       .\n  target        a\n" in check(capsys, "--show-settings")[1]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("compose.yaml", "services: [\n", "it is no YAML"),
        ("docker-bake.hcl", 'target "x" {\n', "line 2: } is missing"),
        ("docker-bake.json", "{", "Expecting property name"),
    ],
)
def test_a_build_file_that_cannot_be_read_keeps_nothing_from_being_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, why: str
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM base:1.2.3\nRUN pip install x\n")
    (tmp_path / name).write_text(text)
    code, out, _ = check(capsys)
    assert (1, 1) == (code, out.count("[pip-cache-left-behind]"))
    assert f"{name}: not looked at: cannot be read: " in out
    assert why in " ".join(out.split())
    assert 2 == check(capsys, name)[0]


def test_the_hooks_name_what_is_there() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert ["jettison check", "jettison check --fix"] == [each["entry"] for each in hooks]
    for each in hooks:
        for name in ("Dockerfile", "a/b/Containerfile", "Dockerfile.prod", "a/api.Dockerfile"):
            assert re.search(each["files"], name)
            assert not re.search(each["exclude"], name)
        assert not re.search(each["files"], "Dockerfiles")
        assert re.search(each["exclude"], "Dockerfile.md")


TWO_BUILDS = "FROM alpine:3.22.1 AS a\nRUN apk add curl\nFROM a AS b\nRUN apk add nano\nUSER 1\n"
BAKE = 'target "a" { target = "a" }\ntarget "b" { target = "b" }\ntarget "c" { target = "none" }\n'


def test_two_builds_of_one_file_make_one_diff_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Dockerfile").write_text(TWO_BUILDS)
    (tmp_path / "docker-bake.hcl").write_text(BAKE)
    code, out, _ = check(capsys, "--diff")
    assert (1, 1) == (code, out.count("+++ b/Dockerfile"))
    assert ["+RUN apk add --no-cache curl", "+RUN apk add --no-cache nano"] == re.findall(r"^\+R.*", out, re.MULTILINE)
    check(capsys, "--fix")
    assert TWO_BUILDS.replace("apk add", "apk add --no-cache") == (tmp_path / "Dockerfile").read_text()


def test_two_builds_of_one_file_are_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Dockerfile").write_text(TWO_BUILDS)
    (tmp_path / "docker-bake.hcl").write_text(BAKE)
    code, out, _ = check(capsys, "--select", "apk-cache-left-behind")
    assert (1, [2, 4]) == (code, [int(line) for line in re.findall(r"^Dockerfile:(\d+)", out, re.MULTILINE)])
    assert "1 file: 2 warnings\n" == out[-19:]
    assert "Dockerfile: not looked at: docker-bake.hcl: c: there is no stage called none\n" in out
    (suite,) = re.findall(r"<testsuite .*", check(capsys, "--format", "junit")[1])
    assert 'name="Dockerfile"' in suite
    assert ["Dockerfile"] == json.loads(check(capsys, "--format", "json")[1])["files"]
