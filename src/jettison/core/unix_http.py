"""HTTP over a Unix socket, or plain TCP: how a container daemon is spoken to on its own machine."""

from __future__ import annotations

import http.client
import socket
from urllib.parse import urlsplit


class DaemonConnection(http.client.HTTPConnection):
    """A connection to `unix:///PATH` or `tcp://HOST:PORT`; `seconds` is the longest wait for a byte.

    Raises ValueError where the address is neither.
    """

    def __init__(self, address: str, seconds: float) -> None:
        url = urlsplit(address)
        if url.scheme not in ("unix", "tcp"):
            raise ValueError(f"{address} is reached by no plain socket")
        self.socket_path = url.path if url.scheme == "unix" else ""
        super().__init__(url.hostname or "localhost", url.port or 2375, timeout=seconds)

    def connect(self) -> None:
        """Connect to the socket that was named. Raises OSError."""
        if not self.socket_path:
            super().connect()
            return
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self.timeout)
            connection.connect(self.socket_path)
        except BaseException:
            connection.close()
            raise
        self.sock = connection
