"""A FROM that needs a build argument."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.core.errors import DockerfileError
from jettison.core.values import Severity
from jettison.dockerfile.graph import find_stage, global_variables
from jettison.dockerfile.lexer import expand
from jettison.dockerfile.names import image_problem
from jettison.dockerfile.refuse import awaited
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "base-without-default"


@text_rule("JT709", severity=Severity.NOTE)
def base_without_default(text: Text) -> Iterator[Finding]:
    """A FROM names an image only where the command line gives a build argument.

    **What it costs.** `docker build .` fails for everybody who does not know the argument, tools that read Dockerfiles
    among them.

    **The fix** is yours: a default, which the command line still replaces.

    **Safety.** Told, never applied: which image is meant, only you know. Nothing is said where the argument was given
    to jettison as well.

    ```dockerfile bad
    ARG BASE
    FROM $BASE
    ```
    ```dockerfile good
    ARG BASE=debian:bookworm
    FROM $BASE
    ```
    """
    dockerfile = text.dockerfile
    waiting = awaited(dockerfile.global_args, text.build_args)
    if not waiting:
        return
    for stage in dockerfile.stages:
        try:
            name, missing = expand(stage.base, global_variables(dockerfile, text.build_args), dockerfile.escape)
        except DockerfileError:
            continue
        asked = [each for each in missing if each in waiting]
        is_stage = find_stage(dockerfile, stage.base, stage.index, text.build_args) is not None
        if asked and not is_stage and image_problem(name):
            line = stage.instructions[0].line
            message = f"line {line} names no image unless --build-arg {asked[0]}=VALUE is given"
            yield Finding(NAME, message, stage.instructions[0], 0, refusal=f"write ARG {asked[0]}=DEFAULT")
