"""What Linux tells of a process in /proc, whose name is bytes of any kind (proc(5)). Small: `enter` starts with it."""

from __future__ import annotations

from pathlib import Path


def stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the process's name, the state first. Raises OSError where it is gone."""
    return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].decode("ascii").split()


def status(pid: int) -> dict[str, str]:
    """The fields of /proc/PID/status by their names. Raises OSError where it is gone."""
    lines = Path(f"/proc/{pid}/status").read_bytes().decode("utf-8", "surrogateescape").split("\n")
    return {name: value for name, colon, value in (line.partition(":") for line in lines) if colon}
