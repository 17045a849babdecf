"""Child processes that cannot hang us and do not outlive us.

One pipe for stdout and stderr together: two pipes read one after the other hang on a child that fills the second.
"""

from __future__ import annotations

import ctypes
import os
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

PR_SET_PDEATHSIG = 1  # linux/prctl.h
TAIL_LINES = 400
BUILD_LINES = 50_000  # a build's whole output, but for absurd ones: instructions are counted in it
_SILENCE = 1.0  # seconds without output after which we look whether the child still lives
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Ended:
    """A child that ended: `code` is negative where a signal killed it; `lines` are the last it printed."""

    code: int
    seconds: float
    lines: tuple[str, ...]
    timed_out: bool = False


def _die_with_parent() -> None:
    """Between fork and exec: the kernel kills the child when we die, however we die."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)  # a build started by us must not inherit an ignored SIGINT


def start(command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """The child, in a session of its own, stdout and stderr in one pipe. Raises OSError."""
    return subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_die_with_parent,
        env=dict(environment) if environment is not None else None,
    )


def has_flag(command: Sequence[str], flag: str, environment: Mapping[str, str] | None = None) -> bool:
    """Whether a command's own help names this flag: what it does not know it refuses."""
    ended = run([*command, "--help"], timeout=60, environment=environment)
    return ended.code == 0 and any(flag in line.replace(",", " ").split() for line in ended.lines)


def run(
    command: Sequence[str],
    *,
    timeout: float | None = None,
    on_line: Callable[[str], None] | None = None,
    environment: Mapping[str, str] | None = None,
    tail: int = TAIL_LINES,
) -> Ended:
    """Run to the end, keeping the last `tail` lines; whatever ends us (an exception, a signal) ends the child first."""
    began = time.monotonic()
    child = start(command, environment=environment)
    kept: deque[str] = deque(maxlen=tail)

    def take(line: str) -> None:
        kept.append(line)
        if on_line is not None:
            on_line(line)

    try:
        deadline = None if timeout is None else began + timeout
        timed_out = not (_read_lines(child, take, deadline) and _is_over(child, deadline))
        if timed_out:
            kill_group(child, grace=2.0)
        code = child.wait()
    except BaseException:
        kill_group(child, grace=2.0)
        raise
    finally:
        if child.stdout is not None:
            child.stdout.close()
    return Ended(code, time.monotonic() - began, tuple(kept), timed_out)


def _read_lines(child: subprocess.Popen[bytes], take: Callable[[str], None], deadline: float | None) -> bool:
    """Feed lines until the pipe closes; False where the deadline passed first."""
    assert child.stdout is not None
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while True:
            left = _SILENCE if deadline is None else min(_SILENCE, deadline - time.monotonic())
            if left <= 0:
                return False
            if not selector.select(left):
                if child.poll() is None:
                    continue
                kill_group(child, grace=0.0)  # the child has ended, and what it started still holds the pipe
                break
            chunk = os.read(child.stdout.fileno(), 65536)
            if not chunk:
                break
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                take(line.decode("utf-8", "replace").rstrip("\r"))
            if len(rest) > 2**20:
                take(rest.decode("utf-8", "replace"))
                rest = b""
    if rest:
        take(rest.decode("utf-8", "replace"))
    return True


def _is_over(child: subprocess.Popen[bytes], deadline: float | None) -> bool:
    """Whether a child that prints no more, its pipe closed, ends before the deadline."""
    try:
        child.wait(None if deadline is None else max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def kill_group(child: subprocess.Popen[bytes], *, grace: float) -> None:
    """SIGTERM to the child's whole group, `grace` seconds, SIGKILL; returns when the child is reaped."""
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 10.0)):
        try:
            os.killpg(child.pid, number)
        except (ProcessLookupError, PermissionError):
            pass
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        if number == signal.SIGTERM:
            try:  # the child is gone; members of its group that ignored SIGTERM are not
                os.killpg(child.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        return
