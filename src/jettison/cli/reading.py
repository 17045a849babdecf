"""Layers read while somebody watches: one live line on stderr, on a terminal alone."""

from __future__ import annotations

import sys
import time

from jettison.core.units import show_bytes
from jettison.image.model import Image
from jettison.image.walking import Walked, walk_layers

_PATIENCE = 0.4  # seconds before anything is shown
_EVERY = 0.1  # seconds between two lines


def read_watched(image: Image) -> Image:
    """The same image, its layers read; how far that is, with bytes and rate, is shown where it takes a while."""
    if not sys.stderr.isatty():
        return image  # whoever asks for the tree will read them
    started = shown = time.monotonic()
    drawn = False
    try:
        for walked in walk_layers(image.layers):
            now = time.monotonic()
            if now - started > _PATIENCE and now - shown > _EVERY:
                sys.stderr.write(f"\r\x1b[2K  {_line(walked, now - started)}")
                sys.stderr.flush()
                shown, drawn = now, True
    finally:
        if drawn:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
    return image


def _line(walked: Walked, seconds: float) -> str:
    """`reading 123.4 MB of 416.0 MB, 210.0 MB/s, 3 of 8 layers`."""
    done = f"reading {show_bytes(walked.bytes)} of {show_bytes(walked.of_bytes)}"
    return f"{done}, {show_bytes(int(walked.bytes / seconds))}/s, {walked.layers} of {walked.of_layers} layers"
