"""A Docker daemon for the tests: the one that runs here, else one of the tests' own in a temporary folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SYSTEM = Path("/var/run/docker.sock")
_SECONDS = 60.0  # until a daemon of our own answers


@contextmanager
def docker_daemon() -> Iterator[str]:
    """The address (`unix://...`) of a daemon that answers; skips where there is none and none can be started."""
    if os.geteuid() != 0:
        pytest.skip("no Docker daemon: not root")
    if answers(SYSTEM):
        yield f"unix://{SYSTEM}"
        return
    if shutil.which("dockerd") is None:
        pytest.skip("no Docker daemon answers, and there is no dockerd to start")
    if _running():  # a second daemon would remove the first one's bridge
        pytest.skip("a Docker daemon runs here that does not answer at its usual place")
    with _own_daemon() as place:
        yield f"unix://{place}"


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
    names = (path.read_text(errors="replace").strip() for path in Path("/proc").glob("[0-9]*/comm") if path.exists())
    return "dockerd" in names


@contextmanager
def _own_daemon() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="jettison-docker-"))
    place, log = folder / "docker.sock", folder / "log"
    command = ["dockerd", "--host", f"unix://{place}", "--pidfile", f"{folder}/pid"]
    command += ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec"]
    with log.open("wb") as output:
        daemon = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        deadline = time.monotonic() + _SECONDS
        while not answers(place):
            if daemon.poll() is not None or time.monotonic() > deadline:
                lines = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
                pytest.skip(f"dockerd does not start here: {lines[-1]}")
            time.sleep(0.1)
        yield place
    finally:
        daemon.terminate()
        try:
            daemon.wait(30)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
        for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
            if line.split()[1].startswith(f"{folder}/"):
                subprocess.run(["umount", "--lazy", line.split()[1]], check=False)
        shutil.rmtree(folder, ignore_errors=True)
