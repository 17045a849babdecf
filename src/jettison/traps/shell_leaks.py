"""Trap: a command that changes its shell (`cd`, `export`, `set`, `umask` ...), when another RUN's commands follow it.

In a RUN of its own the change ends with the RUN; joined by `&&`, what follows inherits it.
"""

from __future__ import annotations

from collections.abc import Sequence

from jettison.dockerfile.model import Dockerfile, Instruction
from jettison.dockerfile.shell import script


def found(dockerfile: Dockerfile, runs: Sequence[Instruction]) -> tuple[str, ...]:
    """What each RUN but the last would leave to those behind it, a sentence each; empty where nothing leaks."""
    told = []
    for run in runs[:-1]:
        read = script(dockerfile, run)
        if read is not None and read.leaks:
            told.append(f"line {run.line} changes its shell ({', '.join(read.leaks)})")
    return tuple(told)
