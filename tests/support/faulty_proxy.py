"""A proxy before a registry that does to its answers what networks and bad servers do. Imports nothing of jettison."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_END_TO_END = ("content-type", "docker-content-digest", "content-range", "www-authenticate", "accept-ranges")


@dataclass
class Exchange:
    """A request and the registry's own answer to it, for a fault to change; `number` counts requests of this path."""

    handler: BaseHTTPRequestHandler
    method: str
    path: str
    asked: dict[str, str]  # the request's headers, in lower case
    form: bytes
    number: int
    ended: threading.Event
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def is_blob(self) -> bool:
        return "/blobs/" in self.path

    @property
    def is_manifest(self) -> bool:
        return "/manifests/" in self.path

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Something else than the registry said; `_` in a header's name stands for `-`."""
        self.status, self.body = status, body
        self.headers = {key.replace("_", "-"): value for key, value in headers.items()}

    def send(self, *, length: int | None = None, upto: int | None = None) -> None:
        """The answer, with a length that may lie, as far as wanted; the fault then has answered itself."""
        self.handler.send_response_only(self.status)
        self.headers.setdefault("Content-Length", str(len(self.body) if length is None else length))
        for key, value in self.headers.items():
            self.handler.send_header(key, value)
        self.handler.end_headers()
        self.handler.wfile.write(self.body[:upto])
        self.handler.wfile.flush()

    def cut(self) -> None:
        """End the connection without a word."""
        self.handler.close_connection = True
        with contextlib.suppress(OSError):
            self.handler.connection.shutdown(socket.SHUT_RDWR)

    def stall(self, seconds: float = 60) -> None:
        """Say nothing, until the test is over."""
        self.ended.wait(seconds)
        self.cut()


Fault = Callable[[Exchange], bool | None]  # True where it has answered itself


class Proxy:
    """What it is asked is kept in `log`; `faults` are asked in turn, and change what goes back."""

    def __init__(self, upstream: int, context: ssl.SSLContext | None = None) -> None:
        self.upstream = upstream
        self.faults: list[Fault] = []
        self.log: list[Exchange] = []
        self.ended = threading.Event()
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with contextlib.suppress(OSError):
                    proxy.exchange(self)

            do_POST = do_GET

            def log_message(self, format: str, *arguments: object) -> None: ...

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None: ...

        self.server = Quiet(("127.0.0.1", 0), Handler)
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port: int = self.server.server_address[1]

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def exchange(self, handler: BaseHTTPRequestHandler) -> None:
        """One request, passed on and answered."""
        asked = {key.lower(): value for key, value in handler.headers.items()}
        form = handler.rfile.read(int(asked.get("content-length", 0)))
        with self._lock:
            number = 1 + sum(each.path == handler.path for each in self.log)
            one = Exchange(handler, handler.command, handler.path, asked, form, number, self.ended)
            self.log.append(one)
        self._ask(one)
        for fault in self.faults:
            if fault(one):
                return
        one.send()

    def _ask(self, one: Exchange) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=20)
        try:
            passed = {key: one.asked[key] for key in ("accept", "range") if key in one.asked}
            connection.request("GET", one.path, headers=passed)
            answer = connection.getresponse()
            one.status, one.body = answer.status, answer.read()
            one.headers = {key: value for key, value in answer.getheaders() if key.lower() in _END_TO_END}
        finally:
            connection.close()

    def paths(self, part: str = "") -> list[str]:
        """What was asked for, of those that have this in them."""
        return [each.path for each in self.log if part in each.path]


@contextmanager
def proxied(upstream: int, *faults: Fault, context: ssl.SSLContext | None = None) -> Iterator[Proxy]:
    """A proxy that serves while the block runs."""
    proxy = Proxy(upstream, context)
    proxy.faults.extend(faults)
    thread = threading.Thread(target=proxy.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.ended.set()
        proxy.server.shutdown()
        proxy.server.server_close()
        thread.join()
