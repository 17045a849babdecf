"""A Dockerfile and the image that it became: what the rules see in both together."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from jettison.align.found import aligned
from jettison.core.errors import DockerfileError
from jettison.core.values import Skipped
from jettison.dockerfile.parse import parse
from jettison.image.model import Image
from jettison.review.look import judged, look, seen_of, syntax, text_in, wanted, with_refusals
from jettison.review.model import Reviewed, Settings, Source
from jettison.rule import all_rules
from jettison.subject import Subject


def measured(source: Source, settings: Settings, image: Image) -> Reviewed:
    """What all rules say of a file whose image is at hand; other bases are not fetched.

    Raises UsageError where the file cannot be read, ImageError where the image cannot.
    """
    text: str | None = None
    try:
        text = text_in(source)
        seen = seen_of(source, settings, parse(text))
        alignment = aligned(seen.dockerfile, seen.stage, image, seen.build_args)
    except DockerfileError as error:
        return Reviewed(source, (syntax(source, error, text or ""),), text=text)
    if not alignment.known:
        reason = f"the image is not known to be built from this file ({alignment.reason})"
        found = look(source, settings)
        return replace(found, skipped=(*found.skipped, Skipped("bytes", reason)))
    subject = Subject(
        seen.dockerfile,
        seen.context,
        image,
        alignment,
        seen.stage,
        build_args=seen.build_args,
        ignore=seen.ignore,
        path=seen.path,
    )
    asked = [(rule, partial(rule.check, subject)) for rule in wanted(all_rules(), settings, source.name)]
    found = judged(source, seen.dockerfile, asked, sum(layer.unpacked for layer in image.layers))
    return with_refusals(found, seen)
