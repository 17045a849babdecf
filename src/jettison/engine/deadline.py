"""The longest that a container may run: an application that hangs does not hold a machine for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Deadline:
    """Calls `end` once after `seconds`, unless cancelled; in a thread that keeps nothing alive."""

    def __init__(self, seconds: float, end: Callable[[], None]) -> None:
        self.passed = False
        self._end = end
        self._timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), self._expire)
        self._timer.daemon = True

    def begin(self) -> None:
        self._timer.start()

    def cancel(self) -> None:
        self._timer.cancel()

    def _expire(self) -> None:
        self.passed = True
        self._end()
