"""Pipelines: which program reads what another one writes."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.commands.model import Call, Run


def reader(run: Run, call: Call) -> Call | None:
    """The program of the same pipeline that reads what `call` writes; None where it is the last, or in none."""
    return _neighbour(run, call, 1)


def writer(run: Run, call: Call) -> Call | None:
    """The program of the same pipeline whose output `call` reads; None where it is the first, or in none."""
    return _neighbour(run, call, -1)


def readers(run: Run, call: Call) -> Iterator[Call]:
    """All that stand behind `call` in its pipeline, in order."""
    at = call
    while (found := reader(run, at)) is not None:
        yield found
        at = found


def _neighbour(run: Run, call: Call, step: int) -> Call | None:
    if call.pipe is None:
        return None
    number, place = call.pipe
    return next((each for each in run.calls if each.pipe == (number, place + step)), None)
