"""Limits on all processes of a container together, where this machine lets us make control groups.

Source: Linux `Documentation/admin-guide/cgroup-v2.rst`, `cgroup-v1/memory.rst`, `cgroup-v1/pids.rst`.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jettison.engine.mounts import Mount, mounts

# For each version and controller: files to write, in order; the second is left out where the kernel has no such file.
_MEMORY = {1: ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes"), 2: ("memory.max", "memory.swap.max")}
_OUT_OF_MEMORY = {1: "memory.oom_control", 2: "memory.events"}
# $1: how many files; each is given our own number, before we become the command
ENTER = 'n=$1; shift; while [ "$n" -gt 0 ]; do echo $$ >"$1" || exit 125; shift; n=$((n - 1)); done; exec "$@"'


@dataclass(frozen=True)
class Hierarchy:
    """Where groups are made: `memory` and `pids` are the same folder in version 2."""

    version: int
    memory: Path
    pids: Path


@dataclass(frozen=True)
class Group:
    """A group that was made; empty until a process enters it."""

    version: int
    memory: Path
    pids: Path

    def enter(self, command: list[str]) -> list[str]:
        """The command that runs `command` in this group."""
        files = [str(folder / "cgroup.procs") for folder in dict.fromkeys((self.memory, self.pids))]
        return ["sh", "-c", ENTER, "sh", str(len(files)), *files, *command]

    def out_of_memory(self) -> bool:
        """Whether the kernel ended a process of it for want of memory."""
        try:
            text = (self.memory / _OUT_OF_MEMORY[self.version]).read_text()
        except OSError:
            return False
        return any(line.split()[0] == "oom_kill" and int(line.split()[1]) > 0 for line in text.splitlines())

    def remove(self) -> None:
        """Take it away, once its processes have gone."""
        for folder in dict.fromkeys((self.memory, self.pids)):
            for _ in range(100):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.02)
                else:
                    break


@cache
def hierarchy() -> Hierarchy | None:
    """Where this process may make groups with both limits; None where it may not. Asked by making one."""
    for found in _mounted(mounts()):
        group = make(found, f"jettison-asks-{os.getpid()}", memory=2**30, processes=64)
        if group is not None:
            group.remove()
            return found
    return None


def _mounted(table: Iterable[Mount]) -> list[Hierarchy]:
    """The hierarchies among what is mounted, version 2 first."""
    places: dict[str, Path] = {}
    for mount in table:
        if mount.kind == "cgroup2":
            places.setdefault("unified", mount.point)
        elif mount.kind == "cgroup":
            for name in ("memory", "pids"):
                if name in mount.options:
                    places.setdefault(name, mount.point)
    found = [Hierarchy(2, places["unified"], places["unified"])] if "unified" in places else []
    if "memory" in places and "pids" in places:
        found.append(Hierarchy(1, places["memory"], places["pids"]))
    return found


def make(place: Hierarchy, name: str, *, memory: int, processes: int) -> Group | None:
    """A group of that name with these limits; None where this is not allowed, nothing left behind."""
    group = Group(place.version, place.memory / name, place.pids / name)
    try:
        if place.version == 2:
            _delegate(place.memory)
        for folder in dict.fromkeys((group.memory, group.pids)):
            folder.mkdir()
        for file, value in zip(_MEMORY[place.version], (memory, 0 if place.version == 2 else memory), strict=True):
            if (group.memory / file).exists():
                (group.memory / file).write_text(str(value))
        (group.pids / "pids.max").write_text(str(processes))
        limited = (group.memory / _MEMORY[place.version][0]).exists()
    except OSError:
        limited = False
    if not limited:
        group.remove()
        return None
    return group


def _delegate(root: Path) -> None:
    """Have the controllers in the groups below; where they are already, nothing is written."""
    file = root / "cgroup.subtree_control"
    missing = {"memory", "pids"} - set(file.read_text().split())
    if missing:
        file.write_text(" ".join(f"+{name}" for name in sorted(missing)))


def remove_left(prefix: str) -> tuple[str, ...]:
    """Empty groups whose name starts with `prefix`, which a killed run has left, removed; their names."""
    place = hierarchy()
    removed = set()
    for parent in dict.fromkeys((place.memory, place.pids)) if place is not None else ():
        for folder in parent.glob(f"{prefix}*"):
            with contextlib.suppress(OSError):
                folder.rmdir()
                removed.add(folder.name)
    return tuple(sorted(removed))
