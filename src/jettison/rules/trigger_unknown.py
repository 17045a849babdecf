"""An ONBUILD of what is no instruction."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.core.values import Severity
from jettison.dockerfile.parse import KEYWORDS
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "trigger-unknown"


@text_rule("JT704", severity=Severity.ERROR)
def trigger_unknown(text: Text) -> Iterator[Finding]:
    """An ONBUILD keeps what is no instruction.

    **What it costs.** This build goes through, and every build upon the image fails: BuildKit looks at what an ONBUILD
    triggers when it is triggered.

    **The fix** is yours: the instruction that was meant.

    **Safety.** Told, never applied.

    ```dockerfile bad
    FROM debian:bookworm
    ONBUILD COPPY . /src
    ```
    ```dockerfile good
    FROM debian:bookworm
    ONBUILD COPY . /src
    ```
    """
    for each in text.dockerfile.instructions:
        if each.trigger is not None and each.trigger.keyword not in KEYWORDS:
            message = f"line {each.line} has ONBUILD trigger {each.trigger.keyword[:40]}, which is no instruction"
            yield Finding(NAME, message, each, 0, refusal="builds upon this image will fail: name an instruction")
