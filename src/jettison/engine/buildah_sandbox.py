"""A container that Buildah runs, in network, process and host-name namespaces of its own.

`buildah run --isolation chroot` shares them with the host. Wrapped in `unshare`, the application has ports, a
process table and a loopback of its own and no way out; ending `unshare` ends everything in it. A second address
on the loopback interface stands for the outside, so that "listens on 127.0.0.1 only" is seen.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from jettison.core.errors import EngineError
from jettison.engine import namespaces
from jettison.engine.model import ContainerState, Finished, Listener, Phase, ProcessFacts, RunOptions
from jettison.engine.process import _die_with_parent, kill_group, run

OUTSIDE = "10.99.0.2"
LOG_LIMIT = 4 * 2**20
NAMESPACES = ("unshare", "--net", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc")
_SETUP = f'hostname "$1"; ip link set lo up; ip addr add {OUTSIDE}/32 dev lo; shift; exec "$@"'
_ADDED = re.compile(
    rb"^(?:subprocess exited (?:on|with status) |process failed to start with error:|error running subprocess"
    rb"|Error: (?:while running|exit status)).*\Z",
    re.MULTILINE | re.DOTALL,
)
_SIGNALS = {(signal.strsignal(number) or "").lower(): int(number) for number in signal.valid_signals()}
_MADE_BY_BUILDAH = (b"etc/hosts", b"etc/resolv.conf", b"etc/hostname", b"run/.containerenv", b"dev", b"proc", b"sys")


class _Store(Protocol):
    @property
    def graph_root(self) -> Path: ...

    @property
    def capabilities(self) -> Any: ...


@cache
def can_isolate() -> bool:
    """Whether this process may make network and process namespaces."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return False
    return run([*NAMESPACES, "true"], timeout=20).code == 0


def command_of(config: Mapping[str, Any], options: RunOptions) -> list[str]:
    """Entry point and command joined, as the OCI image-spec's conversion to a runtime bundle does."""
    if options.command is not None:
        return list(options.command)
    entrypoint = list(config.get("Entrypoint") or [])
    command = list(options.arguments) if options.arguments is not None else list(config.get("Cmd") or [])
    return entrypoint + command


