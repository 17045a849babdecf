"""How far the reading of an image is, as a line for people."""

from __future__ import annotations

from jettison.core.units import show_bytes
from jettison.image.walking import Walked
from jettison.report.words import plural


def describe(walked: Walked, seconds: float) -> str:
    """Bytes as they are stored, those a second, and layers; `seconds` since the reading began."""
    done = f"{show_bytes(walked.bytes)} of {show_bytes(walked.of_bytes)}"
    rate = f", {show_bytes(int(walked.bytes / seconds))}/s" if seconds > 0 and walked.bytes else ""
    layers = f"{walked.layers} of {walked.of_layers} {plural(walked.of_layers, 'layer')}"
    return f"reading {layers}, {done}{rate}"
