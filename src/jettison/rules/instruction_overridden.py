"""An instruction of which only the last one counts."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.dockerfile.model import Instruction
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "instruction-overridden"
_ONCE = ("CMD", "ENTRYPOINT", "HEALTHCHECK")


@text_rule("JT711")
def instruction_overridden(text: Text) -> Iterator[Finding]:
    """A second CMD, ENTRYPOINT or HEALTHCHECK in a stage: only the last one counts.

    **What it costs.** What the first one says never happens: who wrote two CMDs to start two programs gets one.

    **The fix** is yours: remove the one that is not meant; of two programs each gets an image, or a script starts both.

    **Safety.** Told, never applied: which one was meant, the text does not tell.

    ```dockerfile bad
    FROM debian:bookworm
    CMD ["nginx"]
    CMD ["cron", "-f"]
    ```
    ```dockerfile good
    FROM debian:bookworm
    CMD ["cron", "-f"]
    ```
    """
    for stage in text.dockerfile.stages:
        last: dict[str, Instruction] = {}
        for each in stage.instructions:
            if each.keyword not in _ONCE:
                continue
            before = last.get(each.keyword)
            if before is not None:
                message = f"line {before.line} has no effect: the {each.keyword} in line {each.line} replaces it"
                yield Finding(NAME, message, before, 0, refusal="remove the one that is not meant")
            last[each.keyword] = each
