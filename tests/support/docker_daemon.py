"""A Docker daemon for the tests: the one that runs here, else one of the tests' own in a temporary folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from jettison.engine import docker
from jettison.engine.docker import Docker

SYSTEM = Path("/var/run/docker.sock")
_OURS = "jettison-docker-"
_SECONDS = 60.0  # until a daemon of our own answers
_ours_runs = threading.Event()


@contextmanager
def docker_daemon(mirror: str = "") -> Iterator[str]:
    """The address (`unix://...`) of a daemon that answers; skips where there is none and none can be started.

    With a mirror (`http://127.0.0.1:PORT`) it is one of the tests' own, that has official images from there.
    """
    if os.geteuid() != 0:
        pytest.skip("no Docker daemon: not root")
    if not mirror and answers(SYSTEM):
        yield f"unix://{SYSTEM}"
        return
    with own_daemon(mirror) as daemon:
        yield daemon.address


def _end_orphans() -> None:
    """End daemons of tests that were killed: the folder tells whose they are."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode("utf-8", "replace").split("\0")
            folder = next((Path(word.removeprefix("unix://")).parent for word in words if _OURS in word), None)
            if folder is None or Path(words[0]).name != "dockerd" or _is_alive(folder / "owner"):
                continue
            os.killpg(int(path.parent.name), signal.SIGKILL)
        except OSError:
            continue  # it ended meanwhile


def _is_alive(owner: Path) -> bool:
    return owner.exists() and Path("/proc", owner.read_text()).exists()


def answers(place: Path) -> bool:
    """Whether a daemon accepts connections at this socket: the file alone outlives its daemon."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(5.0)
        try:
            probe.connect(str(place))
            probe.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in probe.recv(64)
        except OSError:
            return False


def _running() -> bool:
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            state = path.read_text(errors="replace")
            if "(dockerd) " in state and "(dockerd) Z" not in state:
                return True
    return False


class OwnDaemon:
    """A daemon with everything in a temporary folder; it may be killed and started again."""

    def __init__(self, mirror: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=_OURS))
        (self.folder / "owner").write_text(str(os.getpid()))
        self._mirror = mirror
        self._began = False
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def _socket(self) -> Path:
        return self.folder / "docker.sock"

    @property
    def address(self) -> str:
        return f"unix://{self._socket}"

    def start(self) -> None:
        """Start it; skips the test where it does not come up, the first time."""
        folder, log = self.folder, self.folder / "log"
        command = ["dockerd", "--host", self.address, "--pidfile", f"{folder}/pid"]
        command += ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec"]
        command += ["--registry-mirror", self._mirror] if self._mirror else []
        for left in ("pid", "exec/containerd/containerd.pid"):  # of one that was killed; its containerd died with it,
            (folder / left).unlink(missing_ok=True)  # and may be a zombie for ever where nobody reaps orphans
        with log.open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        deadline = time.monotonic() + _SECONDS
        while not answers(self._socket):
            if self._process.poll() is not None or time.monotonic() > deadline:
                lines = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
                assert not self._began, f"dockerd does not start again: {lines[-1]}"
                pytest.skip(f"dockerd does not start here: {lines[-1]}")
            time.sleep(0.1)
        self._began = True

    def kill(self) -> None:
        """As a crash does: at once, its socket file left behind; the containerd that it had started goes as well."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def remove(self) -> None:
        """End it, and what it had mounted and stored."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
        for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
            if line.split()[1].startswith(f"{self.folder}/"):
                subprocess.run(["umount", "--lazy", line.split()[1]], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def own_daemon(mirror: str = "") -> Iterator[OwnDaemon]:
    """A daemon of the tests' own; skips where it cannot be."""
    if os.geteuid() != 0:
        pytest.skip("no Docker daemon: not root")
    if shutil.which("dockerd") is None:
        pytest.skip("no Docker daemon answers, and there is no dockerd to start")
    with _only_one():
        _end_orphans()
        if _running():  # a second daemon would remove the first one's bridge
            pytest.skip("another Docker daemon runs here: a second one would take its network away")
        daemon = OwnDaemon(mirror)
        try:
            daemon.start()
            yield daemon
        finally:
            daemon.remove()


@contextmanager
def _only_one() -> Iterator[None]:
    """Among processes of tests: another one's daemon is waited for, but not one of this process."""
    with (Path(tempfile.gettempdir()) / f"{_OURS}lock").open("w") as lock:
        if _ours_runs.is_set():
            yield
            return
        fcntl.flock(lock, fcntl.LOCK_EX)
        _ours_runs.set()
        try:
            yield
        finally:
            _ours_runs.clear()


def docker_with(builder: str, host: str, patch: pytest.MonkeyPatch) -> Docker:
    """The daemon with a command line that has this builder, `patch`ed into the environment; skips where none has."""
    patch.setenv("DOCKER_HOST", host)
    if builder == "classic":
        patch.setenv("DOCKER_BUILDKIT", "0")
        return Docker.find()
    patch.delenv("DOCKER_BUILDKIT", raising=False)
    here = [folder for folder in os.environ["PATH"].split(":") if Path(folder, "docker").exists()]
    for folder in dict.fromkeys(here):
        patch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        docker._builds.cache_clear()
        engine = Docker.find()
        if engine.builder == builder:
            return engine
    pytest.skip("no Docker command line with BuildKit")
