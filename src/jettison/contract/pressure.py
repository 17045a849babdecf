"""How busy the machine is: whether seconds that were measured on it tell anything of a program.

Source: Linux kernel, Documentation/accounting/psi.rst: "some" is the time in which at least one task waited.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

BUSY = 0.8  # of the time; a machine that starts one program and has nothing else to do stays far below
_FILE = Path("/proc/pressure/cpu")


def stalled_seconds() -> float | None:
    """Seconds since the machine started in which something waited for a processor; None where it does not tell."""
    try:
        found = re.search(r"^some .*\btotal=(\d+)", _FILE.read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) / 1e6 if found else None


class Pressure:
    """Watched from when it is made."""

    def __init__(self) -> None:
        self._began = (time.monotonic(), stalled_seconds())

    @property
    def share(self) -> float:
        """Of the time since then, that in which something waited for a processor; 0 where that is not known."""
        (began, before), now = self._began, stalled_seconds()
        seconds = time.monotonic() - began
        return (now - before) / seconds if now is not None and before is not None and seconds > 0 else 0.0
