"""The other images of a Docker daemon, asked of a small server on a Unix socket."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from jettison.core.reference import Reference, Transport
from jettison.image.model import Image, Layer, LayerSource
from jettison.image.transports.siblings import Sibling, siblings

MADE = Image(
    Reference(Transport.DOCKER_DAEMON, "app:1"),
    "sha256:app",
    {},
    tuple(Layer(f"sha256:{number}", LayerSource()) for number in range(3)),
)
IMAGES = {
    "sha256:app": (["app:1"], ["sha256:0", "sha256:1", "sha256:2"]),
    "sha256:base": (["base:1", "base:latest"], ["sha256:0"]),
    "sha256:old": (["<none>:<none>"], ["sha256:0", "sha256:x"]),
    "sha256:none": (None, None),
}


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    told: dict[str, Any]

    def do_GET(self) -> None:
        body = json.dumps(self.told.get(self.path, {"message": "no"})).encode()
        self.send_response(200 if self.path in self.told else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def get_request(self) -> Any:
        request, _ = super().get_request()
        return request, ("socket", 0)


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    answers: dict[str, Any] = {"/images/json": [{"Id": name, "RepoTags": tags} for name, (tags, _) in IMAGES.items()]}
    answers |= {f"/images/{name}/json": {"RootFS": {"Layers": ids}} for name, (_, ids) in IMAGES.items()}
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    monkeypatch.delenv("DOCKER_TLS_VERIFY", raising=False)
    server = Server(str(tmp_path / "docker.sock"), type("Told", (Answers,), {"told": answers}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield answers
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_daemons_other_images_are_told_with_their_layers(told: dict[str, Any]) -> None:
    assert (
        Sibling("sha256:base", ("base:1", "base:latest"), ("sha256:0",)),
        Sibling("sha256:old", (), ("sha256:0", "sha256:x")),
        Sibling("sha256:none", (), ()),
    ) == siblings(MADE)


@pytest.mark.parametrize("path", ["/images/json", "/images/sha256:base/json"])
def test_an_answer_that_is_none_leaves_them_not_known(told: dict[str, Any], path: str) -> None:
    told[path] = {"nothing": "of the kind"}
    assert None is siblings(MADE)
    del told[path]
    assert None is siblings(MADE)


def test_a_daemon_with_very_many_images_is_not_asked_for_each(told: dict[str, Any]) -> None:
    told["/images/json"] = [{"Id": f"sha256:{number}"} for number in range(501)]
    assert None is siblings(MADE)


def test_no_daemon_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    assert None is siblings(MADE)
    monkeypatch.setenv("DOCKER_HOST", "ssh://elsewhere")
    assert None is siblings(MADE)
