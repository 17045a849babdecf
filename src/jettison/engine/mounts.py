"""What is mounted here, by /proc/self/mountinfo, whose names are bytes of any kind (proc(5))."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mount:
    """A line of /proc/self/mountinfo."""

    point: Path
    kind: str  # of file system
    options: tuple[str, ...]  # of the file system, as against those of this one mount


def mounts(table: bytes | None = None) -> Iterator[Mount]:
    """Mounts in the order in which they were made; of `table` in the place of /proc/self/mountinfo, where it is given.

    A line: fields, the mount point fifth, ` - `, kind, source, options. What would part fields is written in octal.
    """
    for line in (Path("/proc/self/mountinfo").read_bytes() if table is None else table).split(b"\n"):
        before, _, after = line.partition(b" - ")
        fields, told = before.split(b" "), after.split(b" ")
        if len(fields) > 4 and len(told) > 2:
            options = tuple(os.fsdecode(told[2]).split(","))
            yield Mount(Path(os.fsdecode(_plain(fields[4]))), os.fsdecode(told[0]), options)


def _plain(field: bytes) -> bytes:
    return field.decode("latin-1").encode("ascii", "backslashreplace").decode("unicode_escape").encode("latin-1")
