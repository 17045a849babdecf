"""Flags that the builder drops, or takes for others."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.dockerfile.flags import reads_flags
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "flag-misread"


@text_rule("JT703")
def flag_misread(text: Text) -> Iterator[Finding]:
    """A flag that the builder drops without a word, or reads as other characters than are written.

    **What it costs.** What the flag asks for does not happen. BuildKit looks at no flag of ARG, STOPSIGNAL and
    `HEALTHCHECK NONE`; and it reads flags byte by byte, so that `--chown=José` is another name.

    **The fix** is yours: remove the flag, or write a number for the user.

    **Safety.** Told, never applied.

    ```dockerfile bad
    FROM debian:bookworm
    HEALTHCHECK --interval=30s NONE
    ```
    ```dockerfile good
    FROM debian:bookworm
    HEALTHCHECK NONE
    ```
    """
    for each in (one for one in text.dockerfile.instructions if one.flags):
        if not reads_flags(each):
            message = f"line {each.line} gives {each.keyword} --{each.flags[0].name}, which the builder drops unread"
            yield Finding(NAME, message, each, 0, refusal="remove the flag")
        elif any(not (flag.value or "").isascii() for flag in each.flags):
            message = f"line {each.line} has a flag beyond ASCII, which is read byte by byte as other characters"
            yield Finding(NAME, message, each, 0, refusal="write it in ASCII: a number for a user or a group")
