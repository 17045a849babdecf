"""Buildah called by the tests themselves: what it failed at by itself is tried again, as the engine does it."""

from __future__ import annotations

from collections.abc import Callable
from subprocess import CompletedProcess

from jettison.engine.buildah_output import failed_by_itself

_TRIES = 3


def steady(call: Callable[[], CompletedProcess[str]]) -> CompletedProcess[str]:
    """How a call of buildah ended, its output captured as text."""
    ended = call()
    for _ in range(_TRIES - 1):
        if ended.returncode == 0 or not failed_by_itself(f"{ended.stdout}{ended.stderr}".splitlines()):
            break
        ended = call()
    return ended
