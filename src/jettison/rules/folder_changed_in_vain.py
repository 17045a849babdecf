"""A `cd` at the end of a RUN."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "folder-changed-in-vain"


@text_rule("JT724")
def folder_changed_in_vain(text: Text) -> Iterator[Finding]:
    """A RUN that ends in `cd`: the next one begins where WORKDIR says.

    **What it costs.** What follows runs in another folder than it seems to, and may leave its files there.

    **The fix** is yours: `WORKDIR` holds for all that follows, `cd FOLDER && COMMAND` for one RUN. Which was meant, the
    text alone does not tell.

    **Safety.** Told, never applied.

    ```dockerfile bad
    FROM debian:bookworm
    RUN mkdir -p /app && cd /app
    RUN touch here
    ```
    ```dockerfile good
    FROM debian:bookworm
    WORKDIR /app
    RUN touch here
    ```
    """
    for run in text.runs:
        last = run.calls[-1] if run.calls and run.readable else None
        if last is None or last.name not in ("cd", "pushd") or last.nested or last.guards or last.wrappers:
            continue
        folder = last.words[0].text if last.words else "home"
        message = f"line {run.instruction.line} goes to {folder} and ends: the next RUN begins where WORKDIR says"
        yield Finding(NAME, message, run.instruction, 0, refusal=f"say WORKDIR {folder}, or join the commands with &&")
