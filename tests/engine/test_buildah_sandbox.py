"""Containers started for real: reached, watched, asked and ended, with nothing left."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from engine_base import BASE, Store
from processes import processes_of, wait_until

from jettison.core.errors import EngineError
from jettison.engine.buildah import Buildah
from jettison.engine.buildah_sandbox import LOG_LIMIT, BuildahSandbox
from jettison.engine.model import PREFIX, ContainerState, Listener, Phase

pytestmark = pytest.mark.engine
Start = Callable[..., BuildahSandbox]
HTTPD = ("httpd", "-f", "-h", "/www", "-p")


def test_a_port_open_to_all_is_seen_and_reached_from_outside(begin: Start) -> None:
    sandbox = begin(*HTTPD, "8000")
    wait_until(sandbox.listeners)
    assert {8000} == {one.port for one in sandbox.listeners()}
    assert (b"hello\n", b"hello\n") == (fetch(sandbox, 8000), fetch(sandbox, 8000, loopback=True))


def test_a_port_on_loopback_is_refused_from_outside(begin: Start) -> None:
    sandbox = begin(*HTTPD, "127.0.0.1:8000")
    wait_until(sandbox.listeners)
    assert {Listener("tcp", "127.0.0.1", 8000)} == sandbox.listeners()
    assert b"hello\n" == fetch(sandbox, 8000, loopback=True)
    with pytest.raises(ConnectionRefusedError):
        sandbox.connect(8000, 2.0)


def test_two_containers_may_listen_on_one_port_and_a_port_taken_on_the_host_does_not_matter(begin: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        one, two = begin(*HTTPD, str(port)), begin(*HTTPD, str(port))
        wait_until(one.listeners)
        wait_until(two.listeners)
        assert [b"hello\n", b"hello\n"] == [fetch(one, port), fetch(two, port)]


def test_there_is_no_way_out(begin: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as outside:
        sandbox = begin("nc", "-w", "2", "127.0.0.1", str(outside.getsockname()[1]))
        assert 1 == ended(sandbox).code
        outside.settimeout(0)
        with pytest.raises(BlockingIOError):
            outside.accept()


def test_what_is_printed_is_kept_apart_and_is_the_applications_alone(begin: Start) -> None:
    sandbox = begin("sh", "-c", "echo out; echo err >&2; exit 7")
    assert ContainerState(Phase.EXITED, 7) == ended(sandbox)
    assert (b"out\n", b"err\n") == sandbox.logs()


def test_a_last_line_without_its_end_stays_as_it_is(begin: Start) -> None:
    sandbox = begin("sh", "-c", "printf 'no newline' >&2; exit 3")
    assert (3, b"no newline") == (ended(sandbox).code, sandbox.logs()[1])


@pytest.mark.parametrize("code", [0, 1, 125, 126, 127, 137, 255])
def test_an_exit_code_is_the_applications_own(begin: Start, code: int) -> None:
    assert ContainerState(Phase.EXITED, code) == ended(begin("sh", "-c", f"exit {code}"))


@pytest.mark.parametrize("name", ["SEGV", "KILL", "TERM", "ABRT", "XCPU", "USR1"])
def test_death_by_a_signal_is_128_and_its_number(begin: Start, name: str) -> None:
    sandbox = begin("sh", "-c", f"printf dying >&2; kill -{name} $$")
    assert (128 + signal.Signals[f"SIG{name}"], b"dying") == (ended(sandbox).code, sandbox.logs()[1])


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("/no/such/file", 127, "no such file or directory"),
        ("nosuchcommand", 127, "executable file not found"),
        ("/etc/passwd", 126, "permission denied"),
        ("/www", 126, "permission denied"),
    ],
)
def test_what_cannot_be_executed_says_why(begin: Start, command: str, code: int, said: str) -> None:
    sandbox = begin(command)
    state = ended(sandbox)
    assert (code, True, b"") == (state.code, said in state.error, sandbox.logs()[1])


def test_an_image_that_names_no_command_says_so(begin: Start) -> None:
    assert ContainerState(Phase.EXITED, 127, "the image names no command") == begin().state()


def test_a_user_that_the_image_does_not_know_is_told(begin: Start, engine: Buildah, request_of: Callable) -> None:  # type: ignore[type-arg]
    image = engine.build(request_of('USER nosuch\nCMD ["true"]\n')).image_id
    state = ended(begin(image=image))
    assert (125, True) == (state.code, 'unknown user error looking up user "nosuch"' in state.error)


def test_entry_point_user_environment_and_directory_are_the_images(
    begin: Start,
    engine: Buildah,
    request_of: Callable,  # type: ignore[type-arg]
) -> None:
    text = 'ENV A=image B=image\nWORKDIR /www\nUSER app\nENTRYPOINT ["sh", "-c"]\n'
    text += 'CMD ["pwd; id -u; echo $A $B; hostname"]\n'
    image = engine.build(request_of(text)).image_id
    sandbox = begin(image=image, environment={"B": "given"})
    assert 0 == ended(sandbox).code
    assert b"/www\n1234\nimage given\njettison\n" == sandbox.logs()[0]


def test_arguments_replace_the_command_and_not_the_entry_point(
    begin: Start,
    engine: Buildah,
    request_of: Callable,  # type: ignore[type-arg]
) -> None:
    image = engine.build(request_of('ENTRYPOINT ["echo", "entry"]\nCMD ["command"]\n')).image_id
    sandbox = begin(image=image, arguments=("given",))
    ended(sandbox)
    assert b"entry given\n" == sandbox.logs()[0]


def test_the_main_process_is_the_applications_with_its_user(
    begin: Start,
    engine: Buildah,
    request_of: Callable,  # type: ignore[type-arg]
) -> None:
    image = engine.build(request_of('USER app\nCMD ["sleep", "600"]\n')).image_id
    sandbox = begin(image=image)
    wait_until(sandbox.process)
    facts = sandbox.process()
    assert facts is not None
    assert (1234, 1234, "busybox") == (facts.uid, facts.gid, Path(facts.executable).name)


def test_no_process_of_the_set_up_is_ever_taken_for_the_application(begin: Start) -> None:
    sandbox = begin("sleep", "600")
    wait_until(sandbox.process)
    deadline = time.monotonic() + 1
    seen = set()
    while time.monotonic() < deadline:
        facts = sandbox.process()
        seen.add(Path(facts.executable).name if facts else None)
    assert {"busybox"} == seen


def test_a_buildah_that_a_script_starts_is_no_application(
    begin: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a distribution wraps its programs."""
    real, wrapper = shutil.which("buildah"), tmp_path / "bin" / "buildah"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    sandbox = begin("sleep", "600")
    seen = set()
    deadline = time.monotonic() + 20
    while "busybox" not in seen and time.monotonic() < deadline:
        facts = sandbox.process()
        seen |= {Path(facts.executable).name} if facts else set()
    assert {"busybox"} == seen


