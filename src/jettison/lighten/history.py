"""Past runs, read from their journals."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from jettison.lighten.journal import Journal
from jettison.lighten.run import all_runs, is_alive

_ENDS = {"end": "finished", "failed": "refused"}


@dataclass(frozen=True)
class PastRun:
    """One run: `state` is running, finished, refused or interrupted; sizes are `unpacked` bytes of v0 and the best."""

    id: str
    project: str
    started: float  # seconds since the epoch
    state: str
    before: int | None
    after: int | None
    kept: int


def past_runs() -> list[PastRun]:
    """Every run, newest first."""
    found = []
    for run in reversed(all_runs()):
        before, after, kept, state, project, started = None, None, 0, "interrupted", "", 0.0
        for record in Journal(run.directory / "journal").records():
            kind = record.get("kind")
            with suppress(KeyError, TypeError):  # a journal of another version of ours: what can be read is shown
                if kind == "run":
                    project, started = record["project"], record["started"]
                elif kind == "weight":
                    before = record["unpacked"]
                elif kind == "step" and record["step"]["version"]:
                    after, kept = record["step"]["weight"]["sizes"]["unpacked"], kept + 1
            if kind in _ENDS:
                state = _ENDS[kind]
            elif state == "refused":
                state = "interrupted"  # it was taken up again
        if state == "interrupted" and is_alive(run):
            state = "running"
        if project:
            found.append(PastRun(run.id, project, started, state, before, after, kept))
    return found
