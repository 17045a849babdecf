"""What every engine promises: one protocol, with capabilities declared as data."""

from __future__ import annotations

import enum
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from jettison.core.errors import BuildFailed
from jettison.core.reference import Reference

PREFIX = "localhost/jettison"  # every image that we make is called PREFIX/RUN:VERSION
CONTEXT_FLAG = "--build-context"  # `docker build` has it only where buildx is behind it


# names of ignore files that a builder looks for, the first wins; "{dockerfile}" stands for the Dockerfile's name, and
# such a file stands beside it. Sources: moby/buildkit `frontend/dockerui/config.go`, docker/cli
# `cli/command/image/build/dockerignore.go`, containers/buildah `pkg/parse` (ContainerIgnoreFile)
IGNORE_FILES: Mapping[str, tuple[str, ...]] = {
    "buildkit": ("{dockerfile}.dockerignore", ".dockerignore"),
    "classic": (".dockerignore",),
    "buildah": ("{dockerfile}.dockerignore", "{dockerfile}.containerignore", ".containerignore", ".dockerignore"),
}


@dataclass(frozen=True)
class Capabilities:
    """What this engine, as found here, can do; whoever asks for more gets a Skipped with the reason."""

    ports_published: bool  # ports reach the host by publishing; else by entering the network namespace
    private_network: bool  # each container has a network of its own: no collisions, no way out
    signals_seen: bool  # death by signal is told apart from exit code 1
    healthchecks: bool  # the engine itself runs HEALTHCHECK
    limits: bool  # memory and number of processes of a whole container
    secrets: bool  # RUN --mount=type=secret
    heredocs: bool
    copy_link: bool
    empty_run_is_layer: bool
    ignore_files: tuple[str, ...]  # those of IGNORE_FILES
    ignore_file_apart: bool = False  # another ignore file than the context's own can be given to a build
    build_networks: bool = False  # a build may be given another network than it has by default
    build_contexts: bool = False  # CONTEXT_FLAG
    cache_mounts: bool = False  # RUN --mount=type=cache
    limits_by: str = ""  # what enforces the limits, and what it leaves out


@dataclass(frozen=True)
class BuildRequest:
    """One build. `dockerfile` may lie outside `context`; `tag` is a full name under our own prefix."""

    context: Path
    dockerfile: Path
    tag: str
    target: str | None = None
    build_args: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()  # NAME=VALUE
    labels: Mapping[str, str] = field(default_factory=dict)
    ignore_file: Path | None = None  # instead of the context's own; named as the Dockerfile, plus ".dockerignore"
    use_cache: bool = True  # False: every instruction runs (a cold build)
    caches: Path | None = None  # where an engine without a daemon keeps what cache mounts hold; None: nowhere
    cache_seconds: float | None = None  # what is older is not used again, where the builder would prefer it
    seconds: float | None = None  # after which the build is ended, and counts as one that fails
    arguments: tuple[str, ...] = ()  # passed through, after `--` on our command line

    def flags(self) -> list[str]:
        """The request in the words that every engine's build command shares, the context last."""
        flags = ["-t", self.tag, "-f", str(self.dockerfile)]
        if not self.use_cache:
            flags.append("--no-cache")
        if self.target is not None:
            flags += ["--target", self.target]
        for key, value in self.build_args.items():
            flags += ["--build-arg", f"{key}={value}"]
        for secret in self.secrets:
            flags += ["--secret", secret]
        for context in self.contexts:
            flags += [CONTEXT_FLAG, context]
        for key, value in self.labels.items():
            flags += ["--label", f"{key}={value}"]
        return [*flags, *self.arguments, str(self.context)]

    def masked(self, text: str) -> str:
        """A line of the builder's: build arguments may be secrets, and their values are not repeated."""
        from jettison.core.redact import MASK, SHORTEST  # its patterns take their time, and most commands build nothing

        for value in self.build_args.values():
            if len(value) >= SHORTEST:
                text = text.replace(value, MASK)
        return text


def too_long(request: BuildRequest) -> BuildFailed:
    """What is raised where a build was ended after its seconds."""
    return BuildFailed(
        f"the build was ended after {request.seconds:.0f} s, which is its limit", hint="look at what it waits for"
    )


@dataclass(frozen=True)
class InstructionRun:
    """One instruction of a build: its text as the engine printed it, seconds where known."""

    text: str
    cached: bool
    seconds: float | None


@dataclass(frozen=True)
class Built:
    """A finished build: where the image is, how long the engine's process ran, what it ran."""

    reference: Reference
    image_id: str
    seconds: float
    cold: bool
    instructions: tuple[InstructionRun, ...]


