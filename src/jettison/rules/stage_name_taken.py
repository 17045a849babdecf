"""A stage whose name is taken."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "stage-name-taken"
_RESERVED = ("context", "scratch")


@text_rule("JT707")
def stage_name_taken(text: Text) -> Iterator[Finding]:
    """A stage has the name of an earlier one, or one that builders use for themselves: `context`, `scratch`.

    **What it costs.** What is copied from another stage than is meant: a FROM below means the last stage of that name,
    and so does every `COPY --from`; `FROM scratch` below a stage that is called so is that stage.

    **The fix** is yours: a name of its own.

    **Safety.** Told, never applied: which of the two was meant, the text does not tell.

    ```dockerfile bad
    FROM golang:1.22.5 AS build
    RUN go install example.com/a@v1
    FROM node:22.1.0 AS build
    RUN npm ci
    FROM debian:12.5
    COPY --from=build /go/bin/a /usr/bin/a
    ```
    ```dockerfile good
    FROM golang:1.22.5 AS build
    RUN go install example.com/a@v1
    FROM node:22.1.0 AS assets
    RUN npm ci
    FROM debian:12.5
    COPY --from=build /go/bin/a /usr/bin/a
    ```
    """
    names: dict[str, int] = {}
    for stage in text.dockerfile.stages:
        first = stage.instructions[0]
        if stage.name in names:
            message = f"line {first.line} calls a stage {stage.name}, as line {names[stage.name]} does"
            yield Finding(NAME, message, first, 0, refusal="give it a name of its own: the later one is meant below")
        if stage.name in _RESERVED:
            message = f"line {first.line} calls a stage {stage.name}, which builders use for themselves"
            yield Finding(NAME, message, first, 0, refusal="give it another name")
        if stage.name is not None:
            names[stage.name] = first.line
