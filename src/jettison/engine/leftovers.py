"""What a build or a container leaves behind when it is stopped, and taking away exactly that.

A killed `buildah bud` leaves its working container (named after the image, unlabelled), its mount, and a
`buildahNNNN` folder in the temporary directory. Only what was not there before, and is not in use by a living
buildah, is ours.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from jettison.engine.process import run


@dataclass(frozen=True)
class Seen:
    """Working containers by id, and temporary folders, at one moment."""

    containers: frozenset[str]
    folders: frozenset[Path]


def seen() -> Seen:
    """What is there now."""
    ended = subprocess.run(
        ["buildah", "containers", "--all", "--json"], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    try:
        listed = json.loads(ended.stdout or b"[]") or []
    except ValueError:
        listed = []
    return Seen(frozenset(one["id"] for one in listed), frozenset(_folders()))


def _folders() -> list[Path]:
    places = {Path(tempfile.gettempdir()), Path("/var/tmp"), Path(os.environ.get("TMPDIR", "/var/tmp"))}
    return [folder for place in places if place.is_dir() for folder in place.glob("buildah[0-9]*")]


def remove_new(before: Seen) -> None:
    """Take away what a build of ours has left since `before`; nothing where another build is going on."""
    if _other_builds():
        return
    now = seen()
    for container in now.containers - before.containers:
        run(["buildah", "rm", container], timeout=120)
    for folder in now.folders - before.folders:
        subprocess.run(
            ["umount", "--lazy", "--quiet", str(folder / "mnt" / "rootfs")], capture_output=True, check=False
        )
        shutil.rmtree(folder, ignore_errors=True)


def _other_builds() -> bool:
    """Whether any other process builds with buildah now."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if (
            len(words) > 1
            and words[0].endswith(b"buildah")
            and words[1] in (b"bud", b"build", b"build-using-dockerfile")
        ):
            return True
    return False


def kill_processes_of(container: str) -> None:
    """SIGKILL what still runs in a working container of ours, by the container's name in its arguments."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if container.encode() in words and int(entry.name) != os.getpid():
            try:
                os.kill(int(entry.name), signal.SIGKILL)
            except OSError:
                continue
