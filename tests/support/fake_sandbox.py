"""An engine without containers: an application is a Program, its ports are answered by sockets on loopback.

What a container would do by itself (open a port late, use the processor, end) happens by the engine's clock, which
tests may turn by hand; what is sent over a socket is real.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from jettison.engine.model import (
    BuildRequest,
    Built,
    Capabilities,
    ContainerState,
    Finished,
    Listener,
    Opened,
    Phase,
    ProcessFacts,
    RunOptions,
    Sandbox,
)

ROOT = ProcessFacts(0, 0, (), "/usr/bin/app")
MISSING = Finished(127, b"", b"/bin/sh: not found\n")


@dataclass(frozen=True)
class Request:
    """What a client asked for."""

    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    count: int  # how often this path was asked for before, in this start


class Reset(Exception):
    """Raised by a handler that hangs up with a reset."""


Handler = Callable[[Request], Iterable[bytes]]  # what is sent, piece by piece; it may sleep between


@dataclass(frozen=True)
class Page:
    """An answer of HTTP. `more` are further header lines."""

    body: bytes | str = b""
    type: str = "text/html; charset=utf-8"
    status: int = 200
    more: tuple[str, ...] = ()

    def pieces(self) -> Iterable[bytes]:
        body = self.body.encode() if isinstance(self.body, str) else self.body
        lines = [f"HTTP/1.1 {self.status} Said", f"Content-Length: {len(body)}", *self.more]
        if self.type:
            lines.insert(1, f"Content-Type: {self.type}")
        yield ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


NOT_FOUND = Page("not found\n", "text/plain", 404)


def site(pages: Mapping[str, Page | Callable[[Request], Page | Iterable[bytes]]], missing: Page = NOT_FOUND) -> Handler:
    """A handler that answers each path with its page; a page may be made for each request."""

    def answer(request: Request) -> Iterable[bytes]:
        found = pages.get(request.path, missing)
        made = found if isinstance(found, Page) else found(request)
        return made.pieces() if isinstance(made, Page) else made

    return answer


@dataclass(frozen=True)
class Port:
    """A listening socket: `after` seconds, on `address` inside the container; None answers nothing at all."""

    handler: Handler | None = None
    after: float = 0.0
    address: str = "0.0.0.0"
    protocol: str = "tcp"


@dataclass(frozen=True)
class Program:
    """What an application does once started."""

    ports: Mapping[int, Port | Handler] = field(default_factory=dict)
    stdout: bytes = b""
    stderr: bytes = b""
    ends: int | None = None  # with this exit code
    ends_after: float = 0.0
    ends_when_asked: str = ""  # the path whose request kills it
    error: str = ""  # why it could not be started
    process: ProcessFacts | None = ROOT
    commands: Mapping[str, Finished | Sequence[Finished]] = field(default_factory=dict)  # last word -> what it does
    written: frozenset[bytes] | None = frozenset()
    stop_code: int = 143
    busy: float = 0.0  # seconds from the start in which it uses a whole core
    cpu_seen: bool = True
    extra: frozenset[Listener] = frozenset()
    opened: Opened | None = None  # what it is seen to open, where it is watched


@dataclass
class Clock:
    """Time that passes when somebody sleeps."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class _Server:
    """A thread that accepts on loopback and lets a handler talk; ends with `close`."""

    def __init__(self, handler: Handler | None) -> None:
        self._handler = handler
        self._counts: dict[str, int] = {}
        self.asked: list[str] = []
        self._open: set[socket.socket] = set()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._open.add(connection)
            thread = threading.Thread(target=self._talk, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            request = self._read(connection)
            if self._handler is None:
                while connection.recv(4096):  # hold on, say nothing
                    pass
            elif request is not None:
                for piece in self._handler(request):
                    connection.sendall(piece)
        except Reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        finally:
            self._open.discard(connection)
            connection.close()

    def _read(self, connection: socket.socket) -> Request | None:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                return None
            data += piece
        first, *lines = data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        count = self._counts.get(path, 0)
        self._counts[path] = count + 1
        self.asked.append(path)
        return Request(method, path, headers, count)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)


