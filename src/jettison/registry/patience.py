"""How long we wait for a server, how often we ask it, and when slow counts as dead.

Source: RFC 9110 section 10.2.3 (Retry-After); the pauses grow twofold with jitter, as "Exponential Backoff And Jitter"
(AWS Architecture Blog) recommends.
"""

from __future__ import annotations

import email.utils
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass

from urllib3.exceptions import ProtocolError

from jettison.core.errors import RegistryError


@dataclass(frozen=True)
class Patience:
    """Seconds, but for `tries` and `slowest`."""

    tries: int = 5
    first: float = 0.5  # the pause after the first failure, twice as long after each further one
    longest: float = 20.0  # pause, where the server asked for none
    told: float = 60.0  # the longest pause that a server's Retry-After may ask for
    connect: float = 15.0
    read: float = 30.0  # without a byte
    headers: float = 60.0  # until all of an answer's headers are there
    slowest: int = 1024  # bytes a second over `read` seconds; less is a stall

    def pause(self, failures: int, headers: Mapping[str, str] | None = None) -> float:
        """How long to wait after so many failures. Raises RegistryError where the server asks for too much."""
        asked = retry_after(headers) if headers is not None else None
        if asked is not None and asked > self.told:
            raise RegistryError(
                f"the registry wants to be left alone for {asked:.0f} s", hint="wait, or log in for a higher limit"
            )
        own = min(self.longest, self.first * 2.0**failures) * random.uniform(0.5, 1.0)
        return max(asked or 0.0, own)


class Pace:
    """Notices a server that sends just enough not to be called silent."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._since, self._bytes = time.monotonic(), 0

    def count(self, count: int) -> None:
        """So many bytes came. Raises ProtocolError where they come too slowly."""
        self._bytes += count
        seconds = time.monotonic() - self._since
        if seconds >= self._patience.read:
            if self._bytes < self._patience.slowest * seconds:
                raise ProtocolError("the answer trickles")
            self._since, self._bytes = time.monotonic(), 0


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks for, told as such or as a date; None where it does not."""
    told = headers.get("Retry-After", "").strip()
    if told.isdecimal() and len(told) < 10:
        return float(told)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(told).timestamp() - time.time())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
