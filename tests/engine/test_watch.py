"""Watching a file system, where this machine lets us; a buildah container's is watched in test_buildah_sandbox.py."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from jettison.engine.watch import Watch

ANY_REFUSAL = "No such file or directory|Operation not permitted"


def test_where_it_cannot_be_watched_that_is_an_error_and_nothing_stays_open() -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    with pytest.raises(OSError, match=ANY_REFUSAL):
        Watch(Path("/no/such/place"))
    assert before == sorted(Path("/proc/self/fd").iterdir())


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
