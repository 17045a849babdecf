"""Pipelines: which program reads what another one writes."""

from __future__ import annotations

from jettison.commands.model import Call, Run


def reader(run: Run, call: Call) -> Call | None:
    """The program of the same pipeline that reads what `call` writes; None where it is the last, or in none."""
    return _neighbour(run, call, 1)


def writer(run: Run, call: Call) -> Call | None:
    """The program of the same pipeline whose output `call` reads; None where it is the first, or in none."""
    return _neighbour(run, call, -1)


def _neighbour(run: Run, call: Call, step: int) -> Call | None:
    return None if call.pipe is None else run.piped.get((call.pipe[0], call.pipe[1] + step))
