"""A container of the Docker daemon, on an internal network of its own: it has ports, and no way out.

Created and started, never run in the foreground: the daemon's own words are then in its state. The host looks into
its namespaces where it may; else ports are asked over the network alone.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from typing import Any

from jettison.core.errors import EngineError
from jettison.engine import namespaces
from jettison.engine.docker_api import DockerApi
from jettison.engine.model import ContainerState, Finished, Listener, Phase, ProcessFacts, RunOptions

LOG_LIMIT = 4 * 2**20
MEMORY = 4 * 2**30  # bytes; an application that needs more is killed, and its contract says so
PROCESSES = 4096
LABEL = "jettison.run"
_NAME_SERVER = "127.0.0.11"


class DockerSandbox:
    """One started container; a context manager that leaves nothing behind."""

    def __init__(self, api: DockerApi, image_id: str, config: Mapping[str, Any], options: RunOptions) -> None:
        self._api = api
        self._config = config
        self._options = options
        self._closed = False
        self._stopped: ContainerState | None = None
        self.name = f"jettison-{options.label or 'run'}-{secrets.token_hex(4)}"
        self._labels = {LABEL: options.label or "run"}
        try:
            self._begin(image_id)
        except BaseException:
            self.close()
            raise

    def _begin(self, image_id: str) -> None:
        network = {"Name": self.name, "Internal": True, "Labels": self._labels, "CheckDuplicate": True}
        self._api.must("POST", "/networks/create", body=network)
        body: dict[str, Any] = {
            "Image": image_id,
            "Hostname": self._options.hostname,
            "Labels": self._labels,
            "Env": [f"{key}={value}" for key, value in self._options.environment.items()],
            "HostConfig": {"NetworkMode": self.name, "Memory": MEMORY, "PidsLimit": PROCESSES},
            "Healthcheck": {"Test": ["NONE"]},
        }
        if self._options.command is not None:
            body |= {"Entrypoint": [], "Cmd": list(self._options.command)}
        elif self._options.arguments is not None:
            body["Cmd"] = list(self._options.arguments)
        answer = self._api.call("POST", "/containers/create", query={"name": self.name}, body=body)
        if answer.status >= 400:
            if "No command specified" not in answer.message:
                raise EngineError(f"the Docker daemon says: {answer.message}", hint="look at the daemon's log")
            self._stopped = ContainerState(Phase.EXITED, 127, "the image names no command")
            return
        started = self._api.call("POST", f"/containers/{self.name}/start")
        if started.status >= 400:
            code = 126 if "permission denied" in started.message else 127
            told = (self._inspect().get("State") or {}).get("ExitCode") or code
            self._stopped = ContainerState(Phase.EXITED, told, started.message.strip())

    def _inspect(self) -> dict[str, Any]:
        return self._api.get(f"/containers/{self.name}/json") or {}

    def _main(self) -> int | None:
        """The application's first process as the host sees it; None where it does not run or is not here."""
        pid = (self._inspect().get("State") or {}).get("Pid") or 0
        return pid if pid and self._api.is_local else None

    def state(self) -> ContainerState:
        """Running, or how it ended."""
        if self._stopped is not None:
            return self._stopped
        told = self._inspect().get("State") or {}
        if told.get("Running"):
            return ContainerState(Phase.RUNNING)
        self._stopped = ContainerState(Phase.EXITED, told.get("ExitCode"), told.get("Error") or "")
        return self._stopped

    def listeners(self) -> frozenset[Listener]:
        """Sockets in its network namespace, the daemon's own name server left out."""
        main = self._main()
        found = namespaces.listeners(main) if main is not None else frozenset()
        return frozenset(one for one in found if one.address != _NAME_SERVER)

    def connect(self, port: int, timeout: float, *, loopback: bool = False) -> socket.socket:
        """A TCP connection to it. Raises OSError."""
        main = self._main()
        if main is None:
            raise ConnectionRefusedError("the container does not run")
        if loopback:
            return namespaces.connect_inside(main, "127.0.0.1", port, timeout)
        networks = (self._inspect().get("NetworkSettings") or {}).get("Networks") or {}
        address = (networks.get(self.name) or {}).get("IPAddress")
        if not address:
            raise ConnectionRefusedError("the container has no address")
        return socket.create_connection((address, port), timeout)

    def logs(self) -> tuple[bytes, bytes]:
        """stdout and stderr, without the daemon's framing (Engine API, "Attach": 8-byte headers)."""
        answer = self._api.call("GET", f"/containers/{self.name}/logs", query={"stdout": "1", "stderr": "1"})
        streams = {1: bytearray(), 2: bytearray()}
        at = 0
        while answer.status == 200 and at + 8 <= len(answer.body):
            stream, length = struct.unpack_from(">BxxxI", answer.body, at)
            streams.setdefault(stream, bytearray()).extend(answer.body[at + 8 : at + 8 + length])
            at += 8 + length
        return bytes(streams[1][:LOG_LIMIT]), bytes(streams[2][:LOG_LIMIT])

    def process(self) -> ProcessFacts | None:
        """Who its main process runs as."""
        main = self._main()
        return namespaces.facts(main) if main is not None else None

    def cpu_seconds(self) -> float | None:
        """Seconds of processor that its processes have used."""
        main = self._main()
        return namespaces.cpu_seconds(iter([main, *namespaces.descendants(main)])) if main is not None else None

    def written(self) -> frozenset[bytes] | None:
        """Files that differ from the image, as `docker diff` tells; directories that only hold such files left out."""
        rows = self._api.get(f"/containers/{self.name}/changes")
        if rows is None:
            return frozenset() if self.state().phase is Phase.EXITED else None
        paths = {str(row["Path"]).encode("utf-8", "surrogateescape") for row in rows if row.get("Kind") in (0, 1)}
        parents = {path.rpartition(b"/")[0] for path in paths}
        return frozenset(paths - parents)

    def execute(
        self, command: Sequence[str], *, timeout: float, environment: Mapping[str, str] | None = None
    ) -> Finished:
        """Run a command beside the application, as the image's user."""
        told = [f"{key}={value}" for key, value in (environment or {}).items()]
        body = {"AttachStdout": True, "AttachStderr": True, "Cmd": list(command), "Env": told}
        made = self._api.call("POST", f"/containers/{self.name}/exec", body=body)
        if made.status >= 400 or not made.value:
            return Finished(125, b"", made.message.encode())
        identity = made.value["Id"]
        try:
            answer = self._api.call(
                "POST", f"/exec/{identity}/start", body={"Detach": False, "Tty": False}, seconds=timeout
            )
        except EngineError:
            return Finished(124, b"", b"", timed_out=True)
        out, err, at = bytearray(), bytearray(), 0
        while at + 8 <= len(answer.body):
            stream, length = struct.unpack_from(">BxxxI", answer.body, at)
            (out if stream == 1 else err).extend(answer.body[at + 8 : at + 8 + length])
            at += 8 + length
        code = (self._api.get(f"/exec/{identity}/json") or {}).get("ExitCode")
        return Finished(125 if code is None else int(code), bytes(out), bytes(err))

    def stop(self, grace: float) -> ContainerState:
        """The stop signal, `grace` seconds, SIGKILL."""
        state = self.state()
        if state.phase is Phase.RUNNING:
            self._api.call("POST", f"/containers/{self.name}/stop", query={"t": str(max(1, round(grace)))})
            deadline = time.monotonic() + 5
            while self.state().phase is Phase.RUNNING and time.monotonic() < deadline:
                time.sleep(0.05)
        return self.state()

    def close(self) -> None:
        """Remove the container, its volumes and its network."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(EngineError):
            self._api.call("DELETE", f"/containers/{self.name}", query={"force": "true", "v": "true"})
            self._api.call("DELETE", f"/networks/{self.name}")

    def __enter__(self) -> DockerSandbox:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
