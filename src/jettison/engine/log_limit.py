"""Logs of a program that prints without end, kept from filling the disk: their first part and their last stay.

What lies between gives its blocks back (fallocate(2), FALLOC_FL_PUNCH_HOLE), and the file keeps its length: its writer,
which knows nothing of this, goes on where it was.
"""

from __future__ import annotations

import ctypes
import os
import threading
from contextlib import suppress
from pathlib import Path

KEPT_FIRST = 4 * 2**20  # bytes
KEPT_LAST = 2**20
_LOOKS_EACH = 0.25  # seconds
_PUNCH_HOLE_KEEP_SIZE = 0x02 | 0x01  # linux/falloc.h
_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]


class LogLimit:
    """Looks at the logs in a folder, `*.out` and `*.err`, from time to time; in a thread that keeps nothing alive."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_LOOKS_EACH):
            with suppress(OSError):
                for file in self._folder.iterdir():
                    if file.suffix in (".out", ".err"):
                        punch(file)


def punch(file: Path) -> bool:
    """Give the middle of a long log back; whether there was anything to give. Raises OSError."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if status.st_blocks * 512 <= 2 * (KEPT_FIRST + KEPT_LAST):
            return False
        length = status.st_size - KEPT_LAST - KEPT_FIRST
        if _LIBC.fallocate(descriptor, _PUNCH_HOLE_KEEP_SIZE, KEPT_FIRST, length) != 0:
            raise OSError(ctypes.get_errno(), "cannot give blocks back")
        return True
    finally:
        os.close(descriptor)
