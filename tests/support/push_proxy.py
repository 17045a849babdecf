"""A proxy before a registry that is written to: it passes on all methods, and breaks what it is told to break.

Imports nothing of jettison.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN = "let-me-in"


@dataclass
class Asked:
    """A request as it came; `number` counts those of this method."""

    method: str
    path: str
    headers: dict[str, str]
    number: int
    body: bytes = b""


@dataclass
class Fault:
    """`when` says which requests; of their bodies `bytes` are passed on before the connection is cut.

    Where they are `kept`, the registry tells afterwards how far it came, which docker-registry does not by itself.
    Or they are answered by `status`, after they were passed on where `late`.
    """

    when: Callable[[Asked], bool]
    bytes: int = -1
    kept: bool = False
    status: int = 0
    late: bool = False
    headers: dict[str, str] = field(default_factory=dict)


class PushProxy:
    """What it is asked is kept in `log`. `closed`: it wants a token, and keeps in `scopes` what is asked of it."""

    def __init__(self, upstream: int) -> None:
        self.upstream, self.faults, self.log = upstream, list[Fault](), list[Asked]()
        self.closed, self.scopes = False, list[list[str]]()
        self._reached: dict[str, dict[str, str]] = {}
        proxy = self

        class Passing(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with contextlib.suppress(OSError, http.client.HTTPException):
                    proxy.passed(self)

            do_POST = do_PUT = do_PATCH = do_HEAD = do_GET

            def log_message(self, format: str, *arguments: object) -> None: ...

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None: ...

        self.server = Quiet(("127.0.0.1", 0), Passing)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.server_address[1]}"

    def count(self, method: str, part: str = "") -> int:
        return sum(each.method == method and part in each.path for each in self.log)

    def passed(self, handler: BaseHTTPRequestHandler) -> None:
        headers = {key.lower(): value for key, value in handler.headers.items()}
        number = 1 + sum(each.method == handler.command for each in self.log)
        one = Asked(handler.command, handler.path, headers, number)
        self.log.append(one)
        if urlsplit(one.path).path == "/token":
            self.scopes.append(parse_qs(urlsplit(one.path).query)["scope"])
            return answer(handler, 200, f'{{"token": "{TOKEN}"}}'.encode())
        fault = next((each for each in self.faults if each.when(one)), None)
        size = int(headers.get("content-length", 0))
        if fault is not None and fault.bytes >= 0:
            self.cut_after(handler, one, fault)
            return None
        if one.method == "GET" and one.path in self._reached:
            return answer(handler, 204, b"", self._reached[one.path])
        one.body = handler.rfile.read(size)
        if fault is not None and not fault.late:
            return answer(handler, fault.status, b"", fault.headers)
        if self.closed and headers.get("authorization") != f"Bearer {TOKEN}":
            challenge = f'Bearer realm="http://{self.host}/token",service="x",scope="repository:app:pull"'
            return answer(handler, 401, b"", {"WWW-Authenticate": challenge})
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=20)) as connection:
            connection.request(one.method, one.path, one.body, headers)
            told = connection.getresponse()
            body = told.read()
        if fault is not None:
            return answer(handler, fault.status, b"", fault.headers)
        return answer(handler, told.status, body, dict(told.getheaders()))

    def cut_after(self, handler: BaseHTTPRequestHandler, one: Asked, fault: Fault) -> None:
        """Pass on the beginning of a body, as a network does that breaks in the middle."""
        data = handler.rfile.read(fault.bytes)
        if fault.kept:
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=20)) as connection:
                connection.request(one.method, one.path, data, {**one.headers, "content-length": str(len(data))})
                told = connection.getresponse()
                self._reached[one.path] = {key: told.headers[key] for key in ("Location", "Range")}
        else:
            with socket.create_connection(("127.0.0.1", self.upstream), timeout=20) as raw:
                lines = [f"{one.method} {one.path} HTTP/1.1", *(f"{key}: {each}" for key, each in one.headers.items())]
                raw.sendall("\r\n".join([*lines, "", ""]).encode() + data)
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)


def answer(
    handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", headers: dict[str, str] | None = None
) -> None:
    handler.send_response(status)
    told = {key: value for key, value in (headers or {}).items() if key.lower() not in ("connection", "date")}
    if not any(key.lower() == "content-length" for key in told):
        told["Content-Length"] = str(len(body))
    for key, value in told.items():
        handler.send_header(key, value)
    handler.end_headers()
    handler.wfile.write(body if handler.command != "HEAD" else b"")


@contextmanager
def push_proxied(upstream: int) -> Iterator[PushProxy]:
    """A proxy that serves while the block runs."""
    proxy = PushProxy(upstream)
    thread = threading.Thread(target=proxy.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.server.shutdown()
        proxy.server.server_close()
        thread.join()
