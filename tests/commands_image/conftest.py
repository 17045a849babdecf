"""The commands that look into images, called as the command line calls them."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from stacked_image import Ended

from jettison.cli.main import main

Call = Callable[..., Ended]


@pytest.fixture
def call(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Call:
    """`call("ls", archive)`: within this process, which is faster."""
    monkeypatch.setenv("COLUMNS", "80")

    def called(*arguments: object) -> Ended:
        code = main([str(each) for each in arguments])
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return Ended(code, out, err.decode())

    return called
