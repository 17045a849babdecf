"""A FROM that says one platform for whatever is built."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.core.values import Severity
from jettison.dockerfile.graph import stage_chain
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "constant-platform"


@text_rule("JT716", severity=Severity.NOTE)
def constant_platform(text: Text) -> Iterator[Finding]:
    """The FROM of what ships names one platform, whatever platform is built for.

    **What it costs.** On another machine the build and the container are emulated, many times slower; `--platform` on
    the command line, and one image for several architectures, get this one each time.

    **The fix** is yours: no `--platform`, which is the platform that is built for, or `$BUILDPLATFORM` in a stage that
    compiles for others.

    **Safety.** Told, never applied: there may be no other. Nothing is said of stages that do not ship, nor where the
    stage's name has the architecture in it.

    ```dockerfile bad
    FROM --platform=linux/amd64 debian:bookworm
    ```
    ```dockerfile good
    FROM debian:bookworm
    ```
    """
    for stage in stage_chain(text.dockerfile, text.stage, text.build_args):
        platform = stage.platform or ""
        told = any(part and part in (stage.name or "") for part in platform.split("/")[:2])
        if platform and "$" not in platform and not told:
            line = stage.instructions[0].line
            message = f"line {line} takes {platform} whatever the build is for"
            reason = "leave --platform out, or give the platform on the command line"
            yield Finding(NAME, message, stage.instructions[0], 0, refusal=reason)
