"""A WORKDIR that begins where the base image says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.core.values import Severity
from jettison.dockerfile.graph import find_stage
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "relative-workdir"
_WHOLE = re.compile(r"/|\$|[A-Za-z]:[\\/]")  # a variable may hold a whole path, and Windows has drives


@text_rule("JT714", severity=Severity.NOTE)
def relative_workdir(text: Text) -> Iterator[Finding]:
    """A WORKDIR without a slash at its front, where no WORKDIR stands above it.

    **What it costs.** The folder lies below the WORKDIR of the base image: another base, or another release of it, and
    the application is somewhere else than CMD, volumes and scripts expect.

    **The fix** is yours: the whole path. Which it is today, only the base tells.

    **Safety.** Told, never applied. A second relative WORKDIR is no finding: the first one decides.

    ```dockerfile bad
    FROM debian:bookworm
    WORKDIR app
    ```
    ```dockerfile good
    FROM debian:bookworm
    WORKDIR /app
    ```
    """
    fixed: set[int] = set()  # stages in which a WORKDIR stands
    for stage in text.dockerfile.stages:
        parent = find_stage(text.dockerfile, stage.base, stage.index, text.build_args)
        if parent is not None and parent.index in fixed:
            fixed.add(stage.index)
        for each in stage.instructions:
            if each.keyword != "WORKDIR":
                continue
            path = each.value.strip("\"'")
            if stage.index not in fixed and not _WHOLE.match(path):
                lies = f"WORKDIR {path} lies below" if path else "a WORKDIR without a folder stays in"
                message = f"line {each.line}: {lies} whatever WORKDIR the base image has"
                yield Finding(NAME, message, each, 0, refusal="write the whole path, with a slash at its front")
            if path:
                fixed.add(stage.index)
