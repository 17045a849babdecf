"""The Docker Engine API, as far as running containers needs it; building goes through the command line (BuildKit).

Source: Docker Engine API v1.41, https://docs.docker.com/reference/api/engine/version/v1.41/.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from jettison.core.errors import EngineError
from jettison.core.unix_http import DaemonConnection

DEFAULT = "unix:///var/run/docker.sock"
SECONDS = 120.0
_LARGEST = 64 * 2**20


@dataclass(frozen=True)
class Answer:
    """Status and body; `value` is its JSON, None where it is none."""

    status: int
    body: bytes

    @property
    def value(self) -> Any:
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            return None

    @property
    def message(self) -> str:
        """What the daemon says went wrong."""
        value = self.value
        return str(value.get("message", "")) if isinstance(value, dict) else self.body[:200].decode("utf-8", "replace")


def endpoint() -> str:
    """Where the daemon listens: DOCKER_HOST, else the current context of the docker command, else the usual socket."""
    told = os.environ.get("DOCKER_HOST")
    if told:
        return told
    try:
        ended = subprocess.run(
            ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return DEFAULT
    return ended.stdout.strip() or DEFAULT


@dataclass(frozen=True)
class DockerApi:
    """One daemon."""

    host: str

    @property
    def is_local(self) -> bool:
        """Whether it is reached by a Unix socket, and so runs on this machine."""
        return self.host.startswith("unix:")

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        seconds: float = SECONDS,
    ) -> Answer:
        """One request, whatever its status. Raises EngineError where the daemon cannot be reached."""
        if urlsplit(self.host).scheme not in ("unix", "tcp") or os.environ.get("DOCKER_TLS_VERIFY"):
            raise EngineError(
                f"the Docker daemon at {self.host} is not reached by a plain socket",
                hint="run jettison on the daemon's own machine, or with --engine buildah",
            )
        connection = DaemonConnection(self.host, seconds)
        url = quote(path, safe="/:@") + (f"?{urlencode(query)}" if query else "")
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Host": "docker", **({"Content-Type": "application/json"} if data else {})}
        try:
            connection.request(method, url, body=data, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read(_LARGEST))
        except FileNotFoundError:
            raise EngineError(
                f"there is no Docker daemon: {self.host} does not exist", hint="start it, or set DOCKER_HOST"
            ) from None
        except PermissionError:
            raise EngineError(
                f"may not use the Docker daemon's socket {urlsplit(self.host).path}",
                hint="run as root, or join the group docker",
            ) from None
        except TimeoutError:
            raise EngineError(
                f"the Docker daemon did not answer within {seconds:.0f} s", hint="look at its log"
            ) from None
        except (http.client.HTTPException, OSError) as error:
            raise EngineError(
                f"no Docker daemon answers at {self.host}: {error}", hint="is it still running?"
            ) from error
        finally:
            connection.close()

    def get(self, path: str, **query: str) -> Any:
        """The JSON of a GET; None where there is no such thing. Raises EngineError."""
        answer = self.call("GET", path, query=query)
        if answer.status == 404:
            return None
        if answer.status >= 400:
            raise EngineError(f"the Docker daemon says: {answer.message}", hint="look at the daemon's log")
        return answer.value

    def must(self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Any = None) -> Any:
        """The JSON of a request that has to succeed. Raises EngineError with the daemon's words."""
        answer = self.call(method, path, query=query, body=body)
        if answer.status >= 400:
            raise EngineError(f"the Docker daemon says: {answer.message}", hint="look at the daemon's log")
        return answer.value
