"""What a builder knows of the machine that it runs on is the same on every machine that tests."""

from __future__ import annotations

import pytest

from jettison.core.platform import Platform


@pytest.fixture
def on_the_machine_of_the_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """BuildKit's answers were written down on linux/amd64."""
    monkeypatch.setattr("jettison.dockerfile.graph.host", lambda: Platform("linux", "amd64"))
