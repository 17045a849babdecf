"""Connections whose answers must begin in time, however slowly a server feeds us its headers."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import weakref
from typing import Any
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ProtocolError
from urllib3.response import HTTPResponse

_KEPT = 8  # connections to one host


class Sockets:
    """The sockets that are in use, to be cut all at once; after that, each new one at once."""

    def __init__(self) -> None:
        self.are_cut = threading.Event()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._lock = threading.Lock()

    def add(self, sock: socket.socket) -> None:
        """One more."""
        with self._lock:
            self._sockets.add(sock)
        if self.are_cut.is_set():
            cut(sock)

    def cut(self) -> None:
        """End all: who waits on one notices."""
        self.are_cut.set()
        with self._lock:
            sockets = list(self._sockets)
        for sock in sockets:
            cut(sock)


class _InTime:
    """Cuts the connection itself when the headers take too long: a timeout on each byte bounds nothing."""

    seconds = 60.0
    sockets: Sockets
    sock: socket.socket | None

    def getresponse(self) -> HTTPResponse:
        if self.sock is not None:
            self.sockets.add(self.sock)
        late = threading.Event()

        def end() -> None:
            late.set()
            cut(self.sock)

        timer = threading.Timer(self.seconds, end)
        timer.daemon = True
        timer.start()
        try:
            response: HTTPResponse = super().getresponse()  # type: ignore[misc]
        finally:
            timer.cancel()
        if late.is_set():  # http.client takes headers that break off for all of them
            response.close()
            raise ProtocolError("the headers trickle")
        return response


def cut(sock: socket.socket | None) -> None:
    """End a connection that another thread may be waiting on; it notices at once."""
    if sock is not None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # TLS would first take its own state apart


def manager(proxy: str, context: ssl.SSLContext | None, seconds: float, sockets: Sockets) -> urllib3.PoolManager:
    """Connections by this context, through the proxy if one is told; an answer's headers may take so many seconds.

    Their sockets are added to `sockets`.
    """
    bounds = {"seconds": seconds, "sockets": sockets}
    plain = type("Plain", (_InTime, HTTPConnection), bounds)
    secure = type("Secure", (_InTime, HTTPSConnection), bounds)
    options: dict[str, Any] = {"maxsize": _KEPT, **({"ssl_context": context} if context else {})}
    if proxy:
        parts = urlsplit(proxy)
        if parts.username:
            user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            options["proxy_headers"] = urllib3.make_headers(proxy_basic_auth=user)
        found: urllib3.PoolManager = urllib3.ProxyManager(proxy, **options)
    else:
        found = urllib3.PoolManager(**options)
    found.pool_classes_by_scheme = {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }
    return found
