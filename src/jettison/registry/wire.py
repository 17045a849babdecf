"""HTTP as registries want it: bounded in time and size, tried again where that helps, followed where it leads.

Source: OCI distribution-spec v1.1, "Endpoints" and "Error Codes"; RFC 9110 section 15.4 (redirection), RFC 6585 (429).
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3
from urllib3 import HTTPHeaderDict
from urllib3.exceptions import ProtocolError
from urllib3.response import HTTPResponse

from jettison import __version__
from jettison.core.errors import RegistryError
from jettison.core.units import show_bytes
from jettison.registry import tls, troubles
from jettison.registry.patience import Pace, Patience
from jettison.registry.proxies import proxy_for
from jettison.registry.punctual import Sockets, manager

LARGEST = 4 * 2**20  # bytes of a manifest, an index, a token; what registries themselves take
_RETRIED = (408, 429, 500, 502, 503, 504)
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 10
_EMPTY = (201, 202, 204)  # may come with neither a body nor a length
_CHUNK = 2**18


@dataclass(frozen=True)
class Body:
    """What is sent along: `pieces` makes `size` bytes, anew for each try."""

    size: int
    pieces: Callable[[], Iterable[bytes]]


@dataclass(frozen=True)
class Request:
    """What is asked for. The authorization goes to the host of `url` alone, wherever that may send us."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    authorization: str | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)  # makes it a POST
    method: str = "GET"
    body: Body | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Answer:
    """A whole answer, its body bounded."""

    status: int
    headers: HTTPHeaderDict
    body: bytes


