"""sudo in a RUN."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.core.values import Severity
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "sudo-called"


@text_rule("JT603", severity=Severity.NOTE)
def sudo_called(text: Text) -> Iterator[Finding]:
    """A RUN calls sudo.

    **What it costs.** sudo itself, a setuid program that ships, and rules in /etc/sudoers by which the application's
    user may become root. A RUN is whoever USER says: `USER root` above it, and the other user below, needs neither.

    **The fix** is yours: whether the container calls sudo when it runs, the text alone does not tell.

    **Safety.** Told, never applied.

    ```dockerfile bad
    FROM debian:bookworm
    RUN sudo make install
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN make install
    ```
    """
    for run in text.runs:
        if any("sudo" in call.wrappers or call.name == "sudo" for call in run.calls):
            message = f"line {run.instruction.line} calls sudo: USER says who a RUN is"
            yield Finding(NAME, message, run.instruction, 0, refusal="put USER root above it, and the other user below")
