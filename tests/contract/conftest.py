from __future__ import annotations

import pytest
from fake_sandbox import Clock

from jettison.contract import observe, pressure, readiness


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Time that only passes when somebody waits: settling costs a test nothing, and is the same each time."""
    made = Clock()
    monkeypatch.setattr(readiness, "time", made)
    monkeypatch.setattr(observe, "time", made)
    monkeypatch.setattr(pressure, "stalled_seconds", lambda: None)  # however busy the machine of the test is
    return made
