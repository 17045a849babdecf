"""An image's base and its neighbours: what is the base's, what is the image's own, what no other image has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jettison.align import GUESSED, Base, base_of, first_own_row, guessed_base
from jettison.align.base import told_digest, told_name
from jettison.align.builders import keyword_of
from jettison.core.errors import ImageError, UsageError
from jettison.core.platform import Platform
from jettison.core.reference import Reference, Transport
from jettison.documents.provenance import Provenance
from jettison.image.model import Image
from jettison.image.open import open_image
from jettison.registry.names import parse

if TYPE_CHECKING:
    from jettison.image.transports.siblings import Sibling


def recognised(
    image: Image, others: Sequence[Sibling], made: Provenance, told: tuple[str, Image | None]
) -> Base | None:
    """The base: known by its diff IDs among `told` and images that are here, else as history and lines suggest.

    `told`: the name that a command line or a Dockerfile gives, and the image itself where it is at hand.
    """
    name, given = told
    known = base_of(image, [*_candidates(name, given, others), *_annotated(image)])
    if known is not None:
        return known
    if made.lines:
        layers = min(made.lines)
        return Base(GUESSED, name or None, layers) if layers else None
    guess = guessed_base(image)
    return guess and Base(guess.known, guess.name or name or None, guess.layers)


def _candidates(name: str, given: Image | None, others: Sequence[Sibling]) -> Iterator[tuple[str, Sequence[str]]]:
    if given is not None:
        yield name, [layer.diff_id for layer in given.layers]
    for other in others:
        for each in other.names:
            yield each, other.diff_ids


def _annotated(image: Image) -> Iterator[tuple[str, Sequence[str]]]:
    """The base that an image of a registry names by name and digest, where that registry has it.

    Another registry is not asked, nor any for an image that lies here: nobody said that this may go out.
    """
    name, digest = told_name(image), told_digest(image)
    if image.reference.transport is not Transport.DOCKER or not name or not digest:
        return
    try:
        place = parse(name)
        if place.host != parse(image.reference.where).host:
            return
        platform = Platform(*(image.config.get(key) or "" for key in ("os", "architecture", "variant")))
        base = open_image(Reference(Transport.DOCKER, f"{place.host}/{place.repository}@{digest}"), platform)
    except (ImageError, UsageError):
        return
    yield name, [layer.diff_id for layer in base.layers]


def unique_bytes(image: Image, others: Sequence[Sibling] | None) -> int | None:
    """`unpacked` of the layers, by chain ID, that no other image of the store has; None where there is no store.

    Images without a name that are beginnings of this one are the cache of its build, and go with it.
    """
    if others is None:
        return None
    own = [layer.diff_id for layer in image.layers]
    shared = 0
    for other in others:
        common = _common(own, other.diff_ids)
        if other.names or common < len(other.diff_ids):
            shared = max(shared, common)
    return sum(layer.unpacked for layer in image.layers[shared:])


def _common(own: Sequence[str], other: Sequence[str]) -> int:
    """How many of the lowest layers are the same."""
    count = 0
    for one, two in zip(own, other, strict=False):
        if one != two:
            break
        count += 1
    return count


_ALWAYS_A_LAYER = frozenset({"COPY", "ADD"})
_KEYWORDS = frozenset({"ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL"}) | frozenset(
    {"MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
)


@dataclass(frozen=True)
class Rows:
    """The history in numbers: all its rows, those above the base, and of these the ones that make a layer, and that
    bring files; `kinds` are the keywords of the others. `merged`: several that make files have one layer together."""

    total: int
    own: int
    layers: int
    adding: int
    kinds: tuple[str, ...]
    merged: bool = False


def rows_of(image: Image, base: Base | None) -> Rows | None:
    """None where the history does not match the layers."""
    rows = image.history
    if sum(not row.empty_layer for row in rows) != len(image.layers) or not rows:
        return None
    start = first_own_row(image, base)
    number, layers, adding = 0, 0, 0
    kinds: dict[str, None] = {}
    for at, row in enumerate(rows):
        if row.empty_layer:
            if at >= start:
                word = keyword_of(row)
                kinds[word if word in _KEYWORDS else "other"] = None  # a row may say anything
            continue
        if at >= start:
            layers += 1
            adding += bool(image.layers[number].unpacked)
        number += 1
    merged = layers == 1 and not kinds.keys().isdisjoint(_ALWAYS_A_LAYER)
    return Rows(len(rows), len(rows) - start, layers, adding, tuple(kinds), merged)