class FakeSandbox:
    """One start of a Program."""

    def __init__(self, program: Program, options: RunOptions, clock: Clock | None = None) -> None:
        self.program, self.options = program, options
        self._clock = clock
        self._began = self._now()
        self._ended: int | None = None
        self._counts: dict[str, int] = {}
        self.executed: list[tuple[str, ...]] = []
        ports = {number: port if isinstance(port, Port) else Port(port) for number, port in program.ports.items()}
        self._ports: dict[int, Port] = ports
        self._servers = {number: _Server(self._watched(port.handler)) for number, port in ports.items()}

    def _now(self) -> float:
        return self._clock.monotonic() if self._clock is not None else time.monotonic()

    @property
    def _age(self) -> float:
        return self._now() - self._began

    @property
    def asked(self) -> list[str]:
        """Paths asked for, on all ports."""
        return [path for server in self._servers.values() for path in server.asked]

    def _watched(self, handler: Handler | None) -> Handler | None:
        fatal = self.program.ends_when_asked
        if handler is None or not fatal:
            return handler

        def answer(request: Request) -> Iterable[bytes]:
            if request.path == fatal:
                self._ended = 1
                return ()
            return handler(request)

        return answer

    def state(self) -> ContainerState:
        if self._ended is not None:
            return ContainerState(Phase.EXITED, self._ended, self.program.error)
        if self.program.ends is not None and self._age >= self.program.ends_after:
            return ContainerState(Phase.EXITED, self.program.ends, self.program.error)
        return ContainerState(Phase.RUNNING)

    def listeners(self) -> frozenset[Listener]:
        if self.state().phase is Phase.EXITED:
            return frozenset()
        return self.program.extra | {
            Listener(port.protocol, port.address, number)
            for number, port in self._ports.items()
            if self._age >= port.after
        }

    def connect(self, port: int, timeout: float, *, loopback: bool = False) -> socket.socket:
        told = self._ports.get(port)
        if told is None or self.state().phase is Phase.EXITED or (told.address.startswith("127.") and not loopback):
            raise ConnectionRefusedError(111, "Connection refused")
        return socket.create_connection(("127.0.0.1", self._servers[port].port), timeout)

    def logs(self) -> tuple[bytes, bytes]:
        return self.program.stdout, self.program.stderr

    def process(self) -> ProcessFacts | None:
        return self.program.process if self.state().phase is Phase.RUNNING else None

    def cpu_seconds(self) -> float | None:
        return min(self._age, self.program.busy) if self.program.cpu_seen else None

    def written(self) -> frozenset[bytes] | None:
        return self.program.written

    def opened(self) -> Opened | None:
        return self.program.opened if self.options.watch else None

    def execute(
        self, command: Sequence[str], *, timeout: float, environment: Mapping[str, str] | None = None
    ) -> Finished:
        self.executed.append(tuple(command))
        name = next((word for word in (" ".join(command), command[-1]) if word in self.program.commands), "")
        found = self.program.commands.get(name, MISSING)
        if isinstance(found, Finished):
            return found
        count = self._counts.get(name, 0)
        self._counts[name] = count + 1
        return found[min(count, len(found) - 1)]

    def stop(self, grace: float) -> ContainerState:
        if self.state().phase is Phase.RUNNING:
            self._ended = self.program.stop_code
        return self.state()

    def close(self) -> None:
        for server in self._servers.values():
            server.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


@dataclass
class FakeEngine:
    """Starts what `programs` tells for an image; a list is one program a start, its last one from then on.

    A container that is given a command runs nothing but that command, as `--check` on an ended program does.
    """

    programs: Mapping[str, Program | Sequence[Program]]
    clock: Clock | None = None
    starts: list[str] = field(default_factory=list)
    sandboxes: list[FakeSandbox] = field(default_factory=list)
    name: str = "fake"
    builder: str = "buildah"
    version: str = "1"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(False, True, True, False, False, False, True, True, False, (".dockerignore",))

    def start(self, image_id: str, options: RunOptions) -> Sandbox:
        told = self.programs[image_id]
        count = sum(each == image_id for each in self.starts)
        program = told if isinstance(told, Program) else told[min(count, len(told) - 1)]
        if options.command is not None:
            words = " ".join(options.command)
            found = program.commands.get(words, program.commands.get(options.command[-1], MISSING))
            finished = found if isinstance(found, Finished) else found[0]
            program = replace(
                program, ports={}, stdout=finished.stdout, stderr=finished.stderr, ends=finished.code, ends_after=0.0
            )
        else:
            self.starts.append(image_id)
        sandbox = FakeSandbox(program, options, self.clock)
        self.sandboxes.append(sandbox)
        return sandbox

    def build(self, request: BuildRequest, progress: Callable[[str], None] | None = None) -> Built:
        raise NotImplementedError

    def fetch(self, name: str) -> None:
        return None

    def image_exists(self, name: str) -> bool:
        return name in self.programs

    def remove_images(self, names: Sequence[str]) -> None:
        raise NotImplementedError

    def sweep(self, prefix: str, *, images: bool = True) -> tuple[str, ...]:
        return ()

    def usage(self) -> int | None:
        return None
