"""The scripted engine's containers: the application is a script, and has ended before anybody looks."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from typing import Any

from jettison.engine.model import ContainerState, Finished, Listener, Opened, Phase, ProcessFacts, RunOptions


class ScriptedSandbox:
    """A container whose program has ended before anybody looks."""

    def __init__(self, files: Mapping[str, bytes], config: Mapping[str, Any], options: RunOptions) -> None:
        self.files = files
        environment = dict(pair.split("=", 1) for pair in config.get("Env", [])) | dict(options.environment)
        self.watched, self.needed = options.watch, list[str]()
        command = options.command or tuple(config.get("Entrypoint", [])) + tuple(config.get("Cmd", []))
        self.code, self.out, self.err = self._run(command, environment)

    def _run(self, command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
        if command[:2] == ("/bin/sh", "-c"):  # `test -e /PATH`
            path = command[2].split()[-1]
            return (0, b"", b"") if path in self.files else (1, b"", f"{path} is not there\n".encode())
        if not command or command[0] not in self.files:
            return 127, b"", f"{command[0] if command else 'nothing'}: not found\n".encode()
        said = ""
        for line in self.files[command[0]].decode().splitlines():
            verb, _, rest = line.partition(" ")
            self.needed += [rest] if verb == "need" else []
            if verb == "need" and rest not in self.files:
                return 1, said.encode(), f"cannot open {rest}: no such file\n".encode()
            said += {"say": f"{rest}\n", "tell": f"{environment.get(rest, '')}\n"}.get(verb, "")
        return 0, said.encode(), b""

    def state(self) -> ContainerState:
        return ContainerState(Phase.EXITED, self.code)

    def listeners(self) -> frozenset[Listener]:
        return frozenset()

    def connect(self, port: int, timeout: float, *, loopback: bool = False) -> socket.socket:
        raise ConnectionRefusedError

    def logs(self) -> tuple[bytes, bytes]:
        return self.out, self.err

    def process(self) -> ProcessFacts | None:
        return None

    def cpu_seconds(self) -> float | None:
        return None

    def written(self) -> frozenset[bytes] | None:
        return None

    def opened(self) -> Opened | None:
        return Opened(frozenset(self.needed)) if self.watched else None

    def execute(
        self, command: Sequence[str], *, timeout: float, environment: Mapping[str, str] | None = None
    ) -> Finished:
        return Finished(*self._run(tuple(command), environment or {}))

    def stop(self, grace: float) -> ContainerState:
        return self.state()

    def close(self) -> None:
        pass

    def __enter__(self) -> ScriptedSandbox:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
