"""A machine that does not play along: full disks, read-only places, an engine that dies, two runs at once."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bad_project import command, environment, fingerprint, optimize
from engine_base import BASE, Store

from jettison.engine.leftovers import working_containers

SERVE = 'CMD ["httpd", "-f", "-h", "/www", "-p", "8000"]\n'
WASTE = "RUN head -c 3000000 /dev/urandom > /big\nRUN rm /big\n"  # what `deleted-in-a-later-layer` saves
Make = Callable[..., Path]

_AS_NOBODY = """
import os, sys
from jettison.cli import main, optimize  # what is imported before may be read by root alone
from jettison.rule import all_rules
all_rules()
os.chdir(sys.argv[1])
if os.geteuid() == 0:
    os.setgroups([])
    os.setresuid(65534, 65534, 65534)
sys.exit(main.main(["optimize", ".", *sys.argv[2:]]))
"""


@pytest.mark.skipif(shutil.which("buildah") is None, reason="needs buildah on the PATH: without it, that is said first")
@pytest.mark.parametrize(
    ("engine", "said", "hint"),
    [
        ("buildah", "buildah needs root", "run jettison as root"),
        ("docker", "may not use the Docker daemon's socket", "join the group docker"),
    ],
)
def test_somebody_without_permission_is_told_what_is_needed(engine: str, said: str, hint: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        project.chmod(0o755)
        (project / "Dockerfile").write_text("FROM scratch\nCOPY x /x\n")
        (project / "Dockerfile").chmod(0o644)
        before = fingerprint(project)
        words = [sys.executable, "-c", _AS_NOBODY, folder, "--engine", engine]
        with socket.socket(socket.AF_UNIX) as daemon, tempfile.TemporaryDirectory() as private:
            daemon.bind(f"{private}/docker.sock")
            os.chmod(f"{private}/docker.sock", 0 if os.geteuid() else 0o600)  # noqa: PTH101
            (Path(private) / "docker").write_text("#!/bin/sh\nexit 1\n")  # the command: here or not, it is found
            (Path(private) / "docker").chmod(0o755)
            Path(private).chmod(0o755)
            path = f"{private}:{os.environ['PATH']}"
            variables = environment(project / "state", DOCKER_HOST=f"unix://{private}/docker.sock", PATH=path)
            ended = subprocess.run(words, capture_output=True, text=True, timeout=60, env=variables)
        assert (3, "") == (ended.returncode, ended.stdout), ended.stderr
        error, _, advice = ended.stderr.partition("hint: ")
        assert (True, True) == (said in error, hint in advice), ended.stderr
        assert before == fingerprint(project)


@pytest.mark.engine
def test_an_engine_that_dies_while_it_builds_is_said_to_have_died(
    make_project: Make, variables: dict[str, str], store: Store
) -> None:
    project = make_project(f"RUN echo started; sleep 600\n{SERVE}")
    before = fingerprint(project)
    with running(project, "-v", variables=variables) as jettison:
        wait_for(jettison, "started")
        engine = [pid for pid in children_of(jettison.pid) if b"bud" in arguments(pid)]
        os.kill(engine[0], signal.SIGKILL)
        _, errors = jettison.communicate(timeout=60)
    assert (3, 1) == (jettison.returncode, len(engine))
    assert "buildah was killed by signal 9" in errors
    assert "hint: " in errors
    assert before == fingerprint(project)
    assert_nothing_is_left(variables, store)


@pytest.mark.engine
def test_a_second_run_on_one_project_is_refused_and_the_first_one_goes_on(
    make_project: Make, variables: dict[str, str], store: Store
) -> None:
    project = make_project(f"RUN echo started; sleep 600\n{SERVE}")
    before = fingerprint(project)
    with running(project, "-v", variables=variables) as first:
        wait_for(first, "started")
        second = optimize(project, variables=variables)
        assert first.poll() is None
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=60)
    assert (3, True) == (second.code, f"another jettison works on {project} already" in second.stderr), second.stderr
    assert (True, True) == (f"process {first.pid}" in second.stderr, "hint: wait until it has" in second.stderr)
    assert 143 == first.returncode
    assert before == fingerprint(project)
    assert_nothing_is_left(variables, store)


@pytest.mark.engine
def test_what_a_killed_run_left_is_swept_by_the_next_one_and_nothing_else(
    make_project: Make, variables: dict[str, str], store: Store
) -> None:
    project = make_project(f"ARG HOW=hang\nRUN echo started; [ $HOW = go ] || sleep 600\n{SERVE}")
    store.buildah("from", "--name", "users-own", BASE)
    with running(project, "-v", variables=variables) as jettison:
        wait_for(jettison, "started")
        jettison.send_signal(signal.SIGKILL)
        jettison.wait()
    assert {"", "jettison"} == {one.mark.partition("/")[0] for one in working_containers(store.graph_root)}
    answer = optimize(project, "--build-only", "--build-arg", "HOW=go", variables=variables)
    assert (0, True) == (answer.code, "removed what a killed run had left" in answer.stderr), answer.stderr
    assert ["users-own"] == [one.name for one in working_containers(store.graph_root)]
    store.buildah("rm", "users-own")
    assert_nothing_is_left(variables, store)


@pytest.mark.engine
def test_a_context_with_loops_pipes_sockets_and_holes_does_not_hang(
    make_project: Make, variables: dict[str, str]
) -> None:
    project = make_project(f"COPY some /some\n{SERVE}", some="thing")
    (project / "loop").symlink_to("loop")
    (project / "deep").mkdir()
    (project / "deep" / "up").symlink_to("..")
    os.mkfifo(project / "pipe")
    (project / "hole").touch()
    os.truncate(project / "hole", 3 * 10**9)
    (project / os.fsdecode(b"caf\xe9\n\x1b[31m")).touch()
    before = fingerprint(project)
    answer = optimize(project, "--build-only", variables=variables, timeout=90)
    assert (0, False) == (answer.code, "\x1b" in answer.stdout + answer.stderr), answer.stderr
    assert before == fingerprint(project)


@pytest.mark.engine
def test_a_project_that_is_read_only_is_made_small_and_not_written(
    make_project: Make, variables: dict[str, str]
) -> None:
    project = make_project(WASTE + SERVE)
    with mounted(project, "--bind", str(project)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(project)], check=True)
        before = fingerprint(project)
        refused = optimize(project, "--write", variables=variables)
        answer = optimize(project, "--build-only", "--diff", variables=variables)
        assert before == fingerprint(project)
    assert (3, True) == (refused.code, "lies on a read-only file system" in refused.stderr), refused.stderr
    assert "hint: take the change from --diff" in refused.stderr
    assert (0, True, True) == (answer.code, "-RUN rm /big" in answer.stdout, "3.0 MB" in answer.stdout), answer


@pytest.mark.engine
def test_a_result_that_does_not_fit_on_the_disk_is_printed_and_the_old_file_stays(
    make_project: Make, variables: dict[str, str]
) -> None:
    project = make_project("")
    with mounted(project, "-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs"):
        (project / "Dockerfile").write_text(f"FROM {BASE}\n{WASTE}{SERVE}")
        fill(project / "filler")
        before = fingerprint(project, directory_times=False)  # a file was begun there, and removed
        answer = optimize(project, "--build-only", "--write", "--diff", variables=variables)
        assert before == fingerprint(project, directory_times=False)
    assert (3, True, True) == (answer.code, "No space left on device" in answer.stderr, "hint: " in answer.stderr), (
        answer
    )
    assert "-RUN rm /big" in answer.stdout


@pytest.mark.engine
def test_a_full_state_directory_ends_the_run_and_leaves_no_image(
    make_project: Make, variables: dict[str, str], store: Store
) -> None:
    project, state = make_project(SERVE), Path(variables["JETTISON_STATE"])
    before = fingerprint(project)
    state.mkdir()
    with mounted(state, "-t", "tmpfs", "-o", "size=16k,mode=700", "tmpfs"):
        answer = optimize(project, variables=variables)
    assert (3, "") == (answer.code, answer.stdout), answer
    assert "No space left on device" in answer.stderr
    assert "JETTISON_STATE" in answer.stderr.partition("hint: ")[2]
    assert before == fingerprint(project)
    assert_nothing_is_left(variables, store)


@pytest.mark.engine
@pytest.mark.parametrize("full", ["the store", "temporary files"])
def test_a_disk_that_fills_while_building_is_named_and_nothing_is_left(
    tmp_path: Path, variables: dict[str, str], store: Store, full: str
) -> None:
    project, small = tmp_path / "project", tmp_path / "small"
    project.mkdir()
    small.mkdir()
    shutil.copy(store.busybox, project / "busybox")
    fat = "" if full == "the store" else "COPY fat /fat\n"
    (project / "Dockerfile").write_text(
        f'FROM scratch\nCOPY busybox /bin/busybox\n{fat}RUN ["/bin/busybox", "dd", "if=/dev/zero", "of=/x", '
        '"bs=1000", "count=20000"]\n'
    )
    (project / "fat").write_bytes(bytes(20_000_000))
    before = fingerprint(project)
    with mounted(small, "-t", "tmpfs", "-o", "size=12m,mode=700", "tmpfs"):
        if full == "the store":
            (tmp_path / "storage.conf").write_text(
                f'[storage]\ndriver = "overlay"\ngraphroot = "{small}/graph"\nrunroot = "{small}/run"\n'
            )
            variables |= {"CONTAINERS_STORAGE_CONF": str(tmp_path / "storage.conf")}
        else:
            variables |= {"TMPDIR": str(small)}
        answer = optimize(project, variables=variables)
        left = [path for path in small.iterdir() if path.name.startswith("jettison")]
        if full == "the store":
            subprocess.run(["umount", "--lazy", str(small / "graph" / "overlay")], capture_output=True)
    assert (3, "", []) == (answer.code, answer.stdout, left), answer.stderr
    assert "no space left while building" in answer.stderr
    assert "free some space" in answer.stderr.partition("hint: ")[2]
    assert before == fingerprint(project)


@contextmanager
def mounted(place: Path, *options: str) -> Iterator[None]:
    subprocess.run(["mount", *options, str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--recursive", "--lazy", str(place)], check=True)


def fill(path: Path) -> None:
    """Write until there is no space left."""
    with path.open("wb", buffering=0) as stream:
        try:
            while stream.write(bytes(512)):
                pass
        except OSError:
            return


@contextmanager
def running(project: Path, *arguments_: str, variables: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        command(project, *arguments_), env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def wait_for(child: subprocess.Popen[str], line: str) -> None:
    assert child.stderr is not None
    for said in child.stderr:
        if said.strip() == line:
            return
    raise AssertionError(f"{line!r} was never said")


def children_of(pid: int) -> list[int]:
    return [
        int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()
    ]


def arguments(pid: int) -> list[bytes]:
    return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")


def assert_nothing_is_left(variables: dict[str, str], store: Store) -> None:
    """No container, no image under our prefix, no temporary folder; waits for what is just ending."""
    deadline = time.monotonic() + 5
    while list(Path(variables["TMPDIR"]).iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [] == list(Path(variables["TMPDIR"]).iterdir())
    assert () == working_containers(store.graph_root)
    assert "localhost/jettison/" not in store.buildah("images")