def test_the_processors_time_counts_the_application(begin: Start) -> None:
    sandbox = begin("sh", "-c", "while :; do :; done")
    wait_until(sandbox.process)
    before = sandbox.cpu_seconds() or 0.0
    time.sleep(1.0)
    assert (sandbox.cpu_seconds() or 0.0) - before > 0.2


def test_files_that_were_written_are_listed_and_the_engines_own_are_not(begin: Start) -> None:
    sandbox = begin(
        "sh", "-c", "mkdir -p /data/deep; echo x > /data/deep/file; echo y >> /www/index.html; rm /etc/group"
    )
    ended(sandbox)
    assert {b"/data/deep/file", b"/www/index.html", b"/etc/group"} == sandbox.written()


def test_a_command_runs_beside_the_application_with_its_output_and_code(begin: Start) -> None:
    sandbox = begin(*HTTPD, "8000", environment={"FROM_START": "1"})
    wait_until(sandbox.listeners)
    line = "wget -qO- http://127.0.0.1:8000/; echo $FROM_START $GIVEN; echo wrong >&2; exit 4"
    done = sandbox.execute(["sh", "-c", line], timeout=20, environment={"GIVEN": "2"})
    assert (4, b"hello\n1 2\n", b"wrong\n", False) == (done.code, done.stdout, done.stderr, done.timed_out)


