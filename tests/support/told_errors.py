"""A pytest plugin: an error of ours is shown with its hint, and with the log of a build that failed.

pytest prints the message alone, and what a build said is gone with the machine that it ran on.
"""

from __future__ import annotations

import pytest

from jettison.core.errors import JettisonError


def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> None:
    """Notes on the exception that ended a test, of every error of ours in its chain, told or suppressed."""
    ended = call.excinfo.value if call.excinfo is not None else None
    error = ended
    while ended is not None and error is not None:
        if isinstance(error, JettisonError):
            _note(ended, "hint", error.hint)
            _note(ended, "log", getattr(error, "log", ""))
        error = error.__cause__ or error.__context__


def _note(ended: BaseException, name: str, text: str) -> None:
    note = f"{name}: {text}"
    if text and note not in getattr(ended, "__notes__", ()):  # a fixture's error is raised again for each of its tests
        ended.add_note(note)