class Wire:
    """Connections to the hosts that one image leads to. `insecure` names the hosts that need not prove themselves."""

    def __init__(self, patience: Patience | None = None, insecure: frozenset[str] = frozenset()) -> None:
        self.patience = patience or Patience()
        self._sockets = Sockets()
        self.insecure = insecure
        self._pools: dict[tuple[str, str, str], urllib3.PoolManager] = {}
        self._lock = threading.Lock()

    @property
    def stopped(self) -> threading.Event:
        """Set when nobody wants the answers any more."""
        return self._sockets.are_cut

    def stop(self) -> None:
        """End whatever runs, in whatever thread: nobody wants the answers any more."""
        self._sockets.cut()

    def ask(self, request: Request, *, tries: int = 0, limit: int = LARGEST) -> Answer:
        """The answer, after as many tries as it takes. Raises RegistryError where none comes."""
        tries = tries or self.patience.tries
        for failures in range(tries):
            last = failures == tries - 1
            try:
                answer = self.once(request, limit=limit)
            except troubles.ANY as error:
                if last or not troubles.is_passing(error):
                    raise troubles.told(error, request.url) from error
                self.pause(failures)
                continue
            if last or not is_busy(answer.status):
                return answer
            self.pause(failures, answer.headers)
        raise AssertionError("the last try returns or raises")

    def once(self, request: Request, *, limit: int = LARGEST) -> Answer:
        """The answer to one try. Raises RegistryError, or one of troubles.ANY."""
        response = self.open(request)
        if request.method == "HEAD":  # which tells the length of what it does not send
            response.release_conn()
            return Answer(response.status, response.headers, b"")
        return _whole(response, limit, Pace(self.patience))

    def open(self, request: Request) -> HTTPResponse:
        """The answer as it begins, redirects followed, its body still to come; one try.

        Raises RegistryError, or one of troubles.ANY.
        """
        url, authorization = request.url, request.authorization
        for _ in range(_MOST_REDIRECTS + 1):
            if self.stopped.is_set():
                raise _stopped()
            headers = {"Accept-Encoding": "identity", "User-Agent": f"jettison/{__version__}", **request.headers}
            if authorization:
                headers["Authorization"] = authorization
            response = self._send(url, headers, request)
            moved = response.status in _REDIRECTS and request.method in ("GET", "HEAD")
            if not moved or not response.headers.get("Location"):
                return response
            response.close()
            further = urljoin(url, response.headers["Location"])
            self._check_redirect(url, further)
            if _origin(further) != _origin(url):
                authorization = None  # nor is it sent again, should we be led back
            url = further
        raise RegistryError(f"{troubles.place(request.url)} redirects without end", hint="is a registry there?")

    def pause(self, failures: int, headers: Mapping[str, str] | None = None) -> None:
        """Wait before the next try. Raises RegistryError when stopped, or asked to wait for too long."""
        if self.stopped.wait(self.patience.pause(failures, headers)):
            raise _stopped()

    def _send(self, url: str, headers: Mapping[str, str], request: Request) -> HTTPResponse:
        body: object = None
        if request.form:
            body = urlencode(request.form)
            headers = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        elif request.body is not None:
            body = request.body.pieces()
            headers = {**headers, "Content-Length": str(request.body.size)}
        elif request.method not in ("GET", "HEAD"):
            headers = {**headers, "Content-Length": "0"}
        response = self._pool(url).urlopen(
            "POST" if request.form else request.method,
            url,
            body=body,
            headers=headers,
            redirect=False,
            retries=False,
            preload_content=False,
            decode_content=False,
            timeout=urllib3.Timeout(connect=self.patience.connect, read=self.patience.read),
        )
        return cast(HTTPResponse, response)

    def _pool(self, url: str) -> urllib3.PoolManager:
        """Connections for that address: through its proxy, believing what its host may be believed by."""
        parts = urlsplit(url)
        host, secure = parts.netloc.rpartition("@")[2], parts.scheme == "https"
        insecure = host in self.insecure
        key = (proxy_for(url) or "", parts.scheme, host if secure and (insecure or tls.has_own(host)) else "")
        with self._lock:
            if key not in self._pools:
                # reading the system's authorities takes longer than a request on this machine
                context = tls.context(host, insecure=insecure) if secure or key[0] else None
                self._pools[key] = manager(key[0], context, self.patience.headers, self._sockets)
                if insecure:  # the user knows
                    warnings.filterwarnings("ignore", category=urllib3.exceptions.InsecureRequestWarning)
            return self._pools[key]

    def _check_redirect(self, url: str, further: str) -> None:
        old, new = urlsplit(url), urlsplit(further)
        if new.scheme not in ("http", "https") or not new.netloc:
            raise RegistryError(f"{old.netloc} redirects to {further[:100]}", hint="is a registry there?")
        if new.scheme == "http" and old.scheme == "https" and old.netloc not in self.insecure:
            raise RegistryError(
                f"{old.netloc} redirects to {troubles.shown(further)}, which is not protected",
                hint="tell its owner; --insecure follows it nevertheless",
            )


def is_busy(status: int) -> bool:
    """Whether the same request may be answered a moment later."""
    return status in _RETRIED


def _whole(response: HTTPResponse, limit: int, pace: Pace) -> Answer:
    """Bounded in bytes, and in time by its pace."""
    body = bytearray()
    told = response.headers.get("Content-Length", "")
    try:
        if told.isdecimal() and len(told) < 20 and int(told) > limit:
            raise _too_large(int(told), limit)
        while data := response.read1(_CHUNK):
            body += data
            pace.count(len(data))
            if len(body) > limit:
                raise _too_large(len(body), limit)
    except BaseException:
        response.close()
        raise
    if not (body or told or response.headers.get("Transfer-Encoding") or response.status in _EMPTY):
        raise ProtocolError("it ended within its headers, or right after them")
    response.release_conn()
    return Answer(response.status, response.headers, bytes(body))


def _too_large(size: int, limit: int) -> RegistryError:
    return RegistryError(
        f"an answer of {show_bytes(size)}, where {show_bytes(limit)} are allowed",
        hint="is a registry there, and is this the name of an image?",
    )


def _stopped() -> RegistryError:
    return RegistryError("the download was stopped", hint="run it again")


def is_same_origin(one: str, other: str) -> bool:
    """Whether two addresses lead to the same scheme, host and port: what may see the same authorization."""
    return _origin(one) == _origin(other)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
