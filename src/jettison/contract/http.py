"""GET requests to a container, over connections that its sandbox makes.

Every request has a total deadline and a cap on bytes: an event stream that sends a byte each second would
otherwise hold us for ever. Redirects are not followed. Source: RFC 9110, RFC 9112; the parsing is http.client's.
"""

from __future__ import annotations

import http.client
import socket
import time
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from jettison.engine.model import Sandbox

SECONDS = 10.0
BODY_LIMIT = 2 * 2**20
NO_ANSWER = "no answer in time"


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


class _Connection(http.client.HTTPConnection):
    """A connection whose socket the sandbox makes, and that never outlives its deadline."""

    def __init__(self, sandbox: Sandbox, address: Address, deadline: float) -> None:
        super().__init__(address.host, address.port)
        self._sandbox = sandbox
        self._address = address
        self._deadline = deadline

    def connect(self) -> None:
        left = max(0.05, self._deadline - time.monotonic())
        self.sock = self._sandbox.connect(self._address.port, left, loopback=self._address.loopback)

    def hurry(self) -> None:
        """Give the socket the time that is left. Raises TimeoutError where none is."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if self.sock is not None:
            self.sock.settimeout(left)


def get(sandbox: Sandbox, address: Address, seconds: float = SECONDS) -> Answer:
    """One GET; what went wrong is in the answer, nothing is raised."""
    connection = _Connection(sandbox, address, time.monotonic() + seconds)
    try:
        connection.putrequest("GET", address.path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", f"{address.host}:{address.port}")
        connection.putheader("Accept", "text/html,application/json,*/*;q=0.8")
        connection.putheader("Connection", "close")
        connection.hurry()
        connection.endheaders()
        connection.hurry()
        response = connection.getresponse()
        body, complete = _body(connection, response)
        return Answer(
            status=response.status,
            type=(response.headers.get_content_type() if response.headers.get("Content-Type") else ""),
            location=response.headers.get("Location") or "",
            cookies=_cookies(response.headers.get_all("Set-Cookie") or []),
            body=body,
            complete=complete,
        )
    except TimeoutError:
        return Answer(error=NO_ANSWER)
    except (http.client.HTTPException, ValueError):
        return Answer(error="what answers there is not HTTP")
    except ConnectionRefusedError:
        return Answer(error="connection refused")
    except (ConnectionError, socket.gaierror):
        return Answer(error="connection closed without an answer")
    except OSError as error:
        return Answer(error=f"cannot be reached ({error.strerror or error})")
    finally:
        connection.close()


def _body(connection: _Connection, response: http.client.HTTPResponse) -> tuple[bytes, bool]:
    """The body as far as the deadline and the cap let it come, and whether that is all of it."""
    pieces: list[bytes] = []
    size = 0
    try:
        while size < BODY_LIMIT:
            connection.hurry()
            piece = response.read1(65536)
            if not piece:
                return b"".join(pieces), True
            pieces.append(piece)
            size += len(piece)
    except (TimeoutError, http.client.HTTPException, OSError, ValueError):
        pass
    return b"".join(pieces), False


def _cookies(headers: list[str]) -> tuple[str, ...]:
    """Names of the cookies that are set, in order of name."""
    names = set()
    for header in headers:
        try:
            names |= set(SimpleCookie(header))
        except CookieError:
            names.add(header.partition("=")[0].strip())
    return tuple(sorted(names))
