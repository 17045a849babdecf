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
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from jettison.core.errors import EngineError
from jettison.engine import buildah_output, cgroups, enter, leftovers, namespaces
from jettison.engine.deadline import Deadline
from jettison.engine.log_limit import LogLimit
from jettison.engine.model import ContainerState, Finished, Listener, Opened, Phase, ProcessFacts, RunOptions
from jettison.engine.process import _die_with_parent, kill_group, run
from jettison.engine.watch import Watch

OUTSIDE = "10.99.0.2"
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LOG_LIMIT = 4 * 2**20
_TRIES = 3  # where buildah failed before the application began
NAMESPACES = ("unshare", "--net", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc")
_SETUP = f'hostname "$1"; ip link set lo up; ip addr add {OUTSIDE}/32 dev lo; shift; exec "$@"'
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
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped: ContainerState | None = None
        self._closed = False
        self._executed = 0
        self._command: list[str] = []  # what the application is started with
        self._tried = 0
        self._group: cgroups.Group | None = None
        self._log_limit: LogLimit | None = None
        self._watch: Watch | None = None
        self._deadline = Deadline(options.seconds, self._kill)
        self.name = f"jettison-{options.label or 'run'}-{secrets.token_hex(4)}"
        self._folder = leftovers.make_folder(options.label or "run")
        try:
            self._begin(image_id, command_of(config, options))
        except BaseException:
            self.close()
            raise

    def _begin(self, image_id: str, argv: Sequence[str]) -> None:
        place = cgroups.hierarchy()
        if place is not None:
            limits = {"memory": self._options.memory, "processes": self._options.processes}
            self._group = cgroups.make(place, self.name, **limits)
        # without a group: each process for itself, by RLIMIT_DATA
        alone = [] if self._group is not None else ["--ulimit", f"data={self._options.memory}:{self._options.memory}"]
        ended = run(["buildah", "from", "--pull-never", *alone, "--name", self.name, image_id], timeout=120)
        if ended.code != 0:
            raise EngineError(f"buildah could not make a container: {_last(ended.lines)}", hint="see `buildah info`")
        self._watch = self._watched() if self._options.watch else None
        if not argv:
            self._stopped = ContainerState(Phase.EXITED, 127, "the image names no command")
            return
        inner = self._run_command(argv, self._options.environment)
        wrapped = [*NAMESPACES, "sh", "-c", _SETUP, "sh", self._options.hostname, *inner]
        self._command = self._limited(wrapped)
        self._start()
        self._log_limit = LogLimit(self._folder)
        self._deadline.begin()

    def _start(self) -> None:
        self._tried += 1
        self._process = self._spawn(self._command, "main")

    def _watched(self) -> Watch | None:
        """A watch on the container's own file system, which is mounted for it; None where nobody may look."""
        ended = run(["buildah", "mount", self.name], timeout=120)
        if ended.code != 0 or not ended.lines:
            return None
        try:
            return Watch(Path(ended.lines[-1]))
        except OSError:
            return None

    def _limited(self, command: Sequence[str]) -> list[str]:
        return self._group.enter(list(command)) if self._group is not None else list(command)

    def _run_command(self, argv: Sequence[str], environment: Mapping[str, str]) -> list[str]:
        command = ["buildah", "run", "--isolation", "chroot", "--hostname", self._options.hostname]
        for key, value in environment.items():
            command += ["--env", f"{key}={value}"]
        return [*command, self.name, "--", *argv]

    def _spawn(self, command: Sequence[str], name: str) -> subprocess.Popen[bytes]:
        """Start with stdout and stderr in files: nobody need read them for the child to go on."""
        with (self._folder / f"{name}.out").open("wb") as out, (self._folder / f"{name}.err").open("wb") as err:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                preexec_fn=_die_with_parent,
                env={**os.environ, "TMPDIR": str(self._folder)},
            )

    def _inside(self) -> list[int]:
        """Processes of the application: those below buildah's own, main process first."""
        if self._process is None:
            return []
        below = [found for pid in namespaces.descendants(self._process.pid) if (found := _running(pid)) is not None]
        ours = {each.file for each in below if each.at_home}
        return [each.pid for each in below if not each.at_home and not each.is_copy and each.file not in ours]

    def _main(self) -> int | None:
        """The application's first process. A daemon that it started may stand above it in the tree of processes."""
        return min(self._inside(), key=namespaces.started, default=None)

    def state(self) -> ContainerState:
        if self._stopped is not None:
            return self._stopped
        assert self._process is not None
        code = self._process.poll()
        if code is None:
            return ContainerState(Phase.RUNNING)
        never_began = buildah_output.never_began(code, self._head("main.out"), self._head("main.err"))
        if never_began and self._tried < _TRIES and not self._deadline.passed:
            self._start()
            if self._deadline.passed:  # meanwhile, when there was nothing to end
                self._kill()
            return ContainerState(Phase.RUNNING)
        self._stopped = buildah_output.ended(code, self._tail("main.err"))
        error = ""
        if self._deadline.passed:
            error = f"ended after {self._options.seconds:g} s, which is its limit"
        elif self._group is not None and self._group.out_of_memory():
            error = f"it needed more memory than its limit of {self._options.memory} bytes"
        if error:
            self._stopped = replace(self._stopped, error=error)
        return self._stopped

    def published(self) -> Mapping[int, int]:
        """None: its own network is entered instead."""
        return {}

    def listeners(self) -> frozenset[Listener]:
        main = self._main()
        return namespaces.listeners(main) if main is not None else frozenset()

    def connect(self, port: int, timeout: float, *, loopback: bool = False) -> socket.socket:
        main = self._main()
        if main is None:
            raise ConnectionRefusedError("the container does not run")
        return namespaces.connect_inside(main, "127.0.0.1" if loopback else OUTSIDE, port, timeout)

    def logs(self) -> tuple[bytes, bytes]:
        out, errors = self._head("main.out"), self._head("main.err")
        ended = self._stopped is not None and self._stopped.code not in (0, None)
        return out, buildah_output.without_added(errors) if ended else errors

    def _head(self, name: str) -> bytes:
        """The first 4 MiB of a log."""
        try:
            with (self._folder / name).open("rb") as stream:
                return stream.read(LOG_LIMIT)
        except OSError:
            return b""

    def _tail(self, name: str) -> bytes:
        """The last 8 KiB of a log, where buildah's own words stand."""
        try:
            with (self._folder / name).open("rb") as stream:
                stream.seek(max(0, os.fstat(stream.fileno()).st_size - 8192))
                return stream.read()
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

    def opened(self) -> Opened | None:
        """What the watch has seen, buildah's own look at the mounted container left out."""
        if self._watch is None:
            return None
        files, programs = self._inside_of(self._watch.opened()), self._inside_of(self._watch.executed())
        return Opened(files, programs, whole=self._watch.whole())

    def _inside_of(self, paths: frozenset[bytes]) -> frozenset[str]:
        """Paths in the container, which chroot isolation mounts in our folder; another one makes it the root."""
        mounted = re.compile(
            rb"(?:%s/buildah\d+/mnt/rootfs)?(/.+)" % re.escape(bytes(self._folder.resolve())), re.DOTALL
        )
        host = bytes((self._graph_root / "overlay").resolve()) + b"/"
        found = (mounted.fullmatch(path) for path in paths if not path.startswith(host))
        return frozenset(os.fsdecode(match[1]) for match in found if match)

    def execute(
        self, command: Sequence[str], *, timeout: float, environment: Mapping[str, str] | None = None
    ) -> Finished:
        """Run a command beside the application: in its namespaces and its root, as its user (engine/enter.py)."""
        main = self._main()
        if main is None:
            return Finished(enter.GONE, b"", b"the container does not run")
        directory = str(self._config.get("WorkingDir") or "/")
        self._executed += 1
        name = f"command-{self._executed}"
        variables = self._folder / f"{name}.env"
        variables.write_text(json.dumps(self._environment(main) | dict(environment or {})))
        child = self._spawn(
            self._limited([sys.executable, "-I", "-m", enter.__name__, str(main), directory, str(variables), *command]),
            name,
        )
        timed_out = False
        try:
            child.wait(timeout)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            if child.poll() is None:
                kill_group(child, grace=0.2)
        code = child.returncode if child.returncode >= 0 else 128 - child.returncode
        return Finished(124 if timed_out else code, self._head(f"{name}.out"), self._head(f"{name}.err"), timed_out)

    def _environment(self, main: int) -> dict[str, str]:
        """The image's variables, HOME as the application has it, and those of the options, which win."""
        pairs = [item.partition("=") for item in ["PATH=" + DEFAULT_PATH, *(self._config.get("Env") or [])]]
        home = [item.partition("=") for item in namespaces.environment(main) if item.startswith("HOME=")]
        return {name: value for name, _, value in [*home, *pairs]} | dict(self._options.environment)

    def stop(self, grace: float) -> ContainerState:
        """The stop signal to the application alone, `grace` seconds, then the end of its namespaces.

        Elsewhere it would be process 1 of its container, which no signal ends that it does not catch
        (pid_namespaces(7)); here buildah is that. So a signal that it does not catch is not sent.
        """
        self._tried = _TRIES
        state, main = self.state(), self._main()
        if state.phase is Phase.EXITED or self._process is None:
            return state
        number = _signal_number(self._config.get("StopSignal"))
        if main is not None and (number == signal.SIGKILL or namespaces.catches(main, number)):
            try:
                os.kill(main, number)
            except OSError:
                pass
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                return self.state()
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
        self._deadline.cancel()
        self._kill()
        if self._watch is not None:
            self._watch.close()
        if self._log_limit is not None:
            self._log_limit.end()
        for _ in range(5):
            if run(["buildah", "rm", self.name], timeout=120).code == 0:
                break
            time.sleep(0.2)
        leftovers.remove_folder(self._folder)
        if self._group is not None:
            self._group.remove()

    def __enter__(self) -> BuildahSandbox:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class _Running(NamedTuple):
    """A process below ours: which file it runs, and whether it still has the host's root.

    unshare, the shell that sets the network up and buildah itself have that. Helpers that enter the container's run
    from buildah's own file, wherever a script in PATH may lead, the last one from a copy of it in a memfd.
    """

    pid: int
    file: tuple[int, int]  # device and inode
    is_copy: bool
    at_home: bool


def _running(pid: int) -> _Running | None:
    """What a process runs; None where it is gone."""
    try:
        executable = Path(f"/proc/{pid}/exe")
        name, file = str(executable.readlink()), executable.stat()
        at_home = Path(f"/proc/{pid}/root/").samefile("/")
        return _Running(pid, (file.st_dev, file.st_ino), name.startswith("/memfd:buildah"), at_home)
    except OSError:
        return None


def _signal_number(name: str | None) -> int:
    """STOPSIGNAL as a number: `SIGTERM`, `TERM`, `15`, `SIGRTMIN+3`; SIGTERM where it says nothing known."""
    word, sign, offset = re.fullmatch(r"(.*?)(?:([+-])(\d+))?", (name or "TERM").upper()).groups()  # type: ignore[union-attr]
    if word.isdigit():
        return int(word)
    try:
        number = signal.Signals[f"SIG{word.removeprefix('SIG')}"].value
    except KeyError:
        return signal.SIGTERM
    return number + int(f"{sign}{offset}") if sign else number


def _last(lines: Sequence[str]) -> str:
    return lines[-1] if lines else "no reason given"
