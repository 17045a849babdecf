"""GET requests to a container, over connections that its sandbox makes.

Every request has a total deadline and a cap on bytes: an event stream that sends a byte each second would
otherwise hold us for ever. Redirects are not followed. Source: RFC 9110, RFC 9112; the parsing is http.client's.
"""

from __future__ import annotations

import http.client
import io
import socket
import string
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from jettison.engine.model import Sandbox

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SECONDS = 10.0
BODY_LIMIT = 2 * 2**20
NO_ANSWER = "no answer in time"
_AS_IT_IS = string.punctuation  # of a path that may be percent-encoded already


@dataclass(frozen=True)
class Address:
    """One address of a container; `loopback`: asked from inside, because nothing else reaches it."""

    port: int
    path: str
    loopback: bool = False
    host: str = "localhost"  # of the Host header

    def __str__(self) -> str:
        return f"http://{self.host}:{self.port}{self.path}"


@dataclass(frozen=True)
class Answer:
    """What came back; `error` says why nothing did. `complete` is False where the body was cut."""

    status: int = 0
    type: str = ""  # media type, lower case, without parameters
    location: str = ""
    cookies: tuple[str, ...] = ()  # names
    body: bytes = b""
    complete: bool = True
    error: str = ""


class _Timed(io.RawIOBase):
    """What a socket receives, until a point in time: http.client reads lines, and its time-out is for each receive."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._socket, self._deadline = sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
        return self._socket.recv_into(buffer)


class _Socket:
    """The three methods of a socket that http.client calls, none of which outlives the deadline."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._socket, self._deadline = sock, deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Timed(self._socket, self._deadline))

    def sendall(self, data: bytes) -> None:
        self._socket.settimeout(max(0.05, self._deadline - time.monotonic()))
        self._socket.sendall(data)

    def close(self) -> None:
        """http.client closes when the body's end is the connection's; the body is still to be read then."""


def get(sandbox: Sandbox, address: Address, seconds: float = SECONDS) -> Answer:
    """One GET; what went wrong is in the answer, nothing is raised."""
    deadline = time.monotonic() + seconds
    connection = http.client.HTTPConnection("localhost", address.port)  # whatever the header says of the host
    sock = None
    try:
        sock = sandbox.connect(address.port, seconds, loopback=address.loopback)
        connection.sock = cast(socket.socket, _Socket(sock, deadline))
        connection.putrequest("GET", quote(address.path, safe=_AS_IT_IS), skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", f"{address.host}:{address.port}")
        connection.putheader("Accept", "text/html,application/json,*/*;q=0.8")
        connection.putheader("Connection", "close")
        connection.endheaders()
        with connection.getresponse() as response:
            return _answer(response)
    except TimeoutError:
        return Answer(error=NO_ANSWER)
    except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
        return Answer(error="connection closed without an answer")
    except (http.client.HTTPException, ValueError):
        return Answer(error="what answers there is not HTTP")
    except ConnectionRefusedError:
        return Answer(error="connection refused")
    except OSError as error:
        return Answer(error=f"cannot be reached ({error.strerror or error})")
    finally:
        connection.close()
        if sock is not None:
            sock.close()


def _answer(response: http.client.HTTPResponse) -> Answer:
    body, complete = _body(response)
    return Answer(
        status=response.status,
        type=response.headers.get_content_type() if response.headers.get("Content-Type") else "",
        location=response.headers.get("Location") or "",
        cookies=_cookies(response.headers.get_all("Set-Cookie") or []),
        body=body,
        complete=complete,
    )


def _body(response: http.client.HTTPResponse) -> tuple[bytes, bool]:
    """The body as far as the deadline and the cap let it come, and whether that is all of it."""
    pieces: list[bytes] = []
    size = 0
    told = response.length
    try:
        while size < BODY_LIMIT:
            piece = response.read1(65536)
            if not piece:
                return b"".join(pieces), told is None or size == told
            pieces.append(piece)
            size += len(piece)
    except (http.client.HTTPException, OSError, ValueError):
        pass
    return b"".join(pieces), False


def _cookies(headers: list[str]) -> tuple[str, ...]:
    """Names of the cookies that are set, in order of name (RFC 6265, section 5.2)."""
    names = {header.partition(";")[0].partition("=")[0].strip() for header in headers}
    return tuple(sorted(names - {""}))
