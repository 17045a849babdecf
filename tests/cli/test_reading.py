"""Progress while an image is read: on a terminal one line that goes away, elsewhere nothing."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator

import pytest

from jettison.cli import reading
from jettison.cli.reading import read_shown
from jettison.core.reference import Reference, Transport
from jettison.image.model import Image
from jettison.image.walking import Walked

IMAGE = Image(Reference(Transport.OCI, "x"), "sha256:0", {}, ())
HALF = Walked(500_000_000, 10**9, 1, 2)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def events(*_: object, watched: bool) -> Iterator[Walked]:
    yield HALF
    yield HALF


def shown(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, *, quiet: bool = False) -> str:
    times = iter([100.0, 100.1, 102.0, 104.0])
    monkeypatch.setattr(reading.time, "monotonic", lambda: next(times))
    monkeypatch.setattr(reading, "walk_layers", events)
    monkeypatch.setattr(sys, "stderr", stream)
    read_shown(IMAGE, quiet=quiet)
    return stream.getvalue()


def test_a_terminal_is_told_bytes_and_rate_on_a_line_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    line = "reading 1 of 2 layers, 500.0 MB of 1.00 GB, 250.0 MB/s"
    assert f"\r\x1b[2K{line}\r\x1b[2K" == shown(monkeypatch, Terminal())


def test_nobody_else_is_told_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ["", ""] == [shown(monkeypatch, io.StringIO()), shown(monkeypatch, Terminal(), quiet=True)]


def test_the_line_goes_away_with_an_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, watched: bool) -> Iterator[Walked]:
        yield HALF
        yield HALF
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules[__name__], "events", interrupted)
    terminal = Terminal()
    with pytest.raises(KeyboardInterrupt):
        shown(monkeypatch, terminal)
    assert terminal.getvalue().endswith("MB/s\r\x1b[2K")
