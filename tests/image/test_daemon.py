"""The Docker daemon's API, spoken by a small server on a Unix socket: what it answers well, badly, and not at all."""

from __future__ import annotations

import hashlib
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from handmade import Made, classic_files, digest, entry, tar, write_archive

from jettison.core.errors import ImageError
from jettison.image.open import open_image

APP = Made((tar(entry("a", b"x" * 3000)), tar(entry(".wh.a"), entry("b", b"y" * 100))))
IDENTITY = digest(APP.config)


class Answers(BaseHTTPRequestHandler):
    """Two of the engine's paths; `told` holds what is answered, (status, body, how many bytes are really sent)."""

    protocol_version = "HTTP/1.1"
    told: dict[str, tuple[int, bytes, int]]

    def do_GET(self) -> None:
        status, body, sent = self.told.get(self.path, (404, b'{"message": "No such image: x"}', -1))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if sent < 0 else body[:sent])
        if sent >= 0:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def address_string(self) -> str:
        return "socket"


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def get_request(self) -> Any:
        request, _ = super().get_request()
        return request, ("socket", 0)


@contextmanager
def daemon(path: Path, told: dict[str, tuple[int, bytes, int]]) -> Iterator[None]:
    server = Server(str(path), type("Told", (Answers,), {"told": told}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, tuple[int, bytes, int]]]:
    archive = write_archive(classic_files(APP), tmp_path / "x.tar").read_bytes()
    answers = {
        "/images/app:1/json": (200, json.dumps({"Id": IDENTITY, "Size": 4321}).encode(), -1),
        f"/images/{IDENTITY}/get": (200, archive, -1),
    }
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    monkeypatch.delenv("DOCKER_TLS_VERIFY", raising=False)
    with daemon(tmp_path / "docker.sock", answers):
        yield answers


def test_an_image_of_the_daemon_is_read_as_its_archive_is(told: dict[str, tuple[int, bytes, int]]) -> None:
    image = open_image("docker-daemon:app:1")
    assert (IDENTITY, 4321) == (image.digest, image.sizes.daemon)
    assert (3100, 100, 3000, None) == (
        image.sizes.unpacked,
        image.sizes.effective,
        image.sizes.waste,
        image.sizes.transfer,
    )
    assert b"y" * 100 == image.tree.read(b"b")


def test_a_name_without_transport_is_asked_of_the_daemon_too(
    told: dict[str, tuple[int, bytes, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "storage.conf").write_text(f'[storage]\ngraphroot = "{tmp_path}/none"\n')
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(tmp_path / "storage.conf"))
    (tmp_path / "registries.conf").write_text('[[registry]]\nlocation = "docker.io"\nblocked = true\n')
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(tmp_path / "registries.conf"))
    assert IDENTITY == open_image("app:1").digest
    with pytest.raises(ImageError, match="no image called x was found") as caught:
        open_image("x")
    assert "No such image: x" in caught.value.hint
    with pytest.raises(ImageError, match=r"no image called nowhere\.tar was found") as caught:
        open_image("nowhere.tar")
    assert "there is no file nowhere.tar" == caught.value.hint.split("; ")[0]


def test_an_image_that_is_not_there_is_refused_in_the_daemon_s_words(told: dict[str, tuple[int, bytes, int]]) -> None:
    with pytest.raises(ImageError, match="404: No such image: x") as caught:
        open_image("docker-daemon:x")
    assert "`docker images` lists what there is" == caught.value.hint


def test_an_answer_that_ends_too_early_is_noticed(told: dict[str, tuple[int, bytes, int]]) -> None:
    path = f"/images/{IDENTITY}/get"
    told[path] = (200, told[path][1], 5000)
    with pytest.raises(ImageError) as caught:
        open_image("docker-daemon:app:1")
    assert caught.value.hint


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"Id": 7}', b"<html>"])
def test_an_answer_that_is_none_is_refused(told: dict[str, tuple[int, bytes, int]], body: bytes) -> None:
    told["/images/app:1/json"] = (200, body, -1)
    with pytest.raises(ImageError) as caught:
        open_image("docker-daemon:app:1")
    assert caught.value.hint


@pytest.mark.parametrize("body", [b"", b"oops", b'{"message": 7}', b"{", b"[1]"])
def test_a_daemon_in_trouble_is_told_as_such(told: dict[str, tuple[int, bytes, int]], body: bytes) -> None:
    told["/images/app:1/json"] = (500, body, -1)
    with pytest.raises(ImageError) as caught:
        open_image("docker-daemon:app:1")
    assert caught.value.hint


def test_no_daemon_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_TLS_VERIFY", raising=False)
    for host, message in (
        (f"unix://{tmp_path}/absent.sock", "there is no Docker daemon"),
        (f"unix://{write_archive({}, tmp_path / 'file')}", "no Docker daemon answers"),
        ("tcp://127.0.0.1:1", "no Docker daemon answers"),
        ("ssh://host", "is reached by ssh, which is not supported"),
        ("tcp://[", "is reached by no plain socket"),
        ("tcp://127.0.0.1:x", "is reached by no plain socket"),
    ):
        monkeypatch.setenv("DOCKER_HOST", host)
        with pytest.raises(ImageError, match=message) as caught:
            open_image("docker-daemon:app:1")
        assert caught.value.hint


def test_the_daemon_of_the_chosen_docker_context_is_read(
    told: dict[str, tuple[int, bytes, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an engine built under a context must not be weighed at another daemon."""
    folder = tmp_path / "docker" / "contexts" / "meta" / hashlib.sha256(b"here").hexdigest()
    folder.mkdir(parents=True)
    endpoint = {"Name": "here", "Endpoints": {"docker": {"Host": f"unix://{tmp_path}/docker.sock"}}}
    (folder / "meta.json").write_text(json.dumps(endpoint))
    monkeypatch.delenv("DOCKER_HOST")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("DOCKER_CONTEXT", "here")
    assert IDENTITY == open_image("docker-daemon:app:1").digest
    monkeypatch.setenv("DOCKER_CONTEXT", "elsewhere")
    with pytest.raises(ImageError, match="has none of that name"):
        open_image("docker-daemon:app:1")


def test_a_socket_that_we_may_not_use_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jettison.image.transports import daemon as transport

    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    monkeypatch.setattr(transport.Connection, "connect", refuse)
    with pytest.raises(ImageError, match="may not use the Docker daemon's socket") as caught:
        open_image("docker-daemon:app:1")
    assert "run as root, or join the group docker" == caught.value.hint
