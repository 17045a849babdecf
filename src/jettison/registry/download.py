"""A blob as a stream: begun again where it broke off, and held against its size and its digest as it passes.

Source: OCI distribution-spec v1.1, "Pulling blobs" (Range) and "Content Digests"; RFC 9110 section 14 (206, 416).
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Mapping

from urllib3.exceptions import ProtocolError
from urllib3.response import HTTPResponse

from jettison.core.errors import RegistryError
from jettison.core.units import show_bytes
from jettison.registry import troubles
from jettison.registry.patience import Pace
from jettison.registry.wire import Wire, is_busy

_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19}|\*)")
_PROGRESS = 2**20  # bytes after which a connection that breaks counts as the first that does
_CHUNK = 2**18
_LIES = "the registry, or something on the way to it, does not tell the truth: tell its owner"

Ask = Callable[[dict[str, str]], HTTPResponse]  # the blob's address, asked with these headers


class DigestMismatch(RegistryError):
    """Bytes came whole, and are not what the digest says."""


class Busy(ProtocolError):
    """An answer that asks us to come again."""

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(f"answers {status}")
        self.status, self.headers = status, headers


class Download:
    """`read` gives the blob's bytes, and ends well only where they are `size` many and hash to `digest`.

    Raises RegistryError. Nothing may be used before the end was reached.
    """

    def __init__(self, wire: Wire, ask: Ask, url: str, digest: str, size: int) -> None:
        self._wire, self._ask, self._url, self._digest, self._size = wire, ask, url, digest, size
        self._hash = hashlib.new(digest.partition(":")[0])
        self._answer: HTTPResponse | None = None
        self._pace = Pace(wire.patience)
        self._at = self._progressed = self._failures = 0
        self._ranges = True  # until the server shows that it has none
        self._done = False

    def read(self, count: int, /) -> bytes:
        """Some of the next bytes, at most `count`; empty at the end."""
        while not self._done:
            if self._wire.stopped.is_set():
                self.close()
                raise RegistryError("the download was stopped", hint="run it again")
            try:
                if self._answer is None:
                    self._answer = self._begin()
                data = self._answer.read1(min(count, _CHUNK))
                self._pace.count(len(data))
            except troubles.ANY as error:
                self._broken(error)
                continue
            if data:
                return self._taken(data)
            if self._at < self._size:
                self._broken(ConnectionError("it ended early"))
            else:
                self._finish()
        return b""

    def close(self) -> None:
        """Let go of the connection."""
        if self._answer is not None:
            self._answer.close()
            self._answer = None

    def _taken(self, data: bytes) -> bytes:
        self._at += len(data)
        if self._at > self._size:
            self.close()
            raise RegistryError(f"{self._digest} is longer than the {self._size} bytes it should have", hint=_LIES)
        self._hash.update(data)
        if self._at == self._size:
            self._finish()
        elif self._at - self._progressed >= _PROGRESS:
            self._progressed, self._failures = self._at, 0
        return data

    def _finish(self) -> None:
        answer, self._answer, self._done = self._answer, None, True
        if answer is not None:
            with contextlib.suppress(*troubles.ANY):
                # what was told to be the end is the end; else the connection is of no further use
                if answer.headers.get("Content-Length"):
                    answer.read1(1)
                    answer.release_conn()
                else:
                    answer.close()
        found = f"{self._hash.name}:{self._hash.hexdigest()}"
        if found != self._digest:
            raise DigestMismatch(f"the bytes of {self._digest} are those of {found}", hint=_LIES)

    def _broken(self, error: Exception) -> None:
        """Wait before going on. Raises RegistryError where it is enough."""
        self.close()
        self._failures += 1
        if self._failures >= self._wire.patience.tries or not troubles.is_passing(error):
            lost = troubles.told(error, self._url)
            so_far = f"{show_bytes(self._at)} of {show_bytes(self._size)}"
            raise RegistryError(f"{lost.message}; of {self._digest} we have {so_far}", hint=lost.hint) from error
        self._wire.pause(self._failures - 1, error.headers if isinstance(error, Busy) else None)
        self._pace = Pace(self._wire.patience)

    def _begin(self) -> HTTPResponse:
        """The answer whose next byte is the one that we want next. Raises RegistryError, or one of troubles.ANY."""
        asked = bool(self._at and self._ranges)
        answer = self._ask({"Range": f"bytes={self._at}-"} if asked else {})
        try:
            if is_busy(answer.status):
                raise Busy(answer.status, answer.headers)
            if asked and answer.status in (206, 416):
                self._check_range(answer)
            elif answer.status == 200:
                self._check_length(answer, self._size)
                self._skip(answer)
            else:
                raise RegistryError(f"{troubles.place(self._url)} answers {answer.status} to a blob", hint=_LIES)
        except BaseException:
            answer.close()
            raise
        return answer

    def _check_range(self, answer: HTTPResponse) -> None:
        """Raises ProtocolError where this is not the rest; from then on the blob is asked for as a whole."""
        told = _RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
        expected = (str(self._at), str(self._size - 1))
        if (
            answer.status == 416
            or told is None
            or (told[1], told[2]) != expected
            or told[3] not in ("*", str(self._size))
        ):
            self._ranges = False
            raise ProtocolError("another range than was asked for")
        self._check_length(answer, self._size - self._at)

    def _check_length(self, answer: HTTPResponse, expected: int) -> None:
        told = answer.headers.get("Content-Length", "")
        if told and told != str(expected):
            raise RegistryError(f"{self._digest} comes with {told[:20]} bytes, and should have {expected}", hint=_LIES)

    def _skip(self, answer: HTTPResponse) -> None:
        """Pass over what we have, where the server knows no ranges."""
        left = self._at
        while left:
            data = answer.read1(min(left, _CHUNK))
            if not data:
                raise ProtocolError("it ended early")
            self._pace.count(len(data))
            left -= len(data)
