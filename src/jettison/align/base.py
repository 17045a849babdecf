"""The base of an image: the longest prefix of its layers that is known as an image of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from jettison.align.builders import keyword_of
from jettison.image.annotations import annotations_of
from jettison.image.model import Image

KNOWN, GUESSED = "known", "guessed"
_NAME, _DIGEST = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")
_FROM = re.compile(r"FROM (\S*[^0-9a-f\s]\S*)$")  # a name; Buildah writes a bare id for the rows between
_LAST = frozenset({"CMD", "ENTRYPOINT"})


@dataclass(frozen=True)
class Base:
    """The `layers` lowest layers are the base's. `known`: `known`, equal by diff ID to the image called `name`; or
    `guessed`, by what the history says; then the name may be missing."""

    known: str
    name: str | None
    layers: int


def base_of(image: Image, images: Iterable[tuple[str, Sequence[str]]]) -> Base | None:
    """The longest of these images, (name, diff IDs), that the image stands on; of equals the shortest name."""
    own = [layer.diff_id for layer in image.layers]
    found: Base | None = None
    for name, ids in images:
        if 0 < len(ids) < len(own) and list(ids) == own[: len(ids)]:
            one = Base(KNOWN, name, len(ids))
            if found is None or _rank(one) < _rank(found):
                found = one
    return found


def _rank(base: Base) -> tuple[int, int, str]:
    return -base.layers, len(base.name or ""), base.name or ""


def told_name(image: Image) -> str | None:
    """The base's name as the manifest's annotations or the image's labels tell it."""
    return _note(image, _NAME)


def told_digest(image: Image) -> str | None:
    """The digest of the base's manifest, or index, as they tell it."""
    value = _note(image, _DIGEST)
    return value if value and _SHA256.fullmatch(value) else None


def _note(image: Image, key: str) -> str | None:
    labels = image.runtime.get("Labels")
    for notes in (annotations_of(image), labels if isinstance(labels, Mapping) else {}):
        value = notes.get(key)
        if isinstance(value, str) and value:
            return value
    return None


def guessed_base(image: Image) -> Base | None:
    """What the history says: Buildah names the base on the first row above it; else a CMD or ENTRYPOINT with layers
    above it was the end of an image that others built upon."""
    rows = image.history
    layers = len(image.layers)
    if sum(not row.empty_layer for row in rows) != layers:
        return None
    named: list[tuple[int, str]] = []
    ended: list[int] = []
    below = 0
    for row in rows:
        told = _FROM.match(row.comment)
        if told:
            named.append((below, told[1]))
        if row.empty_layer and keyword_of(row) in _LAST:
            ended.append(below)
        below += not row.empty_layer
    for count, name in sorted(named, reverse=True):
        if 0 < count < layers:
            return Base(GUESSED, name, count)
    count = max((each for each in ended if 0 < each < layers), default=0)
    return Base(GUESSED, told_name(image), count) if count else None


def first_own_row(image: Image, base: Base | None) -> int:
    """Index of the first history row above the base: behind the CMD or ENTRYPOINT that ended it, where there is one."""
    if base is None:
        return 0
    below, start = 0, 0
    for at, row in enumerate(image.history):
        told = _FROM.match(row.comment)
        if below == base.layers and told and told[1] == base.name and (row.empty_layer or at + 1 < len(image.history)):
            return at  # on the last row it may stand for a build of one layer
        if below > base.layers or (below == base.layers and not row.empty_layer):
            break
        below += not row.empty_layer
        if (not row.empty_layer and below == base.layers) or (below == base.layers and keyword_of(row) in _LAST):
            start = at + 1
    return start
