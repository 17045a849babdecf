"""A daemon that goes on for ever, or does not answer, does not hold us; what it is asked to do with logs."""

from __future__ import annotations

import json
import socketserver
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from jettison.core.errors import EngineError
from jettison.engine.docker import Docker
from jettison.engine.docker_api import DockerApi
from jettison.engine.docker_sandbox import DockerSandbox
from jettison.engine.model import Capabilities, RunOptions

CAPABILITIES = Capabilities(True, True, True, True, True, True, True, True, True, (".dockerignore",))


class Daemon(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Agrees to everything; its `exec` prints a letter ten times a second, until its client has gone."""

    daemon_threads = True
    asked: list[tuple[str, Any]]


class Handler(BaseHTTPRequestHandler):
    server: Daemon

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.path.partition("?")[0], json.loads(data) if data else None))
        if not self.path.startswith("/exec/"):
            self._answer(201, {"Id": "it"})
            return
        self.send_response(200)
        self.end_headers()
        with suppress(OSError):
            for _ in range(600):
                self.wfile.write(struct.pack(">BxxxI", 1, 1) + b"x")
                time.sleep(0.1)

    def do_GET(self) -> None:
        if self.path == "/system/df":
            self.close_connection = True  # hangs up without a word
            return
        self._answer(200, {"ExitCode": None, "State": {"Running": True}})

    def do_DELETE(self) -> None:
        self._answer(200, {})


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with Daemon(str(tmp_path / "docker.sock"), Handler) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def api(tmp_path: Path, daemon: Daemon) -> DockerApi:
    return DockerApi(f"unix://{tmp_path}/docker.sock")


def test_a_command_that_prints_without_end_is_left_in_time(api: DockerApi) -> None:
    began = time.monotonic()
    with DockerSandbox(api, "image", {}, RunOptions()) as sandbox:
        ended = sandbox.execute(["yes"], timeout=1.0)
    assert (124, True) == (ended.code, ended.timed_out)
    assert 1.0 <= time.monotonic() - began < 20.0


def test_an_answer_that_goes_on_without_end_is_an_error_in_time(api: DockerApi) -> None:
    with pytest.raises(EngineError, match="did not answer"):
        api.call("POST", "/exec/it/start", within=0.5)


def test_logs_are_kept_where_they_can_be_read_and_do_not_fill_the_disk(api: DockerApi, daemon: Daemon) -> None:
    with DockerSandbox(api, "image", {}, RunOptions()):
        pass
    created = next(body for path, body in daemon.asked if path == "/containers/create")
    assert {"Type": "json-file", "Config": {"max-size": "64m", "max-file": "1"}} == created["HostConfig"]["LogConfig"]


def test_what_the_daemon_cannot_count_is_not_told(api: DockerApi) -> None:
    assert Docker("1", api, "buildkit", CAPABILITIES).usage() is None
