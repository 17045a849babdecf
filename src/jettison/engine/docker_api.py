"""The Docker Engine API, as far as running containers needs it; building goes through the command line (BuildKit).

Source: Docker Engine API v1.41, https://docs.docker.com/reference/api/engine/version/v1.41/.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from jettison.core.errors import EngineError
from jettison.core.unix_http import DaemonConnection, docker_endpoint
from jettison.engine.deadline import Deadline

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


def _hang_up(sock: socket.socket) -> None:
    """End whatever another thread waits for on this socket; the connection lets go of it once a body begins."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def endpoint() -> str:
    """Where the daemon listens, as the docker command would find it. Raises EngineError where we cannot speak to it."""
    found = docker_endpoint()
    if found.problem:
        raise EngineError(found.problem, hint=found.hint)
    return found.address


@dataclass(frozen=True)
class DockerApi:
    """One daemon."""

    host: str

    @property
    def is_local(self) -> bool:
        """Whether it is reached by a Unix socket; its containers may still be in a virtual machine behind it."""
        return self.host.startswith("unix:")

    @property
    def is_near(self) -> bool:
        """Whether a port that it publishes on its 127.0.0.1 is one on ours."""
        return self.is_local or urlsplit(self.host).hostname in ("localhost", "127.0.0.1", "::1")

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        within: float | None = None,
    ) -> Answer:
        """One request, whatever its status. Raises EngineError where the daemon cannot be reached.

        A byte is waited for two minutes; `within` are seconds for the whole answer, however steadily it goes on.
        """
        connection = DaemonConnection(self.host, SECONDS if within is None else within)
        deadline: Deadline | None = None
        url = quote(path, safe="/:@") + (f"?{urlencode(query)}" if query else "")
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Host": "docker", **({"Content-Type": "application/json"} if data else {})}
        try:
            if within is not None:
                connection.connect()
                deadline = Deadline(within, partial(_hang_up, connection.sock))
                deadline.begin()
            connection.request(method, url, body=data, headers=headers)
            answer = connection.getresponse()
            body_read = answer.read(_LARGEST)
            if deadline is not None and deadline.passed:
                raise TimeoutError
            return Answer(answer.status, body_read)
        except FileNotFoundError:
            raise EngineError(
                f"there is no Docker daemon: {self.host} does not exist", hint="start it, or set DOCKER_HOST"
            ) from None
        except ConnectionRefusedError:
            left = ": the file is left from one that ended" if self.is_local else ""
            raise EngineError(
                f"no Docker daemon listens at {self.host}{left}",
                hint="start it (`systemctl start docker`), set DOCKER_HOST, or name another --engine",
            ) from None
        except PermissionError:
            raise EngineError(
                f"may not use the Docker daemon's socket {urlsplit(self.host).path}",
                hint="run as root, or join the group docker",
            ) from None
        except TimeoutError:
            raise EngineError(
                f"the Docker daemon did not answer within {within or SECONDS:.0f} s", hint="look at its log"
            ) from None
        except (http.client.HTTPException, OSError) as error:
            if deadline is not None and deadline.passed:
                raise EngineError("the Docker daemon did not answer in time", hint="look at its log") from None
            raise EngineError(
                f"no Docker daemon answers at {self.host}: {error}", hint="is it still running?"
            ) from error
        finally:
            if deadline is not None:
                deadline.cancel()
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
