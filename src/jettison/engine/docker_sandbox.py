"""A container of the Docker daemon, on an internal network of its own: it has ports, and no way out.

Created and started, never run in the foreground: the daemon's own words are then in its state. Where the container is
a process of this machine, we look into its namespaces and speak to its own address. Where the daemon is in a virtual
machine, its EXPOSEd ports are published on 127.0.0.1, and what it listens on is asked by a command inside.
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
from jettison.engine.deadline import Deadline
from jettison.engine.docker_api import DockerApi
from jettison.engine.model import ContainerState, Finished, Listener, Opened, Phase, ProcessFacts, RunOptions

LOG_LIMIT = 4 * 2**20
LOG_KEPT = {"max-size": "64m", "max-file": "1"}  # a program that prints without end must not fill the disk
LABEL = "jettison.run"
_NAME_SERVER = "127.0.0.11"


class DockerSandbox:
    """One started container; a context manager that leaves nothing behind."""

    def __init__(
        self, api: DockerApi, image_id: str, config: Mapping[str, Any], options: RunOptions, *, here: bool = True
    ) -> None:
        self._api = api
        self._here = here
        self._deadline = Deadline(options.seconds, self._kill)
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
        options, ports = self._options, self._to_publish()
        # An internal network has no published ports. Without masquerading nothing that answers is reached either.
        shut = {"Options": {"com.docker.network.bridge.enable_ip_masquerade": "false"}} if ports else {"Internal": True}
        network = {"Name": self.name, "Labels": self._labels, "CheckDuplicate": True, **shut}
        self._api.must("POST", "/networks/create", body=network)
        body: dict[str, Any] = {
            "Image": image_id,
            "Hostname": options.hostname,
            "Labels": self._labels,
            "Env": [f"{key}={value}" for key, value in options.environment.items()],
            "ExposedPorts": {port: {} for port in ports},
            "HostConfig": {
                "NetworkMode": self.name,
                "Memory": options.memory,
                "MemorySwap": options.memory,  # the sum of both: no swap
                "PidsLimit": options.processes,
                "LogConfig": {"Type": "json-file", "Config": LOG_KEPT},  # whatever the daemon does with others' logs
                "PortBindings": {port: [{"HostIp": "127.0.0.1", "HostPort": ""}] for port in ports},
            },
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
        self._deadline.begin()
        if started.status >= 400:
            code = 126 if "permission denied" in started.message else 127
            told = (self._inspect().get("State") or {}).get("ExitCode") or code
            self._stopped = ContainerState(Phase.EXITED, told, started.message.strip())

    def _to_publish(self) -> list[str]:
        """Ports as the API writes them: `8000/tcp`."""
        ports = [f"{port}/tcp" for port in self._options.publish]
        if not self._here:
            ports += [port for port in self._config.get("ExposedPorts") or {} if port.endswith("/tcp")]
        return list(dict.fromkeys(ports))

    def _inspect(self) -> dict[str, Any]:
        found = self._api.get(f"/containers/{self.name}/json")
        return found if found is not None else {"State": {"ExitCode": 137, "Error": "the container was taken away"}}

    def _main(self) -> int | None:
        """The application's first process; None where it does not run or is no process of this machine."""
        pid = (self._inspect().get("State") or {}).get("Pid") or 0
        return pid if pid and self._here else None

    def _kill(self) -> None:
        with contextlib.suppress(EngineError):
            self._api.call("POST", f"/containers/{self.name}/kill")

    def state(self) -> ContainerState:
        """Running, or how it ended."""
        if self._stopped is not None:
            return self._stopped
        told = self._inspect().get("State") or {}
        if told.get("Running"):
            return ContainerState(Phase.RUNNING)
        error = told.get("Error") or ""
        if self._deadline.passed:
            error = f"ended after {self._options.seconds:g} s, which is its limit"
        elif told.get("OOMKilled"):
            error = f"it needed more memory than its limit of {self._options.memory} bytes"
        self._stopped = ContainerState(Phase.EXITED, told.get("ExitCode"), error)
        return self._stopped

    def published(self) -> Mapping[int, int]:
        """Ports of the container, each with its port on this machine's 127.0.0.1."""
        told = (self._inspect().get("NetworkSettings") or {}).get("Ports") or {}
        return {
            int(name.partition("/")[0]): int(bound[0]["HostPort"])
            for name, bound in told.items()
            if name.endswith("/tcp") and bound and bound[0]["HostIp"] == "127.0.0.1"
        }

    def listeners(self) -> frozenset[Listener]:
        """Sockets in its network namespace, the daemon's own name server left out."""
        main = self._main()
        found = namespaces.listeners(main) if main is not None else self._listeners_told()
        return frozenset(one for one in found if one.address != _NAME_SERVER)

    def _listeners_told(self) -> frozenset[Listener]:
        """What a `cat` inside tells of its socket tables; nothing where the image has none."""
        if self._here or self.state().phase is Phase.EXITED:
            return frozenset()
        found: frozenset[Listener] = frozenset()
        for protocol in namespaces.PROTOCOLS:
            read = self.execute(["cat", f"/proc/net/{protocol}"], timeout=20)
            if read.code == 0:
                found |= namespaces.listeners_in(protocol, read.stdout.decode("ascii", "replace"))
        return found

    def connect(self, port: int, timeout: float, *, loopback: bool = False) -> socket.socket:
        """A TCP connection to it. Raises OSError."""
        main = self._main()
        if main is not None and loopback:
            return namespaces.connect_inside(main, "127.0.0.1", port, timeout)
        if self.state().phase is Phase.EXITED:
            raise ConnectionRefusedError("the container does not run")
        if main is None:
            at = None if loopback else self.published().get(port)
            if at is None:
                raise ConnectionRefusedError(f"port {port} cannot be reached from here: EXPOSE it in the Dockerfile")
            return socket.create_connection(("127.0.0.1", at), timeout)
        networks = (self._inspect().get("NetworkSettings") or {}).get("Networks") or {}
        address = (networks.get(self.name) or {}).get("IPAddress")
        if not address:
            raise ConnectionRefusedError("the container has no address")
        return socket.create_connection((address, port), timeout)

    def logs(self) -> tuple[bytes, bytes]:
        """stdout and stderr."""
        answer = self._api.call("GET", f"/containers/{self.name}/logs", query={"stdout": "1", "stderr": "1"})
        out, err = _streams(answer.body if answer.status == 200 else b"")
        return out[:LOG_LIMIT], err[:LOG_LIMIT]

    def process(self) -> ProcessFacts | None:
        """Who its main process runs as."""
        main = self._main()
        return namespaces.facts(main) if main is not None else None

    def cpu_seconds(self) -> float | None:
        """Seconds of processor that its processes have used."""
        main = self._main()
        if main is not None:
            return namespaces.cpu_seconds(iter([main, *namespaces.descendants(main)]))
        if self._here or self.state().phase is Phase.EXITED:
            return None
        told = self._api.get(f"/containers/{self.name}/stats", **{"stream": "false", "one-shot": "true"}) or {}
        used = ((told.get("cpu_stats") or {}).get("cpu_usage") or {}).get("total_usage")
        return used / 10**9 if isinstance(used, int) else None

    def written(self) -> frozenset[bytes] | None:
        """Files that differ from the image, as `docker diff` tells; directories that only hold such files left out."""
        rows = self._api.get(f"/containers/{self.name}/changes")
        if rows is None:
            return frozenset() if self.state().phase is Phase.EXITED else None
        paths = {str(row["Path"]).encode("utf-8", "surrogateescape") for row in rows if row.get("Kind") in (0, 1)}
        parents = {path.rpartition(b"/")[0] for path in paths}
        return frozenset(paths - parents)

    def opened(self) -> Opened | None:
        """What its processes have mapped now, which is a part: nothing tells what was read and closed, or has ended."""
        main = self._main() if self._options.watch else None
        if main is None:
            return None
        pids = [main, *namespaces.descendants(main)]
        programs = (found.executable for found in map(namespaces.facts, pids) if found is not None)
        return Opened(frozenset().union(*map(namespaces.mapped, pids)), frozenset(programs))

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
                "POST",
                f"/exec/{identity}/start",
                body={"Detach": False, "Tty": False},
                within=timeout,
            )
        except EngineError:
            return Finished(124, b"", b"", timed_out=True)
        code = (self._api.get(f"/exec/{identity}/json") or {}).get("ExitCode")
        return Finished(125 if code is None else int(code), *_streams(answer.body))

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
        self._deadline.cancel()
        with contextlib.suppress(EngineError):
            self._api.call("DELETE", f"/containers/{self.name}", query={"force": "true", "v": "true"})
        with contextlib.suppress(EngineError):
            self._api.call("DELETE", f"/networks/{self.name}")

    def __enter__(self) -> DockerSandbox:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _streams(framed: bytes) -> tuple[bytes, bytes]:
    """stdout and stderr out of the daemon's framing (Engine API, "Attach": headers of 8 bytes)."""
    found, at = {1: bytearray(), 2: bytearray()}, 0
    while at + 8 <= len(framed):
        stream, length = struct.unpack_from(">BxxxI", framed, at)
        found.setdefault(stream, bytearray()).extend(framed[at + 8 : at + 8 + length])
        at += 8 + length
    return bytes(found[1]), bytes(found[2])