MEMORY = 4 * 2**30  # bytes; an application that needs more is ended, and its state says so
PROCESSES = 4096  # threads count
SECONDS = 3600.0


@dataclass(frozen=True)
class RunOptions:
    """How to start a container; everything unsaid is as the image says."""

    command: tuple[str, ...] | None = None  # replaces entry point and command
    arguments: tuple[str, ...] | None = None  # replaces the command only, as `docker run IMAGE ARG` does
    environment: Mapping[str, str] = field(default_factory=dict)
    hostname: str = "jettison"
    label: str = ""  # the run that this container belongs to; part of its name, so that a sweep finds it
    memory: int = MEMORY  # bytes that all its processes may use
    processes: int = PROCESSES  # that it may have at once, threads counted
    seconds: float = SECONDS  # after which it is ended, whatever it does
    watch: bool = False  # note which files are opened, where it can be done
    publish: tuple[int, ...] = ()  # TCP ports to be reached on a free port of this machine's 127.0.0.1, where it can


@dataclass(frozen=True)
class Listener:
    """A socket that the application listens on."""

    protocol: str  # tcp, tcp6, udp, udp6
    address: str
    port: int


@dataclass(frozen=True)
class Finished:
    """A command that ended inside a container."""

    code: int
    stdout: bytes
    stderr: bytes
    timed_out: bool = False


class Phase(enum.Enum):
    """What a container is doing."""

    RUNNING = "running"
    EXITED = "exited"


@dataclass(frozen=True)
class ContainerState:
    """RUNNING, or EXITED with its code; `error` is the engine's own message where it could not start."""

    phase: Phase
    code: int | None = None
    error: str = ""


@dataclass(frozen=True)
class ProcessFacts:
    """The application's main process as the kernel sees it."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    executable: str


@dataclass(frozen=True)
class Opened:
    """Files of a container by their paths in it: `files` were opened, of which `executed` as programs."""

    files: frozenset[str] = frozenset()
    executed: frozenset[str] = frozenset()
    whole: bool = False  # nothing is missing that was opened of the container's own file system; mounts are apart


class Sandbox(Protocol):
    """A container that was started; a context manager that leaves nothing behind."""

    def state(self) -> ContainerState: ...

    def listeners(self) -> frozenset[Listener]: ...

    def connect(self, port: int, timeout: float, *, loopback: bool = False) -> socket.socket:
        """A TCP connection to the container, from outside it unless `loopback`; raises OSError."""
        ...

    def published(self) -> Mapping[int, int]:
        """The container's ports that were published: the port on this machine's 127.0.0.1 for each."""
        ...

    def logs(self) -> tuple[bytes, bytes]:
        """All of stdout and stderr so far, capped at 4 MiB each."""
        ...

    def process(self) -> ProcessFacts | None: ...

    def cpu_seconds(self) -> float | None: ...

    def written(self) -> frozenset[bytes] | None:
        """Paths that differ from the image, absolute, files only; None where the engine cannot tell."""
        ...

    def opened(self) -> Opened | None:
        """Files that were opened in it so far, by whomever; None where it was not watched, or cannot be."""
        ...

    def execute(
        self, command: Sequence[str], *, timeout: float, environment: Mapping[str, str] | None = None
    ) -> Finished: ...

    def stop(self, grace: float) -> ContainerState:
        """SIGTERM, wait `grace` seconds, SIGKILL; the code it ended with, 137 where it was killed."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Sandbox: ...

    def __exit__(self, *exception: object) -> None: ...


class Engine(Protocol):
    """A builder and runner of containers."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def builder(self) -> str:
        """Whose history the images carry: buildkit, classic, buildah."""
        ...

    @property
    def storage(self) -> str:
        """How and where it keeps images, for people: `overlay2 in /var/lib/docker`."""
        ...

    @property
    def capabilities(self) -> Capabilities: ...

    def build(self, request: BuildRequest, progress: Callable[[str], None] | None = None) -> Built:
        """Build; `progress` gets each line of output. Raises BuildFailed, EngineError."""
        ...

    def image_exists(self, name: str) -> bool: ...

    def fetch(self, name: str) -> Reference | None:
        """An image by its name, from the registry where it is not here yet; None where it cannot be had."""
        ...

    def start(self, image_id: str, options: RunOptions) -> Sandbox: ...

    def remove_images(self, names: Sequence[str]) -> None:
        """Remove names under our prefix; a name that is gone already is no error."""
        ...

    def sweep(self, prefix: str, *, images: bool = True) -> tuple[str, ...]:
        """Remove containers and (unless `images` is False) images whose name starts with `prefix`; what was removed."""
        ...

    def usage(self) -> int | None:
        """Bytes that the engine's store holds now, build cache included; None where it cannot tell."""
        ...
