"""apt, where apt-get is meant for scripts."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.commands.model import Run
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
    by_run: dict[int, tuple[Run, dict[Edit, None]]] = {}
    for run, call in text.called("apt"):
        verb = next((value for value in call.values if value and not value.startswith("-")), "")
        if verb in _BOTH and call.exact and call.span.of(text.dockerfile.text).startswith("apt "):
            change = Edit(Span(call.span.start, call.span.start + 3), "apt-get")
            by_run.setdefault(id(run), (run, {}))[1][change] = None
    for run, edits in by_run.values():
        fix = Fix("call apt-get", Applicability.PROPOSED, tuple(edits))
        message = f"line {run.instruction.line} calls apt, whose words and answers may change: apt-get is for scripts"
        yield Finding(NAME, message, run.instruction, 0, fix, proposal="apt-get keeps its words and its answers")
