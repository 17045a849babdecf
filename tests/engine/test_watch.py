"""Watching a file system, where this machine lets us; a buildah container's is watched in test_watched_container.py."""

from __future__ import annotations

import errno
import os
import resource
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jettison.engine import watch as watching
from jettison.engine.watch import Watch

Tell = Callable[[int, int], None]
ANY_REFUSAL = "No such file or directory|Operation not permitted"


def test_where_it_cannot_be_watched_that_is_an_error_and_nothing_stays_open() -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    with pytest.raises(OSError, match=ANY_REFUSAL):
        Watch(Path("/no/such/place"))
    assert before == sorted(Path("/proc/self/fd").iterdir())


def test_a_folder_of_a_file_system_that_others_use_is_not_watched_for_they_would_be_told_as_well(
    tmp_path: Path,
) -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    with pytest.raises(OSError, match="Not a file system of its own"):
        Watch(tmp_path)
    assert before == sorted(Path("/proc/self/fd").iterdir())


def test_where_no_thread_can_be_started_that_is_an_error_and_nothing_stays_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(watching, "_begin", lambda mount: os.open(tmp_path, os.O_RDONLY))
    monkeypatch.setattr(threading.Thread, "start", refuse)
    before = sorted(Path("/proc/self/fd").iterdir())
    with pytest.raises(OSError, match="temporarily unavailable"):
        Watch(tmp_path)
    assert before == sorted(Path("/proc/self/fd").iterdir())


EVENT = struct.Struct("=IBBHQii")  # fanotify(7), struct fanotify_event_metadata
OPENED, OVERFLOWN = 0x20, 0x4000


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tell]:
    """Has the watch that is begun next read what is told: an event's mask and its file's descriptor."""
    read, write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    monkeypatch.setattr(watching, "_begin", lambda mount: read)

    def tell(mask: int, descriptor: int) -> None:
        os.write(write, EVENT.pack(EVENT.size, 3, 0, EVENT.size, mask, descriptor, 1))

    yield tell
    os.close(write)


def test_where_the_kernel_dropped_events_what_was_seen_is_not_all(told: Tell, tmp_path: Path):
    (tmp_path / "file").touch()
    watch = Watch(tmp_path)
    try:
        told(OPENED, os.open(tmp_path / "file", os.O_RDONLY))
        before = watch.whole()
        told(OVERFLOWN, -1)
        assert (True, False, {bytes(tmp_path / "file")}) == (before, watch.whole(), watch.opened())
    finally:
        watch.close()


def test_a_file_that_was_gone_before_it_could_be_told_is_no_loss(told: Tell, tmp_path: Path):
    watch = Watch(tmp_path)
    try:
        told(OPENED, -1)
        assert (True, frozenset()) == (watch.whole(), watch.opened())
    finally:
        watch.close()


def test_a_path_too_long_to_be_told_is_missed_and_its_file_is_closed(told: Tell, tmp_path: Path):
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=folder)  # deeper than any path reaches
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    watch = Watch(tmp_path)
    try:
        told(OPENED, folder)
        assert (False, frozenset()) == (watch.whole(), watch.opened())
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(folder)
    finally:
        watch.close()


def test_an_event_whose_file_cannot_be_opened_ends_nothing(told: Tell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").touch()
    real, refused = os.read, [OSError(errno.EMFILE, "Too many open files")]

    def read(descriptor: int, count: int) -> bytes:
        if refused:
            raise refused.pop()
        return real(descriptor, count)

    monkeypatch.setattr(watching.os, "read", read)
    watch = Watch(tmp_path)
    try:
        told(OPENED, os.open(tmp_path / "file", os.O_RDONLY))
        assert ({bytes(tmp_path / "file")}, False) == (watch.opened(), watch.whole())
    finally:
        watch.close()


def test_what_was_seen_is_told_after_the_end_as_well(told: Tell, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    watch = Watch(tmp_path)
    told(OPENED, os.open(tmp_path / "file", os.O_RDONLY))
    before = watch.opened()
    watch.close()
    assert ({bytes(tmp_path / "file")}, before, True) == (before, watch.opened(), watch.whole())


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A file system of our own."""
    if os.geteuid() != 0:
        pytest.skip("needs root: mount and fanotify")
    place = tmp_path / "mounted"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(place)], check=True)
    yield place
    subprocess.run(["umount", str(place)], check=True)  # not lazily: nothing of it may be held


@pytest.mark.engine
def test_files_that_are_opened_are_told_until_it_ends_and_then_nothing_holds_the_mount(mounted: Path) -> None:
    for name in ("before", "read", "only looked at", "after"):
        (mounted / name).write_text(f"{name}\n")
    script = mounted / "script"
    script.write_text("#!/bin/sh\nread line <read\n")
    script.chmod(0o755)
    watch = Watch(mounted)
    try:
        (mounted / "only looked at").stat()
        subprocess.run([str(script)], cwd=mounted, check=True)
        opened, executed = watch.opened(), watch.executed()
    finally:
        watch.close()
    (mounted / "after").read_text()
    assert ({f"{mounted}/read".encode(), bytes(script)}, {bytes(script)}) == (opened, executed)


@pytest.mark.engine
def test_many_files_opened_at_once_are_all_told(mounted: Path) -> None:
    names = [f"{number:05}" for number in range(20_000)]  # more than the queue holds that is not unlimited
    watch = Watch(mounted)
    try:
        for name in names:
            (mounted / name).touch()
        opened = watch.opened()
    finally:
        watch.close()
    assert {f"{mounted}/{name}".encode() for name in names} == opened


@pytest.fixture
def few_descriptors() -> Iterator[None]:
    """As many as most shells allow a process."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.engine
def test_more_files_than_the_process_may_open_are_told_even_where_nobody_read_meanwhile(
    mounted: Path, few_descriptors: None
) -> None:
    names = [f"{number:05}" for number in range(5000)]
    watch = Watch(mounted)
    try:
        with watch._lock:
            for name in names:
                (mounted / name).touch()
        assert ({f"{mounted}/{name}".encode() for name in names}, True) == (watch.opened(), watch.whole())
    finally:
        watch.close()


@pytest.mark.engine
def test_where_there_are_few_descriptors_every_file_is_told_or_that_something_is_missing(mounted: Path) -> None:
    names = [f"{number:02}" for number in range(60)]
    watch = Watch(mounted)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        with watch._lock:
            for name in names:
                (mounted / name).touch()
            free = sum(1 for _ in Path("/proc/self/fd").iterdir())
            resource.setrlimit(resource.RLIMIT_NOFILE, (free + 5, before[1]))
        opened, whole = watch.opened(), watch.whole()
        assert {f"{mounted}/{name}".encode() for name in names} == opened or not whole
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        watch.close()
