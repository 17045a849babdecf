"""Progress on stderr: lines anywhere, one live line more on a terminal."""

from __future__ import annotations

import shutil
import sys
import time

import click

from jettison.core.escape import terminal
from jettison.core.redact import Redactor
from jettison.lighten.events import Event
from jettison.report.progress import describe


class Screen:
    """Shows events as lines; the engine's last line, with the seconds gone, is kept alive below them."""

    def __init__(self, *, quiet: bool, verbose: bool, redactor: Redactor) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self.redactor = redactor
        self.live = sys.stderr.isatty() and not quiet and not verbose
        self.started = time.monotonic()

    def show(self, event: Event) -> None:
        """One event, as one line or none."""
        text = describe(event)
        if text and not self.quiet:
            self._clear()
            click.echo(self.redactor.text(text), err=True)
        self.started = time.monotonic()

    def line(self, text: str) -> None:
        """A line that the engine printed."""
        clean = terminal(self.redactor.text(text.rstrip()))
        if self.verbose and not self.quiet:
            click.echo(f"    {clean}", err=True)
        elif self.live and clean:
            width = shutil.get_terminal_size().columns
            prefix = f"  {time.monotonic() - self.started:5.0f} s  "
            sys.stderr.write("\r\x1b[2K" + (prefix + clean)[: width - 1])
            sys.stderr.flush()

    def _clear(self) -> None:
        if self.live:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *exception: object) -> None:
        self._clear()
