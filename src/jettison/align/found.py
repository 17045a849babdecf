"""The match of a Dockerfile with an image of which nobody tells who built it, and on which copy of its base."""

from __future__ import annotations

from collections.abc import Mapping

from jettison.align.builders import builders_of
from jettison.align.match import align
from jettison.align.model import Alignment, unknown
from jettison.core.errors import ImageError, UsageError
from jettison.core.reference import Reference, Transport
from jettison.dockerfile.graph import expand_from, stage_chain
from jettison.dockerfile.model import Dockerfile, Stage
from jettison.image.model import Image
from jettison.image.open import open_image

_STORES = (Transport.CONTAINERS_STORAGE, Transport.DOCKER_DAEMON)


def aligned(dockerfile: Dockerfile, stage: Stage, image: Image, build_args: Mapping[str, str]) -> Alignment:
    """The first match of those builders whose rows these may be; else the one that tells most. DockerfileError."""
    chain = stage_chain(dockerfile, stage, build_args)
    base = _base(image, expand_from(dockerfile, chain[0], build_args)) if chain[0].base else None
    failed: Alignment | None = None
    for builder in builders_of(image):
        found = align(chain, image, base, builder=builder)
        if found.known:
            return found
        if failed is None or (found.together and not failed.together):
            failed = found
    return failed or unknown("nobody is known to write such a history")


def _base(image: Image, name: str) -> Image | None:
    """The base, where the image's own store has it; None where it has not, and where there is none."""
    if name == "scratch" or image.reference.transport not in _STORES:
        return None
    try:
        return open_image(Reference(image.reference.transport, name))
    except (ImageError, UsageError):
        return None
