"""A user's project given to `jettison optimize` in a process of its own, and whether a single byte of it changed."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_LARGE = 64 * 2**20


@dataclass(frozen=True)
class Answer:
    """What one command line ended with."""

    code: int
    stdout: str
    stderr: str


def environment(state: Path, **more: str) -> dict[str, str]:
    """Ours, with a state directory of its own and nothing that would change what is printed."""
    return {**os.environ, "JETTISON_STATE": str(state), "COLUMNS": "100", "NO_COLOR": "1", **more}


def command(project: Path | str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "jettison", "optimize", str(project), *arguments]


def optimize(project: Path | str, *arguments: str, variables: Mapping[str, str], timeout: float = 180.0) -> Answer:
    """Run to the end."""
    ended = subprocess.run(
        command(project, *arguments),
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Answer(ended.returncode, ended.stdout, ended.stderr)


def fingerprint(project: Path, *, directory_times: bool = True) -> str:
    """A digest of every name below `project`: type, mode, owner, size, times, link target and content."""
    digest = hashlib.sha256()
    for path in [project, *sorted(project.rglob("*"))]:
        status = path.lstat()
        row: list[object] = [str(path.relative_to(project)), status.st_mode, status.st_uid, status.st_gid]
        if directory_times or not stat.S_ISDIR(status.st_mode):
            row.append(status.st_mtime_ns)
        if stat.S_ISLNK(status.st_mode):
            row.append(str(path.readlink()))
        elif stat.S_ISREG(status.st_mode):
            large = status.st_size > _LARGE  # a sparse file is told by its length and its blocks
            row += [status.st_size, status.st_blocks if large else hashlib.sha256(path.read_bytes()).hexdigest()]
        digest.update(repr(row).encode())
    return digest.hexdigest()
