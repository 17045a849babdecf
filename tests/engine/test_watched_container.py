"""A buildah container whose files are watched: what is opened and executed in it is told, whoever does it."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import wait_until

from jettison.engine import watch
from jettison.engine.buildah_sandbox import BuildahSandbox
from jettison.engine.model import ContainerState, Phase

pytestmark = pytest.mark.engine
Start = Callable[..., BuildahSandbox]


def test_a_watched_container_tells_what_was_opened_and_executed_in_it_and_nothing_else(begin: Start) -> None:
    sandbox = begin("sh", "-c", "cat /etc/group; : </www/../etc/passwd; sleep 60", watch=True)
    wait_until(lambda: b"app" in sandbox.logs()[0])
    assert 0 == sandbox.execute(["cat", "/www/index.html"], timeout=10).code
    found = sandbox.opened()
    assert found is not None
    assert {"/etc/group", "/etc/passwd", "/www/index.html", "/bin/busybox"} <= found.files
    assert {"/bin/busybox"} == found.executed
    assert [] == [path for path in found.files if "rootfs" in path or "overlay" in path]


def test_what_is_only_looked_at_was_not_opened(begin: Start) -> None:
    sandbox = begin("sh", "-c", "ls -l /www; echo done; sleep 60", watch=True)
    wait_until(lambda: b"done" in sandbox.logs()[0])
    found = sandbox.opened()
    assert found is not None
    assert "/www/index.html" not in found.files


def test_what_a_program_that_has_ended_had_opened_is_told(begin: Start) -> None:
    sandbox = begin("cat", "/www/index.html", watch=True)
    wait_until(lambda: sandbox.state().phase is Phase.EXITED)
    found = sandbox.opened()
    assert found is not None
    assert (ContainerState(Phase.EXITED, 0), True) == (sandbox.state(), "/www/index.html" in found.files)


def test_a_container_that_is_not_watched_tells_nothing(begin: Start) -> None:
    assert begin("sleep", "60").opened() is None


def test_where_nobody_may_watch_nothing_is_told_and_the_container_runs(
    begin: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_begin", _refuse)
    sandbox = begin("sleep", "60", watch=True)
    assert (None, Phase.RUNNING) == (sandbox.opened(), sandbox.state().phase)


def _refuse(mount: Path) -> int:
    raise PermissionError(errno.EPERM, "Operation not permitted")