class BuildahSandbox:
    """One started container; a context manager that leaves nothing behind."""

    def __init__(self, image_id: str, config: Mapping[str, Any], options: RunOptions, engine: _Store) -> None:
        self._config = config
        self._options = options
        self._graph_root = engine.graph_root
        self._stopped: ContainerState | None = None
        self._closed = False
        self.name = f"jettison-{options.label or 'run'}-{secrets.token_hex(4)}"
        ended = run(["buildah", "from", "--pull-never", "--name", self.name, image_id], timeout=120)
        if ended.code != 0:
            raise EngineError(f"buildah could not make a container: {_last(ended.lines)}", hint="see `buildah info`")
        self._logs = Path(tempfile.mkdtemp(prefix="jettison-"))
        argv = command_of(config, options)
        if not argv:
            self._stopped = ContainerState(Phase.EXITED, 127, "the image names no command")
            self._process = None
            return
        with (self._logs / "out").open("wb") as out, (self._logs / "err").open("wb") as err:
            self._process = subprocess.Popen(
                self._wrapped(argv, options.environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    def _wrapped(self, argv: Sequence[str], environment: Mapping[str, str]) -> list[str]:
        inner = ["buildah", "run", "--isolation", "chroot", "--hostname", self._options.hostname]
        for key, value in environment.items():
            inner += ["--env", f"{key}={value}"]
        inner += [self.name, "--", *argv]
        return [*NAMESPACES, "sh", "-c", _SETUP, "sh", self._options.hostname, *inner]

    def _inside(self) -> list[int]:
        """Processes of the application: those below buildah's own, main process first."""
        if self._process is None:
            return []
        found = list(namespaces.descendants(self._process.pid))
        return [pid for pid in found if not _is_buildahs(pid)]

    def _main(self) -> int | None:
        inside = self._inside()
        return inside[0] if inside else None

    def state(self) -> ContainerState:
        if self._stopped is not None:
            return self._stopped
        assert self._process is not None
        code = self._process.poll()
        if code is None:
            return ContainerState(Phase.RUNNING)
        self._stopped = _ended(code, self._raw("err"))
        return self._stopped

    def listeners(self) -> frozenset[Listener]:
        main = self._main()
        return namespaces.listeners(main) if main is not None else frozenset()

    def connect(self, port: int, timeout: float, *, loopback: bool = False) -> socket.socket:
        main = self._main()
        if main is None:
            raise ConnectionRefusedError("the container does not run")
        return namespaces.connect_inside(main, "127.0.0.1" if loopback else OUTSIDE, port, timeout)

    def logs(self) -> tuple[bytes, bytes]:
        return self._raw("out"), _without_buildah(self._raw("err"))

    def _raw(self, name: str) -> bytes:
        try:
            with (self._logs / name).open("rb") as stream:
                return stream.read(LOG_LIMIT)
        except OSError:
            return b""

    def process(self) -> ProcessFacts | None:
        main = self._main()
        return namespaces.facts(main) if main is not None else None

    def cpu_seconds(self) -> float | None:
        return namespaces.cpu_seconds(iter(self._inside()))

    def written(self) -> frozenset[bytes] | None:
        """Files in the container's own overlay directory; None where it cannot be found or read."""
        try:
            containers = json.loads((self._graph_root / "overlay-containers" / "containers.json").read_bytes())
            layer = next(one["layer"] for one in containers if self.name in one.get("names", []))
        except (OSError, ValueError, StopIteration, KeyError):
            return None
        top = os.fsencode(self._graph_root / "overlay" / layer / "diff")
        found = set()
        for directory, _, files in os.walk(top):
            for file in files:
                path = os.path.relpath(os.path.join(directory, file), top)  # noqa: PTH118  # bytes
                if not any(path == made or path.startswith(made + b"/") for made in _MADE_BY_BUILDAH):
                    found.add(b"/" + path)
        return frozenset(found)

    def execute(
        self, command: Sequence[str], *, timeout: float, environment: Mapping[str, str] | None = None
    ) -> Finished:
        """Run a command beside the application, in its namespaces, as the image's user."""
        main = self._main()
        if main is None:
            return Finished(125, b"", b"the container does not run")
        inner = ["buildah", "run", "--isolation", "chroot", "--hostname", self._options.hostname]
        for key, value in {**self._options.environment, **(environment or {})}.items():
            inner += ["--env", f"{key}={value}"]
        inner += [self.name, "--", *command]
        child = subprocess.Popen(
            [
                "nsenter",
                f"--net=/proc/{main}/ns/net",
                f"--pid=/proc/{main}/ns/pid",
                f"--uts=/proc/{main}/ns/uts",
                *inner,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        try:
            out, err = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            kill_group(child, grace=0.2)
            out, err = child.communicate()
            return Finished(124, out, _without_buildah(err), timed_out=True)
        except BaseException:
            kill_group(child, grace=0.2)
            raise
        return Finished(_ended(child.returncode, err).code or 0, out, _without_buildah(err))

    def stop(self, grace: float) -> ContainerState:
        """The stop signal to the application alone, `grace` seconds, then the end of its namespaces."""
        state, main = self.state(), self._main()
        if state.phase is Phase.EXITED or self._process is None:
            return state
        if main is not None:
            number = _signal_number(self._config.get("StopSignal"))
            try:
                os.kill(main, number)
            except OSError:
                pass
            deadline = time.monotonic() + grace
            while time.monotonic() < deadline:
                if self._process.poll() is not None:
                    self._stopped = _ended(self._process.returncode, self._raw("err"))
                    return self._stopped
                time.sleep(0.02)
        self._kill()
        self._stopped = ContainerState(Phase.EXITED, 137)
        return self._stopped

    def _kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            kill_group(self._process, grace=0.0)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._kill()
        for _ in range(5):
            if run(["buildah", "rm", self.name], timeout=120).code == 0:
                break
            time.sleep(0.2)
        shutil.rmtree(self._logs, ignore_errors=True)

    def __enter__(self) -> BuildahSandbox:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _is_buildahs(pid: int) -> bool:
    """unshare, sh before its exec, buildah and its chroot helpers (run from a memfd)."""
    words = namespaces.arguments(pid)
    if not words:
        return True
    try:
        executable = str(Path(f"/proc/{pid}/exe").readlink())
    except OSError:
        return True
    return (
        words[0].startswith((b"buildah", b"unshare", b"buildah-"))
        or executable.startswith("/memfd:buildah")
        or words[:3] == [b"sh", b"-c", _SETUP.encode()]
    )


def _ended(code: int, errors: bytes) -> ContainerState:
    """buildah answers 1 for a command that is not there and crashes where a signal ended it; its words tell."""
    tail = errors[-8192:].decode("utf-8", "replace")
    ended_by = re.search(r"^subprocess exited on (.+)$", tail, re.MULTILINE)
    if ended_by:
        return ContainerState(Phase.EXITED, 128 + _SIGNALS.get(ended_by[1], 0))
    for line in reversed(tail.splitlines()):
        if line.startswith("process failed to start with error:"):
            error = line.removeprefix("process failed to start with error:").split("process exited with error")[0]
            return ContainerState(Phase.EXITED, 126 if "permission denied" in line else 127, error.strip())
    return ContainerState(Phase.EXITED, code if code >= 0 else 128 - code)


def _without_buildah(errors: bytes) -> bytes:
    """stderr without what buildah adds at its end."""
    match = _ADDED.search(errors)
    return errors[: match.start()] if match else errors


def _signal_number(name: str | None) -> int:
    if not name:
        return signal.SIGTERM
    if name.isdigit():
        return int(name)
    try:
        return signal.Signals[name if name.startswith("SIG") else f"SIG{name}"].value
    except KeyError:
        return signal.SIGTERM


def _last(lines: Sequence[str]) -> str:
    return lines[-1] if lines else "no reason given"
