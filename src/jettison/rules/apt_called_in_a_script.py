"""apt, where apt-get is meant for scripts."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.core.values import Applicability, Severity, Span
from jettison.dockerfile.model import Edit
from jettison.rule import Finding, Fix, text_rule
from jettison.subject import Text

NAME = "apt-called-in-a-script"
_BOTH = {"update", "install", "remove", "purge", "autoremove", "clean"}


@text_rule("JT725", severity=Severity.NOTE)
def apt_called_in_a_script(text: Text) -> Iterator[Finding]:
    """`apt` in a RUN: it is made for people, and says so.

    **What it costs.** No bytes. "WARNING: apt does not have a stable CLI interface": another release of the base may
    ask, or print, something else.

    **The fix** writes `apt-get` for what both can do in the same words. `apt upgrade` and `apt list` are left alone.

    **Safety.** PROPOSED: apt deletes the packages that it downloaded, and apt-get does so only where the base is set up
    for it, as Debian's and Ubuntu's images are.

    ```dockerfile bad
    FROM debian:bookworm
    RUN apt-get update && apt install -y curl
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN apt-get update && apt-get install -y curl
    ```
    """
    for run in text.runs:
        edits = []
        for call in run.calls:
            verb = next((value for value in call.values if value and not value.startswith("-")), "")
            written = call.span.of(text.dockerfile.text)
            if call.name == "apt" and verb in _BOTH and call.exact and written.startswith("apt "):
                edits.append(Edit(Span(call.span.start, call.span.start + 3), "apt-get"))
        if edits:
            fix = Fix("call apt-get", Applicability.PROPOSED, tuple(dict.fromkeys(edits)))
            message = (
                f"line {run.instruction.line} calls apt, whose words and answers may change: apt-get is for scripts"
            )
            yield Finding(NAME, message, run.instruction, 0, fix, proposal="apt-get keeps its words and its answers")
