"""All of a stage's file system, copied over another."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from jettison.bases.names import official
from jettison.dockerfile.graph import source_stage, stage_chain
from jettison.dockerfile.values import arguments
from jettison.rule import Finding, text_rule
from jettison.subject import Text
from jettison.synthesis.foundation import image_below

NAME = "whole-system-copied"
_REASON = "copy what the application is made of; `FROM scratch` below it, where one layer of everything is meant"


@text_rule("JT223")
def whole_system_copied(text: Text) -> Iterator[Finding]:
    """`COPY --from=build / /` lays a whole system over the one that the stage stands on.

    **What it costs.** All of the other stage, its caches and compilers with it, and what the base below has of the same
    names ships twice.

    **The fix** is yours: what the application is made of, path by path.

    **Safety.** Told, never applied. Upon `scratch` it is a way to make one layer of many, and nothing is said; nor of a
    stage or an image that is no system as far as is known: one that was filled upon `scratch`, or holds a few programs
    that are meant to be copied so.

    ```dockerfile bad
    FROM golang:1.22 AS build
    RUN go build -o /server .
    FROM debian:bookworm
    COPY --from=build / /
    ```
    ```dockerfile good
    FROM golang:1.22 AS build
    RUN go build -o /server .
    FROM debian:bookworm
    COPY --from=build /server /
    ```
    """
    chain = stage_chain(text.dockerfile, text.stage, text.build_args)
    if chain[0].base == "scratch":
        return
    for each in (one for stage in chain for one in stage.instructions):
        source = each.flag("from") if each.keyword == "COPY" else None
        if not source:
            continue
        words = [posixpath.normpath(word.strip("\"'")) for word in arguments(each)]
        if words in (["/", "/"], [".", "/"]) and _is_system(text, source):  # a relative source begins at the root
            message = f"line {each.line} copies all of {source} over what the stage stands on"
            yield Finding(NAME, message, each, 0, refusal=_REASON)


def _is_system(text: Text, source: str) -> bool:
    """Whether a stage or an image surely has a system in it: an official image is one, and what runs a RUN has one."""
    stage = source_stage(text.dockerfile, source)
    if stage is None:
        return official(source.partition("@")[0]) is not None
    below = image_below(text, stage)
    chain = stage_chain(text.dockerfile, stage, text.build_args)
    return below != "scratch" and (
        official(below) is not None or any(each.keyword == "RUN" for one in chain for each in one.instructions)
    )
