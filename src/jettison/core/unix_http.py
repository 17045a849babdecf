"""HTTP over a Unix socket, or plain TCP: how a container daemon is spoken to on its own machine, and where it is."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

DEFAULT_DAEMON = "unix:///var/run/docker.sock"
_PLAIN = ("unix", "tcp")


class DaemonConnection(http.client.HTTPConnection):
    """A connection to `unix:///PATH` or `tcp://HOST:PORT`; `seconds` is the longest wait for a byte.

    Raises ValueError where the address is neither.
    """

    def __init__(self, address: str, seconds: float) -> None:
        url = urlsplit(address)
        if url.scheme not in _PLAIN:
            raise ValueError(f"{address} is reached by no plain socket")
        self.socket_path = url.path if url.scheme == "unix" else ""
        super().__init__(url.hostname or "localhost", url.port or 2375, timeout=seconds)

    def connect(self) -> None:
        """Connect to the socket that was named. Raises OSError."""
        if not self.socket_path:
            super().connect()
            return
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self.timeout)
            connection.connect(self.socket_path)
        except BaseException:
            connection.close()
            raise
        self.sock = connection


@dataclass(frozen=True)
class Endpoint:
    """Where the Docker daemon is said to listen, and who says so; `problem` tells why it cannot be spoken to."""

    address: str
    source: str
    problem: str = ""
    hint: str = ""


def docker_endpoint(environment: Mapping[str, str] | None = None) -> Endpoint:
    """The daemon that the docker command would use: DOCKER_HOST, else DOCKER_CONTEXT, else the current context.

    Source: docker CLI reference, `docker context use`; the store of contexts is docker/cli `cli/context/store`:
    `contexts/meta/SHA256(NAME)/meta.json` and, with certificates, `contexts/tls/SHA256(NAME)/docker`.
    """
    told = os.environ if environment is None else environment
    if told.get("DOCKER_HOST"):
        return _checked(Endpoint(told["DOCKER_HOST"], "DOCKER_HOST"), bool(told.get("DOCKER_TLS_VERIFY")))
    folder = Path(told.get("DOCKER_CONFIG") or Path(told.get("HOME") or "/root") / ".docker")
    name, source = told.get("DOCKER_CONTEXT", ""), "DOCKER_CONTEXT"
    if not name:
        name, source = str(_read(folder / "config.json").get("currentContext") or ""), f"{folder}/config.json"
    if name in ("", "default"):
        return _checked(Endpoint(DEFAULT_DAEMON, "the usual place"), bool(told.get("DOCKER_TLS_VERIFY")))
    identity = hashlib.sha256(name.encode()).hexdigest()
    endpoints = _read(folder / "contexts" / "meta" / identity / "meta.json").get("Endpoints") or {}
    host = (endpoints.get("docker") or {}).get("Host") if isinstance(endpoints, dict) else None
    if not isinstance(host, str) or not host:
        problem = f"{source} names the Docker context '{name}', and {folder} has none of that name"
        return Endpoint("", source, problem, "see `docker context ls`, or set DOCKER_HOST")
    certificates = (folder / "contexts" / "tls" / identity / "docker").is_dir()
    return _checked(Endpoint(host, f"the context '{name}'"), certificates)


def _read(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty where it is absent or none."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _checked(found: Endpoint, certificates: bool) -> Endpoint:
    """The endpoint, with the problem where it takes more than a plain socket."""
    try:
        url = urlsplit(found.address)
        scheme = url.scheme if url.port != 0 else ""  # asking for the port tells whether it is one
    except ValueError:
        scheme = ""
    where = f"the Docker daemon at {found.address} ({found.source})"
    if scheme == "ssh":
        forward = "ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock HOST"
        hint = f"forward its socket: `{forward}`, then DOCKER_HOST=unix:///tmp/docker.sock; or run jettison there"
        return Endpoint(found.address, found.source, f"{where} is reached by ssh, which is not supported", hint)
    if scheme == "tcp" and certificates:
        hint = "run jettison on the daemon's own machine, or with --engine buildah"
        return Endpoint(found.address, found.source, f"{where} wants TLS, which is not supported", hint)
    if scheme not in _PLAIN:
        hint = "set DOCKER_HOST to unix:///PATH or tcp://HOST:PORT, or use --engine buildah"
        return Endpoint(found.address, found.source, f"{where} is reached by no plain socket", hint)
    return found
