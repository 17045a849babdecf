"""Where the Docker daemon is: DOCKER_HOST, contexts, the usual place; and what is said where it cannot be spoken to."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from jettison.core.errors import EngineError
from jettison.core.unix_http import DEFAULT_DAEMON, docker_endpoint
from jettison.engine.docker import _is_here
from jettison.engine.docker_api import DockerApi, endpoint


def context(folder: Path, name: str, host: str, *, certificates: bool = False) -> None:
    """A context as the docker command stores it."""
    identity = hashlib.sha256(name.encode()).hexdigest()
    place = folder / "contexts" / "meta" / identity
    place.mkdir(parents=True)
    endpoints = {"docker": {"Host": host, "SkipTLSVerify": False}}
    (place / "meta.json").write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": endpoints}))
    if certificates:
        (folder / "contexts" / "tls" / identity / "docker").mkdir(parents=True)


@pytest.fixture
def docker_config(tmp_path: Path) -> Path:
    context(tmp_path, "desk", "unix:///run/desk.sock")
    context(tmp_path, "far", "ssh://me@far")
    context(tmp_path, "sealed", "tcp://far:2376", certificates=True)
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "desk"}))
    return tmp_path


@pytest.mark.parametrize(
    ("told", "address", "source"),
    [
        ({}, "unix:///run/desk.sock", "the context 'desk'"),
        ({"DOCKER_CONTEXT": "default"}, DEFAULT_DAEMON, "the usual place"),
        ({"DOCKER_HOST": "tcp://127.0.0.1:2375"}, "tcp://127.0.0.1:2375", "DOCKER_HOST"),
        ({"DOCKER_HOST": "unix:///x", "DOCKER_CONTEXT": "desk"}, "unix:///x", "DOCKER_HOST"),
        ({"DOCKER_HOST": "", "DOCKER_CONTEXT": "desk"}, "unix:///run/desk.sock", "the context 'desk'"),
    ],
)
def test_the_daemon_is_the_one_that_the_docker_command_would_use(docker_config, told, address, source):
    found = docker_endpoint({"DOCKER_CONFIG": str(docker_config), **told})
    assert (address, source, "") == (found.address, found.source, found.problem)


@pytest.mark.parametrize(
    ("told", "problem", "hint"),
    [
        ({"DOCKER_CONTEXT": "far"}, "reached by ssh, which is not supported", "forward its socket"),
        ({"DOCKER_CONTEXT": "sealed"}, "wants TLS, which is not supported", "--engine buildah"),
        ({"DOCKER_CONTEXT": "gone"}, "DOCKER_CONTEXT names the Docker context 'gone'", "docker context ls"),
        ({"DOCKER_HOST": "npipe:////./pipe/docker"}, "reached by no plain socket", "set DOCKER_HOST to unix:///PATH"),
        ({"DOCKER_HOST": "tcp://far:abc"}, "reached by no plain socket", "tcp://HOST:PORT"),
        ({"DOCKER_HOST": "tcp://far:99999"}, "reached by no plain socket", "tcp://HOST:PORT"),
        ({"DOCKER_HOST": "tcp://far:2376", "DOCKER_TLS_VERIFY": "1"}, "wants TLS", "on the daemon's own machine"),
    ],
)
def test_a_daemon_that_we_cannot_speak_to_is_refused_with_a_way_out(docker_config, monkeypatch, told, problem, hint):
    monkeypatch.delenv("DOCKER_HOST")
    for key, value in {"DOCKER_CONFIG": str(docker_config), **told}.items():
        monkeypatch.setenv(key, value)
    with pytest.raises(EngineError, match=problem) as caught:
        endpoint()
    assert hint in caught.value.hint


def test_without_any_word_it_is_the_usual_place(tmp_path):
    assert DEFAULT_DAEMON == docker_endpoint({"HOME": str(tmp_path)}).address


@pytest.mark.parametrize("text", ["", "[]", '{"currentContext": 7}', "{", '{"currentContext": null}'])
def test_a_damaged_file_of_settings_names_no_context_by_accident(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    found = docker_endpoint({"DOCKER_CONFIG": str(tmp_path)})
    assert found.address == DEFAULT_DAEMON or "has none of that name" in found.problem


@pytest.mark.skipif(shutil.which("docker") is None, reason="needs the docker command")
def test_contexts_are_read_as_the_docker_command_writes_them(tmp_path, monkeypatch):
    monkeypatch.delenv("DOCKER_HOST")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    make = ["docker", "context", "create", "made", "--docker", "host=unix:///run/made.sock"]
    subprocess.run(make, check=True, capture_output=True)
    subprocess.run(["docker", "context", "use", "made"], check=True, capture_output=True)
    assert "unix:///run/made.sock" == endpoint()


def test_a_socket_that_its_daemon_has_left_is_told_from_one_that_is_not_there(tmp_path):
    left = tmp_path / "left.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(left))
    for place, said in ((left, "the file is left from one that ended"), (tmp_path / "none", "does not exist")):
        with pytest.raises(EngineError, match=said) as caught:
            DockerApi(f"unix://{place}").get("/version")
        assert "start it" in caught.value.hint


def test_something_that_listens_and_is_no_daemon_is_told(tmp_path):
    import threading

    place = tmp_path / "other.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(place))
        listener.listen()

        def answer() -> None:
            client, _ = listener.accept()
            client.sendall(b"220 mail.example.org ESMTP\r\n")
            client.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(EngineError, match="no Docker daemon answers"):
            DockerApi(f"unix://{place}").get("/version")
        thread.join()


def test_a_daemon_in_a_virtual_machine_is_not_here(monkeypatch):
    import os

    ours = {"Name": os.uname().nodename, "KernelVersion": os.uname().release}
    assert _is_here(DockerApi("unix:///x"), ours)
    assert not _is_here(DockerApi("unix:///x"), {**ours, "Name": "docker-desktop"})
    assert not _is_here(DockerApi("tcp://127.0.0.1:2375"), ours)
