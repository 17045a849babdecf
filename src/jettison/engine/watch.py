"""Which files of a file system are opened and executed, by whatever process: fanotify(7), for root.

A mark on the file system sees every mount of it, in whatever namespace, also those that are made later. Access times
would not tell: overlayfs keeps none of its own, and most mounts are `relatime`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

# linux/fanotify.h
_CLOEXEC, _NONBLOCK, _UNLIMITED_QUEUE = 0x1, 0x2, 0x10
_MARK_ADD, _MARK_FILESYSTEM = 0x1, 0x100
_OPEN, _OPEN_EXEC, _OVERFLOW = 0x20, 0x1000, 0x4000
_AT_FDCWD = -100
_EVENT = struct.Struct("=IBBHQii")  # struct fanotify_event_metadata
_BUFFER = _EVENT.size  # one event a read: where a second one's file cannot be opened, read(2) tells the first alone
_GONE = b" (deleted)"
_LIBC = ctypes.CDLL(None, use_errno=True)


class Watch:
    """Files of the file system at `mount` that were opened since; a thread of its own takes notes until `close`.

    An event holds its file until it is read: nobody could unmount it meanwhile, so it is read at once.
    """

    def __init__(self, mount: Path) -> None:
        """Raises OSError where this process may not watch, or `mount` is no file system of its own that can be."""
        self._opened: set[bytes] = set()
        self._executed: set[bytes] = set()
        self._whole = True
        self._looking = True
        self._end = os.eventfd(0, os.EFD_CLOEXEC)
        try:
            self._events = _begin(mount)
        except OSError:
            os.close(self._end)
            raise
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._read, daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:
            self._release()
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from error

    def opened(self) -> frozenset[bytes]:
        """Their paths as the process that opened them has them mounted; those that were executed are among them."""
        self._take()
        return frozenset(self._opened)

    def executed(self) -> frozenset[bytes]:
        """The same of programs, and of the interpreters and loaders that run them."""
        self._take()
        return frozenset(self._executed)

    def whole(self) -> bool:
        """Whether nothing was missed so far: the kernel drops events where memory or descriptors run out."""
        self._take()
        return self._whole

    def close(self) -> None:
        """Look no more; what was seen is still told."""
        os.eventfd_write(self._end, 1)
        self._thread.join()
        with self._lock:
            self._release()

    def _release(self) -> None:
        self._looking = False
        os.close(self._events)
        os.close(self._end)

    def _read(self) -> None:
        poll = select.poll()
        poll.register(self._events, select.POLLIN)
        poll.register(self._end, select.POLLIN)
        while all(descriptor != self._end for descriptor, _ in poll.poll()):
            self._take()

    def _take(self) -> None:
        """Take note of every event that waits."""
        with self._lock:
            while self._looking:
                try:
                    data = os.read(self._events, _BUFFER)
                except BlockingIOError:
                    return
                except OSError:  # its file could not be opened here; the event is gone, the next one may do
                    self._whole = False
                    continue
                for mask, path in _files(data):
                    self._note(mask, path)

    def _note(self, mask: int, path: bytes | None) -> None:
        if path is None:
            self._whole = False
            return
        self._opened.add(path)
        if mask & _OPEN_EXEC:
            self._executed.add(path)


def _begin(mount: Path) -> int:
    if mount.stat().st_dev == mount.parent.stat().st_dev:  # buildah's driver vfs: all of the machine's would be told
        raise OSError(errno.EXDEV, "Not a file system of its own", str(mount))
    descriptor: int = _LIBC.fanotify_init(_CLOEXEC | _NONBLOCK | _UNLIMITED_QUEUE, os.O_RDONLY | os.O_CLOEXEC)
    if descriptor < 0:
        raise _error()
    wanted = ctypes.c_uint64(_OPEN | _OPEN_EXEC)
    if _LIBC.fanotify_mark(descriptor, _MARK_ADD | _MARK_FILESYSTEM, wanted, _AT_FDCWD, os.fsencode(mount)) != 0:
        found = _error()
        os.close(descriptor)
        raise found
    return descriptor


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))


def _files(data: bytes) -> Iterator[tuple[int, bytes | None]]:
    """What each event is of, and its file's path, None where there is no telling; files that are gone left out."""
    at = 0
    while at < len(data):
        length, _, _, _, mask, descriptor, _ = _EVENT.unpack_from(data, at)
        at += length
        if descriptor >= 0:
            path = _path(descriptor)
            if path is None or not path.endswith(_GONE):
                yield mask, path
        elif mask & _OVERFLOW:
            yield mask, None


def _path(descriptor: int) -> bytes | None:
    """Where an event's file is, which is closed then; None where its path is longer than the kernel tells."""
    try:
        return os.readlink(b"/proc/self/fd/%d" % descriptor)  # noqa: PTH115  # bytes
    except OSError:
        return None
    finally:
        os.close(descriptor)
