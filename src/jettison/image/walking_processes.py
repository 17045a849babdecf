"""Layers walked in processes of their own: forked, for what they read lies open here already, and it costs little.

A worker takes the number of a layer from a pipe that all share, walks it, and puts the packed columns into memory that
has no name; so whatever becomes of us, nothing stays behind. Another pipe, on which nothing is ever told, ends with its
parent: the kernel then ends the worker (fcntl(2), O_ASYNC). If one of them fails or dies, the others are ended, and
there is one error.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import select
import signal
import struct
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import NoReturn

from jettison.core.errors import ImageError, JettisonError
from jettison.image.cache_pack import pack
from jettison.image.model import LayerSource

_NUMBER = struct.Struct("<H")
_MESSAGE = struct.Struct("<cHQQ")  # what, which source, two numbers
_MOST = 4096  # sources whose numbers fit into a pipe at once
_WALKERS = ("isal.igzip", "jettison.image.hashing", "jettison.image.tar")  # imported once, not by each worker
_SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGIO}


@dataclass(frozen=True)
class Passed:
    """A walk has come so far, bytes."""

    source: int
    bytes: int


@dataclass(frozen=True)
class Ended:
    """A walk has ended; its packed columns."""

    source: int
    packed: memoryview


@dataclass(frozen=True)
class _Worker:
    pid: int
    messages: int  # descriptor of the pipe that it tells on
    alive: int  # descriptor of the pipe by which it knows that we are
    memory: int  # descriptor of what it found


class NoProcess(ImageError):
    """The machine gives no process for walking."""


def can_fork(count: int) -> bool:
    """Whether `walk_apart` may be used: a fork with other threads around may take a lock along that nobody frees."""
    return count <= _MOST and threading.active_count() == 1 and hasattr(os, "memfd_create")


def walk_apart(sources: Sequence[LayerSource], processes: int) -> Iterator[Passed | Ended]:
    """Walk all, the first ones first, by so many processes; events as they come. Raises ImageError.

    By fewer where the machine gives no more; NoProcess, before the first event, where it gives none. Closing the
    generator ends the processes.
    """
    for name in _WALKERS:
        import_module(name)
    queue, numbers = os.pipe()
    os.write(numbers, b"".join(map(_NUMBER.pack, range(len(sources)))))
    os.close(numbers)
    workers: dict[int, _Worker] = {}  # by the pipe that they tell on
    try:
        for _ in range(processes):
            worker = _start(sources, queue, workers.values())
            if worker is None:
                break
            workers[worker.messages] = worker
        if not workers:
            raise NoProcess("no process could be started to read layers", hint="raise the limits, or wait for others")
        yield from _events(workers, len(sources))
    finally:
        os.close(queue)
        for worker in workers.values():
            os.kill(worker.pid, signal.SIGKILL)  # it is ours until it is waited for
            _wait(worker)


def _wait(worker: _Worker) -> int:
    """Wait for its end; its exit code."""
    _, status = os.waitpid(worker.pid, 0)
    for each in (worker.messages, worker.alive, worker.memory):
        os.close(each)
    return os.waitstatus_to_exitcode(status)


def _start(sources: Sequence[LayerSource], queue: int, before: Iterable[_Worker]) -> _Worker | None:
    """One more worker; None where the machine gives none: no more processes, no more open files."""
    opened: list[int] = []
    try:
        opened += os.pipe()
        opened += os.pipe()
        opened.append(os.memfd_create("jettison"))
        return _forked(sources, queue, before, opened)
    except OSError:
        for each in opened:
            os.close(each)
        return None


def _forked(sources: Sequence[LayerSource], queue: int, before: Iterable[_Worker], opened: Sequence[int]) -> _Worker:
    listen, tell, ended, alive, memory = opened
    parent = os.getpid()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # until each of the two knows which it is
    try:
        pid = os.fork()
        if not pid:
            try:
                for each in _SIGNALS:
                    signal.signal(each, signal.SIG_DFL)
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
                for worker in before:
                    os.close(worker.messages)
                    os.close(worker.alive)
                os.close(listen)
                os.close(alive)
                _end_with(parent, ended)
                _work(sources, queue, tell, memory)
            finally:
                os._exit(1)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    os.close(tell)
    os.close(ended)
    return _Worker(pid, listen, alive, memory)


def _end_with(parent: int, ended: int) -> None:
    """Have this process ended when that one is, however it ends: its end of the pipe is closed then."""
    fcntl.fcntl(ended, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(ended, fcntl.F_SETFL, os.O_ASYNC)
    if os.getppid() != parent:  # that was before we asked
        os._exit(1)


def _work(sources: Sequence[LayerSource], queue: int, tell: int, memory: int) -> NoReturn:
    """The life of a worker. Ctrl-C reaches it, too, and simply ends it."""
    code, at, end = 1, 0, 0
    try:
        while number := os.read(queue, _NUMBER.size):
            (at,) = _NUMBER.unpack(number)
            what, found = _walked(sources[at], at, tell)
            start, end = end, end + _written(memory, end, found)
            os.write(tell, _MESSAGE.pack(what, at, start, len(found)))
        code = 0
    except BaseException:
        import traceback

        found = traceback.format_exc().encode()
        _written(memory, end, found)
        os.write(tell, _MESSAGE.pack(b"X", at, end, len(found)))
        raise
    finally:
        os._exit(code)


def _walked(source: LayerSource, at: int, tell: int) -> tuple[bytes, bytes]:
    """(what it is, columns or error) of one source."""
    try:
        return b"C", pack(source.walk(lambda passed: os.write(tell, _MESSAGE.pack(b"P", at, passed, 0))))
    except JettisonError as error:
        return b"E", json.dumps([error.message, error.hint]).encode()


def _written(memory: int, start: int, data: bytes) -> int:
    """Puts data there; how much room it takes, in whole pages, for the next begins at one."""
    view = memoryview(data)
    while view:
        done = os.pwrite(memory, view, start)
        view, start = view[done:], start + done
    return (len(data) + mmap.PAGESIZE) & -mmap.PAGESIZE


def _events(workers: dict[int, _Worker], count: int) -> Iterator[Passed | Ended]:
    """What the workers tell, until all is told; who has ended is taken out. Raises ImageError where one fails."""
    poll = select.poll()
    for each in workers:
        poll.register(each, select.POLLIN)
    while count and workers:
        for descriptor, _ in poll.poll():
            message = os.read(descriptor, _MESSAGE.size)
            if not message:
                poll.unregister(descriptor)
                code = _wait(workers.pop(descriptor))
                if code:
                    raise _died(f"by signal {-code}" if code < 0 else f"with exit code {code}")
                continue
            what, source, first, second = _MESSAGE.unpack(message)
            if what == b"P":
                yield Passed(source, first)
                continue
            count -= 1
            yield Ended(source, _result(what, workers[descriptor].memory, first, second))
    if count:
        raise _died("without a word")


def _result(what: bytes, memory: int, start: int, length: int) -> memoryview:
    """Columns. Raises what went wrong instead."""
    found = memoryview(mmap.mmap(memory, length, access=mmap.ACCESS_READ, offset=start))
    if what == b"E":
        message, hint = json.loads(bytes(found))
        raise ImageError(message, hint=hint)
    if what == b"X":
        raise RuntimeError(f"in a process that walks a layer:\n{bytes(found).decode()}")
    return found


def _died(how: str) -> ImageError:
    return ImageError(
        f"a process that read a layer ended {how}",
        hint="was it killed, or is memory short? `dmesg` tells; then try again",
    )
