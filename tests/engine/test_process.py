"""Children that cannot hang us and do not outlive us; /bin/sh is all that they need."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from processes import wait_until

from jettison.engine.process import TAIL_LINES, has_flag, kill_group, run, start

pytestmark = pytest.mark.slow

FLOOD = (
    "import sys; [(sys.stderr.write('e' * 999 + chr(10)), sys.stdout.write('o' * 999 + chr(10))) for _ in range(1000)]"
)
STUBBORN = "trap '' TERM; echo $$; sleep 60 & echo $!; while :; do sleep 0.1; done"


def test_a_child_that_floods_both_its_outputs_does_not_hang_us() -> None:
    lines: list[str] = []
    ended = run([sys.executable, "-c", FLOOD], timeout=60, on_line=lines.append)
    assert (0, 2000, 1000, False) == (ended.code, len(lines), lines.count("e" * 999), ended.timed_out)
    assert TAIL_LINES == len(ended.lines)


def test_lines_come_while_the_child_still_runs() -> None:
    seen: list[float] = []
    run(["sh", "-c", "echo now; sleep 1"], on_line=lambda line: seen.append(time.monotonic()))
    assert time.monotonic() - seen[0] > 0.9  # however busy the machine is: the child slept after its line had come


def test_a_line_without_an_end_and_bytes_that_are_no_text_are_lines_too() -> None:
    ended = run(["printf", "one\\r\\ncaf\\351\\nlast"], timeout=20)
    assert ("one", "caf\ufffd", "last") == ended.lines


def test_a_line_without_end_is_cut_and_not_held() -> None:
    ended = run([sys.executable, "-c", "import sys; sys.stdout.write('x' * 3_000_000)"], timeout=60)
    assert 3_000_000 == sum(map(len, ended.lines))
    assert max(map(len, ended.lines)) < 2_000_000


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", -9), ("kill -TERM $$", -15)])
def test_the_code_is_the_childs_or_its_signal(script: str, code: int) -> None:
    assert code == run(["sh", "-c", script], timeout=20).code


def test_a_program_that_is_not_there_is_an_os_error() -> None:
    with pytest.raises(FileNotFoundError):
        run(["/no/such/program"])


def test_a_child_reads_nothing_from_us() -> None:
    assert 0 == run(["cat"], timeout=20).code


def test_a_timeout_ends_the_child_and_says_so() -> None:
    ended = run(["sh", "-c", "echo begun; sleep 60"], timeout=0.5)
    assert (True, -signal.SIGTERM, ("begun",)) == (ended.timed_out, ended.code, ended.lines)
    assert ended.seconds < 5


def test_a_timeout_ends_a_child_that_prints_all_the_while() -> None:
    ended = run(["sh", "-c", "while :; do echo x; done"], timeout=0.5)
    assert (True, True) == (ended.timed_out, ended.seconds < 20)


def test_a_timeout_ends_grandchildren_that_ignore_the_signal() -> None:
    pids: list[int] = []
    ended = run(["sh", "-c", STUBBORN], timeout=0.5, on_line=lambda line: pids.append(int(line)))
    assert (True, -signal.SIGKILL, 2) == (ended.timed_out, ended.code, len(pids))
    wait_until(lambda: not any(map(alive, pids)))


def test_a_grandchild_that_ignores_the_signal_ends_though_the_child_obeyed() -> None:
    child = start(["sh", "-c", "(trap '' TERM; echo ready; exec sleep 60) & trap 'exit 0' TERM; wait; wait"])
    assert child.stdout is not None
    with child.stdout:
        assert b"ready\n" == child.stdout.readline()
        time.sleep(0.1)
        kill_group(child, grace=5.0)
        assert b"" == child.stdout.read()  # the last holder of the pipe is gone


def test_a_daemon_that_keeps_the_pipe_does_not_keep_us() -> None:
    ended = run(["sh", "-c", "sleep 60 & echo $!"])
    assert (0, 1, False) == (ended.code, len(ended.lines), ended.timed_out)
    assert ended.seconds < 10
    wait_until(lambda: not alive(int(ended.lines[0])))


@pytest.mark.parametrize("raised", [KeyboardInterrupt, RuntimeError])
def test_whatever_ends_us_ends_the_child_first(raised: type[BaseException]) -> None:
    pids: list[int] = []

    def stop(line: str) -> None:
        pids.append(int(line))
        raise raised

    with pytest.raises(raised):
        run(["sh", "-c", "echo $$; sleep 60"], on_line=stop)
    wait_until(lambda: not any(map(alive, pids)))


def test_a_child_dies_with_us_however_we_die() -> None:
    script = "from jettison.engine.process import run; run(['sh', '-c', 'echo $$; sleep 60'], on_line=print)"
    parent = subprocess.Popen([sys.executable, "-uc", script], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout:
        pid = int(parent.stdout.readline())
    assert alive(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    wait_until(lambda: not alive(pid))


def test_a_signal_that_we_ignore_is_not_ignored_by_the_child() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert -signal.SIGINT == run(["sh", "-c", "kill -INT $$; exit 0"], timeout=20).code
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_environment_is_the_given_one() -> None:
    assert ("1",) == run(["sh", "-c", "echo $GIVEN"], timeout=20, environment={**os.environ, "GIVEN": "1"}).lines


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("help_text", "expected"),
    [
        ("      --build-context argument=value   further context", True),
        ("  -c, --build-context, --other", True),
        ("      --build-contexts   another flag", False),
        ("      --build-arg", False),
    ],
)
def test_a_command_is_asked_for_its_flags(tmp_path: Path, help_text: str, expected: bool) -> None:
    program = tmp_path / "builder"
    program.write_text(f"#!/bin/sh\n[ $2 = --help ] && echo '{help_text}'\n")
    program.chmod(0o755)
    assert expected == has_flag((str(program), "build"), "--build-context")


def test_a_command_that_fails_has_no_flags() -> None:
    assert not has_flag(("sh", "-c", "echo --build-context; exit 1"), "--build-context")


def test_a_child_that_closes_its_outputs_and_goes_on_is_ended_in_time_too() -> None:
    began = time.monotonic()
    ended = run(["sh", "-c", "exec >&- 2>&-; sleep 60"], timeout=1.0)
    assert (True, True) == (ended.timed_out, ended.code < 0)
    assert time.monotonic() - began < 30


def test_one_that_ends_by_itself_after_that_has_its_own_exit_code() -> None:
    ended = run(["sh", "-c", "echo out; exec >&- 2>&-; sleep 0.3; exit 7"], timeout=60)
    assert (7, ("out",), False) == (ended.code, ended.lines, ended.timed_out)
