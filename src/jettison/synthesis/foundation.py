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
_WITHOUT_SHELL = re.compile(r"gcr\.io/distroless/(?:static|base|base-nossl|cc)(?:-debian\d+)?(?::(?:latest|nonroot))?")
# a folder of programs, a shell by its name, a whole tree or an archive of one
_MAY_BRING_ONE = re.compile(r"(?:^|[\s/])(?:s?bin/?|bash|(?:[bd]?a)?sh|busybox|\S*rootfs\S*|\S*\.tar\S*|/)(?=\s|$)")
_DISTROLESS = re.compile(r"gcr\.io/distroless/(?:nodejs|python3|java|cc|base)(?!\w*static)")


def image_below(text: Text, stage: Stage) -> str:
    """The image that the lowest stage of a chain is FROM, without its digest; empty where no tag tells which it is."""
    lowest = stage_chain(text.dockerfile, stage, text.build_args)[0]
    if find_stage(text.dockerfile, lowest.base, lowest.index, text.build_args) is not None:
        return ""
    try:
        name, _, digest = expand_from(text.dockerfile, lowest, text.build_args).partition("@")
    except DockerfileError:
        return ""
    return "" if digest and ":" not in name.rpartition("/")[2] else name  # which of its tags, only a registry knows


def has_no_shell(text: Text, stage: Stage) -> bool:
    """Whether the image below is one that is known to have no shell, and no COPY may bring one."""
    name = image_below(text, stage)
    if name != "scratch" and not _WITHOUT_SHELL.fullmatch(name):
        return False
    chain = stage_chain(text.dockerfile, stage, text.build_args)
    every = [each for one in chain for each in one.instructions if each.keyword in ("COPY", "ADD", "RUN")]
    return not any(each.keyword == "RUN" or _MAY_BRING_ONE.search(each.value) for each in every)


def libc_below(text: Text, stage: Stage) -> str:
    """`musl` or `glibc` where the name of the image says so; empty where it does not, or there is none."""
    name = image_below(text, stage)
    if _DISTROLESS.match(name):
        return "glibc"
    read = official(name) if name else None
    return libc_of(name) if read is not None and read.image in _KNOWN else ""
