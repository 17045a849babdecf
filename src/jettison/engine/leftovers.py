"""What a build or a container leaves behind when it is killed, and taking away exactly that.

A killed `buildah bud` leaves its working container (named after the base image, unlabelled) and folders in its
temporary directory. So each build of ours gets a mark that lands in the container's own record (a cgroup parent,
which chroot isolation does not use) and a temporary directory named after the run; nothing else is ever touched.
"""

from __future__ import annotations

import fcntl
import glob
import json
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from jettison.core.errors import DiskError
from jettison.engine.model import PREFIX
from jettison.engine.mounts import mounts
from jettison.engine.process import run

YOUNG = 60.0  # seconds


@dataclass(frozen=True)
class WorkingContainer:
    """A container of the store, by its record; `mark` is the cgroup parent it was made with, empty without one."""

    id: str
    name: str
    mark: str


def run_of(tag: str) -> str:
    """The run that an image name of ours belongs to: `localhost/jettison/RUN:VERSION` -> RUN."""
    return tag.removeprefix(f"{PREFIX}/").partition(":")[0]


def mark_of(run_id: str) -> str:
    """What a build passes as its cgroup parent."""
    return f"jettison/{run_id}"


def build_folder(run_id: str) -> str:
    """What the temporary directory of the run's builds is called; its containers' are called after the run."""
    return f"build-{run_id}"


def make_folder(name: str) -> Path:
    """A temporary directory called after a run or its builds. Raises DiskError."""
    try:
        return Path(tempfile.mkdtemp(prefix=_prefix(name), dir=_place()))
    except OSError as error:
        raise DiskError(
            f"cannot make a temporary directory in {_place()}: {error.strerror}",
            hint="free some space there, or set TMPDIR to another place",
        ) from error


@contextmanager
def temporary_folder(name: str) -> Iterator[Path]:
    """Such a directory, gone afterwards, and held while the block runs: it is seen to be in use. Raises DiskError."""
    folder = make_folder(name)
    try:
        with _held(folder, fcntl.LOCK_EX):
            yield folder
    finally:
        remove_folder(folder)


def remove_abandoned(graph_root: Path, name: str) -> tuple[str, ...]:
    """What `temporary_folder(name)` made for processes that were killed, and builds marked with it; their names.

    One that nobody holds yet may have been made this moment: it must be a minute old.
    """
    removed: list[str] = []
    for folder in _folders(name):
        with _held(folder, fcntl.LOCK_EX | fcntl.LOCK_NB) as handle:
            if handle is not None and time.time() - os.fstat(handle).st_mtime >= YOUNG:
                removed += _remove_containers(graph_root, folder.name)
                removed += [str(folder)] if remove_folder(folder) else []
    return tuple(removed)


@contextmanager
def _held(folder: Path, how: int) -> Iterator[int | None]:
    """A descriptor by which the folder is locked (flock(2)) while the block runs.

    None where it cannot be: another process holds it, it is gone, or its file system knows no locks.
    """
    with ExitStack() as stack:
        handle = None
        with suppress(OSError):
            opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            stack.callback(os.close, opened)
            fcntl.flock(opened, how)
            handle = opened
        yield handle


def _place() -> str:
    """Where buildah itself would put large temporary files."""
    return os.environ.get("TMPDIR") or "/var/tmp"


def _prefix(name: str) -> str:
    return f"jettison-{name.replace('/', '-')}-"


def working_containers(graph_root: Path) -> tuple[WorkingContainer, ...]:
    """Every container of the store, read from its records; those without one are left out."""
    folder = graph_root / "overlay-containers"
    found = []
    for name in ("containers.json", "volatile-containers.json"):
        try:
            listed = json.loads((folder / name).read_bytes())
        except (OSError, ValueError):
            continue
        for one in listed:
            try:
                record = json.loads((folder / one["id"] / "userdata" / "buildah.json").read_bytes())
            except (OSError, ValueError):
                continue
            mark = (record.get("CommonBuildOpts") or {}).get("CgroupParent") or ""
            found.append(WorkingContainer(one["id"], record.get("container-name", ""), mark))
    return tuple(found)


def remove_builds(graph_root: Path, run_id: str) -> tuple[str, ...]:
    """Working containers and temporary directories that builds of this run have left; their names."""
    return (*_remove_containers(graph_root, run_id), *remove_folders(build_folder(run_id)))


def _remove_containers(graph_root: Path, marked: str) -> tuple[str, ...]:
    ours = [one for one in working_containers(graph_root) if one.mark == mark_of(marked)]
    return tuple(one.name for one in ours if run(["buildah", "rm", one.id], timeout=120).code == 0)


def remove_folders(name: str) -> tuple[str, ...]:
    """Every temporary directory that `make_folder(name)` made, removed; their paths."""
    return tuple(str(folder) for folder in _folders(name) if remove_folder(folder))


def _folders(name: str) -> list[Path]:
    """Directories of this user: anybody may put a link of that name there, and what it leads to would be unmounted."""
    found = sorted(Path(_place()).glob(f"{glob.escape(_prefix(name))}????????"))
    return [folder for folder in found if _is_own(folder)]


def _is_own(folder: Path) -> bool:
    try:
        told = folder.lstat()
    except OSError:  # gone meanwhile
        return False
    return stat.S_ISDIR(told.st_mode) and told.st_uid == os.geteuid()


def remove_folder(folder: Path) -> bool:
    """Remove a folder of ours, unmounting what is mounted in it; False where a mount stays.

    A removal that walked into a mount would empty what is mounted there: with buildah, the host's /dev.
    """
    for mount in reversed(_mounts_below(folder)):
        subprocess.run(["umount", "--lazy", "--quiet", str(mount)], capture_output=True, check=False)
    if _mounts_below(folder):
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def _mounts_below(folder: Path) -> list[Path]:
    """Mount points in `folder`, outer ones first."""
    real = folder.resolve()
    found = [mount.point for mount in mounts() if mount.point.is_relative_to(real)]
    return sorted(found, key=lambda path: len(path.parts))


def kill_processes_of(container: str) -> None:
    """SIGKILL what still runs in a working container of ours, by the container's name in its arguments."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if container.encode() in words:
                os.kill(int(entry.name), signal.SIGKILL)
        except OSError:
            continue
