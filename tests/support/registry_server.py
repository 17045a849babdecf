"""A real docker-registry on loopback, filled by its own API. Imports nothing of jettison.

Source: OCI distribution-spec v1.1, "Push": POST an upload, PUT its bytes, PUT the manifest.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PROGRAM = "docker-registry"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def installed() -> bool:
    return shutil.which(PROGRAM) is not None


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class Server:
    """A registry that answers at this port."""

    port: int

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def push_blob(self, repository: str, data: bytes) -> str:
        """Its digest."""
        status, headers, _ = self.call("POST", f"/v2/{repository}/blobs/uploads/")
        assert 202 == status
        place = urlsplit(headers["location"])
        digest = digest_of(data)
        joint = "&" if place.query else "?"
        status, _, body = self.call("PUT", f"{place.path}?{place.query}{joint}digest={digest}", data)
        assert 201 == status, body
        return digest

    def push_manifest(self, repository: str, reference: str, data: bytes, media_type: str) -> str:
        """Its digest."""
        path = f"/v2/{repository}/manifests/{reference}"
        status, _, body = self.call("PUT", path, data, {"Content-Type": media_type})
        assert 201 == status, body
        return digest_of(data)

    def call(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()


@contextmanager
def served(folder: Path) -> Iterator[Server]:
    """A registry with its data below a folder, ended with the block."""
    port = _free_port()
    settings: dict[str, Any] = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    (folder / "config.json").write_text(json.dumps(settings))  # YAML, of which JSON is a part
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, "serve", str(folder / "config.json")], stdout=log, stderr=log)
    try:
        _wait_for(port, process, folder / "log")
        yield Server(port)
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(400):
        if process.poll() is not None:
            break
        try:
            if Server(port).call("GET", "/v2/")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{PROGRAM} does not start: {log.read_text()}")