def test_a_command_that_is_not_there_answers_127(begin: Start) -> None:
    sandbox = begin("sleep", "600")
    wait_until(sandbox.process)
    done = sandbox.execute(["nosuch"], timeout=20)
    assert (127, b"nosuch: no such file or directory\n") == (done.code, done.stderr)


def test_variables_of_the_image_are_the_commands_and_not_ours(
    begin: Start,
    engine: Buildah,
    request_of: Callable,  # type: ignore[type-arg]
) -> None:
    image = engine.build(request_of('ENV LD_PRELOAD=libnothing.so LANG=caf\u00e9\nCMD ["sleep", "600"]\n')).image_id
    sandbox = begin(image=image)
    wait_until(sandbox.process)
    done = sandbox.execute(["sh", "-c", "echo $LD_PRELOAD $LANG"], timeout=20)
    assert ("libnothing.so caf\u00e9\n".encode(), b"") == (done.stdout, done.stderr)


def test_a_command_that_does_not_end_is_ended_and_so_is_what_it_started(begin: Start) -> None:
    sandbox = begin("sleep", "600")
    wait_until(sandbox.process)
    began = time.monotonic()
    done = sandbox.execute(["sh", "-c", "echo begun; setsid sleep 601 & sleep 602"], timeout=1.0)
    assert (124, b"begun\n", True) == (done.code, done.stdout, done.timed_out)
    assert time.monotonic() - began < 5
    assert Phase.RUNNING == sandbox.state().phase


def test_a_command_that_leaves_a_process_behind_does_not_hold_us(begin: Start) -> None:
    sandbox = begin("sleep", "600")
    wait_until(sandbox.process)
    began = time.monotonic()
    done = sandbox.execute(["sh", "-c", "sleep 30 >/dev/null 2>&1 & echo done"], timeout=10)
    assert (0, b"done\n") == (done.code, done.stdout)
    assert time.monotonic() - began < 8


def test_a_command_in_a_container_that_ended_is_refused(begin: Start) -> None:
    sandbox = begin("true")
    ended(sandbox)
    assert 125 == sandbox.execute(["true"], timeout=5).code


def test_stopping_asks_first_and_an_application_that_obeys_ends_with_its_own_code(begin: Start) -> None:
    sandbox = begin("sh", "-c", "trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.1; done")
    wait_until(lambda: sandbox.logs()[0])
    began = time.monotonic()
    assert ContainerState(Phase.EXITED, 5) == sandbox.stop(10.0)
    assert (b"up\nbye\n", True) == (sandbox.logs()[0], time.monotonic() - began < 5)


def test_an_application_that_ignores_the_signal_is_killed_after_its_grace(begin: Start) -> None:
    sandbox = begin("sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done")
    wait_until(lambda: sandbox.logs()[0])
    began = time.monotonic()
    assert ContainerState(Phase.EXITED, 137) == sandbox.stop(1.0)
    assert 1.0 <= time.monotonic() - began < 5


def test_the_images_own_stop_signal_is_used(begin: Start, engine: Buildah, request_of: Callable) -> None:  # type: ignore[type-arg]
    text = "STOPSIGNAL SIGUSR1\nCMD trap 'exit 9' USR1; trap 'exit 15' TERM; echo up; while :; do sleep 0.1; done\n"
    sandbox = begin(image=engine.build(request_of(text)).image_id)
    wait_until(lambda: sandbox.logs()[0])
    assert 9 == sandbox.stop(10.0).code


def test_an_application_that_writes_without_end_does_not_hang_us_and_its_logs_are_capped(begin: Start) -> None:
    sandbox = begin(
        "sh",
        "-c",
        "dd if=/dev/zero bs=1048576 count=9 >&2 2>/dev/null; dd if=/dev/zero bs=1048576 count=9 2>/dev/null; exit 6",
    )
    assert 6 == ended(sandbox).code
    assert 4 * 2**20 == len(sandbox.logs()[0])


def test_processes_that_leave_their_group_end_with_the_container(begin: Start) -> None:
    sandbox = begin("sh", "-c", "setsid sleep 603 & setsid sh -c \"trap '' TERM HUP; sleep 604\" & echo up; sleep 605")
    wait_until(lambda: sandbox.logs()[0])
    sandbox.close()
    wait_until(lambda: not any(processes_of(f"60{n}") for n in (3, 4, 5)))


