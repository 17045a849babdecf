"""Dockerfiles from text, looked at without an image."""

from __future__ import annotations

from pathlib import Path

from jettison.review.look import look
from jettison.review.model import Reviewed, Settings, Source

ALL = Settings()


def look_at(folder: Path, text: str, settings: Settings = ALL) -> Reviewed:
    """What is found in a Dockerfile of this text in a folder, which is its context."""
    path = folder / "Dockerfile"
    path.write_bytes(text.encode())
    return look(Source("Dockerfile", path, folder), settings)


def found_in(folder: Path, text: str, settings: Settings = ALL) -> list[tuple[str, int]]:
    """The rules that speak, each with its line."""
    return [(each.rule, each.where.line) for each in look_at(folder, text, settings).remarks]
