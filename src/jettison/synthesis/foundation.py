"""The image at the bottom of a stage, by its name alone; and which C library that is known to bring."""

from __future__ import annotations

import re

from jettison.bases.catalogue import libc_of
from jettison.bases.names import official
from jettison.core.errors import DockerfileError
from jettison.dockerfile.graph import expand_from, find_stage, stage_chain
from jettison.dockerfile.model import Stage
from jettison.subject import Text

_KNOWN = {"alpine", "buildpack-deps", "debian", "eclipse-temurin", "gcc", "golang", "node", "openjdk", "perl", "php",
          "python", "ruby", "rust", "ubuntu"}  # fmt: skip
_DISTROLESS = re.compile(r"gcr\.io/distroless/(?:nodejs|python3|java|cc|base)(?!\w*static)")


def image_below(text: Text, stage: Stage) -> str:
    """The image that the lowest stage of a chain is FROM, without a digest; empty where it is not known."""
    lowest = stage_chain(text.dockerfile, stage, text.build_args)[0]
    if find_stage(text.dockerfile, lowest.base, lowest.index, text.build_args) is not None:
        return ""
    try:
        return expand_from(text.dockerfile, lowest, text.build_args).partition("@")[0]
    except DockerfileError:
        return ""


def libc_below(text: Text, stage: Stage) -> str:
    """`musl` or `glibc` where the name of the image says so; empty where it does not, or there is none."""
    name = image_below(text, stage)
    if _DISTROLESS.match(name):
        return "glibc"
    read = official(name) if name else None
    return libc_of(name) if read is not None and read.image in _KNOWN else ""
