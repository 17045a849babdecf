"""A download that fails on its way into a shell."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.commands.files import download
from jettison.commands.pipes import reader
from jettison.core.values import Severity
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "failure-lost-in-a-pipe"
_CONTENT = {"sh", "bash", "ash", "dash", "zsh", "python", "python3", "node", "perl", "ruby", "php", "tee"}


@text_rule("JT220", severity=Severity.NOTE)
def failure_lost_in_a_pipe(text: Text) -> Iterator[Finding]:
    """What curl or wget fetches is piped into a program that is content with nothing, and a failure is lost.

    **What it costs.** A build that is green without what it was to install: a pipeline ends as its last program does,
    and a shell that reads nothing, or half of a script, ends well. tar, unzip and gpg notice by themselves, and nothing
    is said of them.

    **The fix** is yours: fetch to a file, and run that behind an `&&`; or `set -o pipefail` where the shell knows it.
    It is not made: dash, the shell of Debian and Ubuntu, refuses that option, and another shell is another shell for
    every RUN below.

    **Safety.** Told, never applied.

    ```dockerfile bad
    FROM debian:bookworm
    RUN curl -fsSL https://example.com/install.sh | sh
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN curl -fsSL https://example.com/install.sh -o /tmp/install.sh && sh /tmp/install.sh && rm /tmp/install.sh
    ```
    """
    told = set()
    for run, call in text.called("curl", "wget"):
        if call.pipe is None or call.pipefail is not False or download(call) is None or id(run) in told:
            continue
        read = reader(run, call)
        if read is not None and read.name in _CONTENT:
            told.add(id(run))
            line = run.instruction.line
            message = f"line {line} goes on where {call.name} fails: {read.name} then reads nothing, and ends well"
            reason = f"fetch to a file, and give that to {read.name} behind an &&"
            yield Finding(NAME, message, run.instruction, 0, refusal=reason)
