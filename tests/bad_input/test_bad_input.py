"""Bad input: each with its error, its hint and its exit code, and the user's files as they were.

One row a case, through the command line in a process of its own. These are refused before any engine is asked:
there is none on their PATH.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from bad_project import environment, fingerprint, optimize

pytestmark = pytest.mark.slow
GOOD = "FROM scratch\nCOPY x /x\n"
TWO_STAGES = "FROM scratch AS one\nCOPY x /x\nFROM scratch AS two\nCOPY --from=one /x /x\n"


@dataclass(frozen=True)
class Case:
    """`dockerfile` is its bytes, or what makes it; `said` and `hint` must stand in the error and in the hint."""

    name: str
    dockerfile: bytes | str | Callable[[Path], object] | None
    code: int
    said: str
    hint: str
    arguments: tuple[str, ...] = ()


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def unreadable_length(path: Path) -> None:
    path.touch()
    os.truncate(path, 3 * 10**9)


CASES = [
    Case("no Dockerfile", None, 2, "there is no Dockerfile in {project}", "-f FILE"),
    Case("a directory", Path.mkdir, 2, "Dockerfile is a directory", "-f FILE"),
    Case("a named pipe", os.mkfifo, 2, "Dockerfile is not a regular file", "-f FILE"),
    Case("a link to nothing", lambda path: path.symlink_to("nowhere"), 2, "is a symbolic link to nothing", "-f FILE"),
    Case("a link to itself", link_to_itself, 2, "Too many levels of symbolic links", "-f FILE"),
    Case("3 GB", unreadable_length, 3, "that is no Dockerfile", "-f FILE"),
    Case("empty", "", 3, "the Dockerfile has no instruction", "FROM IMAGE"),
    Case("blank lines", "\n\n  \n", 3, "the Dockerfile has no instruction", "FROM IMAGE"),
    Case("comments only", "# syntax=docker/dockerfile:1\n# nothing yet\n", 3, "has no instruction", "FROM IMAGE"),
    Case("no FROM", "RUN true\n", 3, "FROM", "FROM IMAGE"),
    Case("not UTF-8", b"FROM scratch\nLABEL name=caf\xe9\n", 3, "line 2", "iconv -t utf-8"),
    Case("UTF-16", "FROM scratch\n".encode("utf-16"), 3, "UTF-8", ""),
    Case("a NUL byte", b"FROM scratch\nRUN \x00\n", 3, "NUL byte in line 2", "damaged"),
    Case("an unknown instruction", "FROM scratch\nRUNN make\n", 3, "RUNN", "RUN"),
    Case("an open heredoc", "FROM scratch\nRUN <<EOF\nmake\n", 3, "EOF", "line"),
    Case("an unknown target", TWO_STAGES, 2, "there is no stage called three", "one, two", ("--target", "three")),
    Case(
        "a cycle of stages",
        "FROM scratch AS one\nCOPY --from=two /x /x\nFROM one AS two\n",
        3,
        "line 2",
        "split it",
    ),
    Case("a stage that copies from itself", "FROM scratch AS one\nCOPY --from=one /x /y\n", 3, "line 2", "split it"),
    Case("a FROM without a value", "FROM $X\n", 3, "X is not defined", "--build-arg X=VALUE"),
    Case("a FROM without a tag", "FROM debian:$TAG\n", 3, "TAG is not defined", "--build-arg TAG=VALUE"),
    Case("no engine", GOOD, 3, "buildah is not installed", "apt-get install buildah"),
    Case("an unknown engine", GOOD, 2, "there is no engine called kaniko", "buildah", ("--engine", "kaniko")),
    Case("a file that is not there", GOOD, 2, "other.Dockerfile does not exist", "-f FILE", ("-f", "other.Dockerfile")),
    Case("an unknown rule", GOOD, 2, "no rule called apt-lists", "did you mean", ("--select", "apt-lists")),
    Case("a size without a unit", GOOD, 2, "150M", "MB", ("--min-saving", "150M")),
    Case("a budget that is none", GOOD, 2, "soon", "10m", ("--budget", "soon")),
    Case("a variable without a name", GOOD, 2, "--env has a value without a name", "--env NAME=VALUE", ("--env", "=x")),
    Case("a contract that is not there", GOOD, 2, "nothing.json", "", ("--contract", "nothing.json")),
    Case("a report into nowhere", GOOD, 2, "--output /no/such/place", "directory", ("-o", "/no/such/place")),
    Case("a name too long", GOOD, 2, "File name too long", "check the name", ("-f", "x" * 300)),
    Case("nothing to resume", GOOD, 2, "no interrupted run", "jettison runs", ("--resume",)),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_bad_input_is_refused_with_a_hint_and_nothing_is_touched(tmp_path: Path, case: Case) -> None:
    project = make_project(tmp_path, case.dockerfile)
    before = fingerprint(project)
    answer = optimize(project, *case.arguments, variables=without_engine(tmp_path), timeout=60)
    error, _, hint = answer.stderr.partition("\nhint: ")
    assert (case.code, "") == (answer.code, answer.stdout)
    assert "Traceback" not in answer.stderr
    assert case.said.format(project=project) in error
    assert hint.strip()
    assert case.hint in hint
    assert before == fingerprint(project)


def test_pipes_and_loops_are_no_files_and_nobody_waits_for_them(tmp_path: Path) -> None:
    project, pipe, loop = make_project(tmp_path, GOOD), tmp_path / "pipe", tmp_path / "loop"
    os.mkfifo(pipe)
    link_to_itself(loop)
    variables = without_engine(tmp_path)
    answer = optimize(project, "--env-file", str(pipe), variables=variables, timeout=60)
    assert (2, True) == (answer.code, f"{pipe} is not a regular file" in answer.stderr)
    answer = optimize(project, "-o", str(loop), variables=variables, timeout=60)
    assert (3, False) == (answer.code, "Traceback" in answer.stderr)  # 3: there is no engine


def make_project(folder: Path, dockerfile: bytes | str | Callable[[Path], object] | None) -> Path:
    project = folder / "project"
    project.mkdir()
    (project / "x").write_text("x")
    if callable(dockerfile):
        dockerfile(project / "Dockerfile")
    elif dockerfile is not None:
        data = dockerfile.encode() if isinstance(dockerfile, str) else dockerfile
        (project / "Dockerfile").write_bytes(data)
    return project


def without_engine(folder: Path) -> dict[str, str]:
    (folder / "bin").mkdir()
    return environment(folder / "state", PATH=str(folder / "bin"))


def test_the_whole_file_system_is_no_context(tmp_path: Path) -> None:
    answer = optimize("/", variables=without_engine(tmp_path), timeout=60)
    assert (2, True) == (answer.code, "the build context would be the whole file system" in answer.stderr)
    assert "hint: run jettison in the project's own directory" in answer.stderr


def test_a_project_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    answer = optimize(tmp_path / "nothing", variables=without_engine(tmp_path), timeout=60)
    assert (2, True) == (answer.code, "nothing does not exist" in answer.stderr)


@pytest.mark.parametrize("which", ["the file", "its directory"])
def test_a_dockerfile_that_could_not_be_replaced_is_told_before_anything_is_built(tmp_path: Path, which: str) -> None:
    project = make_project(tmp_path, GOOD)
    (project / "Dockerfile" if which == "the file" else project).chmod(0o444 if which == "the file" else 0o555)
    before = fingerprint(project)
    answer = optimize(project, "--write", variables=without_engine(tmp_path), timeout=60)
    if which == "its directory" and os.geteuid() == 0:  # root writes there all the same
        assert (3, True) == (answer.code, "buildah is not installed" in answer.stderr)
    else:
        assert (3, True, True) == (answer.code, "read-only" in answer.stderr, "--diff" in answer.stderr)
    assert before == fingerprint(project)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_text("a file"), "is not a directory"),
        (lambda path: (path.mkdir(), path.chmod(0o777)), "can be written by other users"),
    ],
    ids=["a file", "open to all"],
)
def test_a_state_directory_that_cannot_be_trusted_is_refused(
    tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    project = make_project(tmp_path, GOOD)
    make(tmp_path / "state")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "buildah").write_text("#!/bin/sh\nexit 1\n")
    variables = environment(tmp_path / "state", PATH=str(tmp_path / "bin"))
    answer = optimize(project, "--resume", variables=variables, timeout=60)
    assert (3, True, True) == (answer.code, said in answer.stderr, "JETTISON_STATE" in answer.stderr)