NOT_SEALED = """#!/bin/sh
if [ "$1" = run ] && [ $(wc -l < {tries}) -lt {failing} ]; then
    echo >> {tries}
    echo "Close_Fd sealing memfd copy: Device or resource busy" >&2
    echo "Error: exit status 1" >&2
    exit 1
fi
exec {real} "$@"
"""


def cannot_seal(folder: Path, monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    """Puts a buildah before the real one that so many runs fail of, each a byte in `tries`."""
    (folder / "tries").touch()
    program = folder / "buildah"
    program.write_text(NOT_SEALED.format(tries=folder / "tries", failing=failing, real=shutil.which("buildah")))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


@pytest.mark.parametrize(("failing", "expected"), [(1, 7), (9, 1)])
def test_an_application_that_buildah_never_began_is_started_again(
    begin: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int, expected: int
) -> None:
    cannot_seal(tmp_path, monkeypatch, failing)
    sandbox = begin("sh", "-c", "echo said; exit 7")
    assert ContainerState(Phase.EXITED, expected) == ended(sandbox)
    assert (b"said\n" if expected == 7 else b"") == sandbox.logs()[0]
    assert min(failing, 3) == len((tmp_path / "tries").read_text())


def test_what_is_stopped_is_not_begun_again(begin: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cannot_seal(tmp_path, monkeypatch, 1)
    sandbox = begin("sleep", "60")
    wait_until(lambda: b"sealing" in sandbox.logs()[1])
    assert Phase.EXITED is sandbox.stop(2.0).phase
    assert 1 == len((tmp_path / "tries").read_text())


def test_closing_twice_is_once(begin: Start) -> None:
    sandbox = begin("sleep", "600")
    sandbox.close()
    sandbox.close()
    with pytest.raises(ConnectionRefusedError):
        sandbox.connect(80, 1.0)


def test_an_image_that_is_gone_is_an_error_of_the_engine(begin: Start) -> None:
    with pytest.raises(EngineError, match="is gone"):
        begin(image="localhost/jettison/nothing:v9")


_KILLED = """
import sys, time
from jettison.engine.buildah import Buildah
from jettison.engine.model import RunOptions
sandbox = Buildah.find().start(sys.argv[1], RunOptions(command=("sleep", "606"), label="killed-sandbox"))
while sandbox.process() is None:
    time.sleep(0.05)
print("up", flush=True)
time.sleep(600)
"""


def test_a_container_dies_with_us_however_we_die_and_its_rest_is_swept(
    begin: Start, engine: Buildah, store: Store
) -> None:
    child = subprocess.Popen([sys.executable, "-c", _KILLED, BASE], stdout=subprocess.PIPE)
    assert child.stdout is not None
    with child.stdout:
        assert b"up\n" == child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    child.wait()
    wait_until(lambda: not processes_of("606"))
    removed = engine.sweep(f"{PREFIX}/killed-sandbox:")
    assert 2 == len(set(removed))  # the container, with its cgroup of the same name, and its temporary folder


def fetch(sandbox: BuildahSandbox, port: int, *, loopback: bool = False) -> bytes:
    with sandbox.connect(port, 5.0, loopback=loopback) as connection:
        connection.settimeout(5.0)
        connection.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
        data = b""
        while chunk := connection.recv(4096):
            data += chunk
    return data.partition(b"\r\n\r\n")[2]


def ended(sandbox: BuildahSandbox) -> ContainerState:
    wait_until(lambda: sandbox.state().phase is Phase.EXITED)
    return sandbox.state()


def test_a_program_that_prints_without_end_fills_no_disk(begin: Start) -> None:
    sandbox = begin("yes")
    printed = sandbox._folder / "main.out"
    wait_until(lambda: printed.stat().st_size > 24 * 2**20)
    time.sleep(1)
    status = printed.stat()
    assert (True, True) == (status.st_size > 24 * 2**20, status.st_blocks * 512 < status.st_size - 2**20)
    assert b"y\n" * (LOG_LIMIT // 2) == sandbox.logs()[0]
