"""An image read while somebody watches: one live line on a terminal, nothing anywhere else."""

from __future__ import annotations

import shutil
import sys
import time

from jettison.image.model import Image
from jettison.image.walking import walk_layers
from jettison.report.reading import describe

_PATIENCE = 0.3  # seconds before the first line: what is shorter needs none
_BETWEEN = 0.1  # seconds


def read_shown(image: Image, *, quiet: bool = False) -> None:
    """Read all layers; commands call it before they ask for what is in them. Raises ImageError."""
    live = sys.stderr.isatty() and not quiet
    started = shown = time.monotonic()
    drawn = False
    try:
        for walked in walk_layers(image.layers, watched=live):
            now = time.monotonic()
            if live and now - started > _PATIENCE and now - shown > _BETWEEN:
                width = shutil.get_terminal_size().columns
                sys.stderr.write("\r\x1b[2K" + describe(walked, now - started)[: width - 1])
                sys.stderr.flush()
                shown, drawn = now, True
    finally:
        if drawn:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
