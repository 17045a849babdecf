"""Debian's docker-registry on a free loopback port: one process a house, found by its command line."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

from standins.errors import StandInError
from standins.house import House, write

ACCEPT = (
    "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.index.v1+json"
)
# Loopback is never reached through a proxy, whatever the environment says.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Mirror:
    """A registry that answers."""

    port: int

    def get(self, path: str, *, method: str = "GET") -> HTTPResponse:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v2/{path}", method=method, headers={"Accept": ACCEPT}
        )
        answer: HTTPResponse = DIRECT.open(request, timeout=30)
        return answer

    def digest(self, repository: str, tag: str) -> str | None:
        """The manifest's digest under that name; None where there is none."""
        try:
            with self.get(f"{repository}/manifests/{tag}", method="HEAD") as answer:
                return answer.headers.get("Docker-Content-Digest")
        except (urllib.error.URLError, OSError):
            return None

    def manifest(self, repository: str, tag: str) -> dict[str, Any]:
        with self.get(f"{repository}/manifests/{tag}") as answer:
            found: dict[str, Any] = json.load(answer)
        return found


def processes(house: House) -> list[int]:
    """The registries that serve this house. /proc tells, so no file can be wrong about it."""
    wanted = [b"serve", str(house.registry_conf).encode()]
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[1:3] == wanted and words[0].endswith(b"docker-registry"):
            found.append(int(folder.name))
    return sorted(found)


def running(house: House) -> Mirror | None:
    """The mirror of this house, where a process serves it and answers."""
    if not processes(house):
        return None
    try:
        port = int(json.loads(house.registry_conf.read_text("utf-8"))["http"]["addr"].rpartition(":")[2])
    except (OSError, ValueError, KeyError):
        return None
    mirror = Mirror(port)
    return mirror if answers(mirror) else None


def start(house: House) -> Mirror:
    """The mirror, started if it was not running. Raises StandInError where it does not come up."""
    mirror = running(house)
    if mirror is None:
        stop(house)  # one that runs and does not answer would hold the files
        for _ in range(3):
            mirror = attempt(house, free_port(house))
            if mirror is not None:
                break
        else:
            raise StandInError("docker-registry does not start", f"see {house.root / 'registry' / 'log'}")
    house.point_at(mirror.port)
    return mirror


def attempt(house: House, port: int) -> Mirror | None:
    """Start once on that port; None where the process dies or is silent for 15 seconds."""
    settings: Mapping[str, object] = {
        "version": "0.1",
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(house.root / "registry" / "data")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    write(house.registry_conf, json.dumps(settings, indent=1))  # YAML, of which JSON is a part
    program = shutil.which("docker-registry") or "docker-registry"
    with (house.root / "registry" / "log").open("ab") as log:
        process = subprocess.Popen(
            [program, "serve", str(house.registry_conf)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )
    mirror = Mirror(port)
    until = time.monotonic() + 15
    while time.monotonic() < until and process.poll() is None:
        if answers(mirror):
            return mirror
        time.sleep(0.05)
    stop(house)
    return None


def answers(mirror: Mirror) -> bool:
    try:
        with mirror.get("") as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def free_port(house: House) -> int:
    """The port it had the last time, if that is still free: what was printed then stays true."""
    try:
        before = int(json.loads(house.registry_conf.read_text("utf-8"))["http"]["addr"].rpartition(":")[2])
    except (OSError, ValueError, KeyError):
        before = 0
    for port in (before, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StandInError("no free port on loopback", "stop something that listens", 3)


def stop(house: House) -> int:
    """End the registries of this house; how many there were."""
    found = processes(house)
    for sign in (signal.SIGTERM, signal.SIGKILL):
        for pid in processes(house):
            try:
                os.kill(pid, sign)
            except ProcessLookupError:
                pass
        until = time.monotonic() + 5
        while processes(house) and time.monotonic() < until:
            reap()
            time.sleep(0.05)
        if not processes(house):
            break
    return len(found)


def reap() -> None:
    """A child that ended stays in /proc until it is waited for."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        pass
