"""`set -o pipefail` where /bin/sh is dash."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.bases.names import official
from jettison.commands.model import Call, Run
from jettison.core.errors import DockerfileError
from jettison.core.values import Severity
from jettison.dockerfile.graph import expand_from, stage_chain
from jettison.dockerfile.model import Stage
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "pipefail-refused"
_DASH = {
    "debian",
    "ubuntu",
    "node",
    "python",
    "golang",
    "ruby",
    "rust",
    "php",
    "perl",
    "gcc",
    "buildpack-deps",
    "nginx",
}


@text_rule("JT723", severity=Severity.ERROR)
def pipefail_refused(text: Text) -> Iterator[Finding]:
    """`set -o pipefail` in a RUN whose shell is dash, which knows no such option.

    **What it costs.** The build: "set: Illegal option -o pipefail". /bin/sh is dash up to Debian 13 and Ubuntu
    24.04 (0.5.12; the next dash takes the option). Alpine's is BusyBox, and Fedora's is bash, which both take it.

    **The fix** is yours: `SHELL ["/bin/bash", "-o", "pipefail", "-c"]` above the RUN, where the base has bash, or
    `bash -o pipefail -c '...'`. It is not made unasked: another shell is another shell for every RUN below it.

    **Safety.** Told, never applied; only on official images whose /bin/sh is known to be dash. `|| true` behind it does
    not help: dash ends there all the same.

    ```dockerfile bad
    FROM debian:bookworm
    RUN set -o pipefail; curl -fsSL https://example.com/a.tar.gz | tar xz -C /opt
    ```
    ```dockerfile good
    FROM debian:bookworm
    SHELL ["/bin/bash", "-o", "pipefail", "-c"]
    RUN curl -fsSL https://example.com/a.tar.gz | tar xz -C /opt
    ```
    """
    stages = {id(each): stage for stage in text.dockerfile.stages for each in stage.instructions}
    for run, call in text.called("set"):
        if call.wrappers or not _asks(call) or call.guards or call.nested:
            continue
        stage = stages[id(run.instruction)]
        if run.shell[0] in ("/bin/sh", "sh") and not _names_a_shell(text, run) and _is_dash(text, stage):
            message = f"line {run.instruction.line} says set -o pipefail, and /bin/sh there is dash, which refuses it"
            reason = 'put SHELL ["/bin/bash", "-o", "pipefail", "-c"] above it, where the base has bash'
            yield Finding(NAME, message, run.instruction, 0, refusal=reason)


def _names_a_shell(text: Text, run: Run) -> bool:
    """Whether a heredoc begins with the line that names its interpreter."""
    return any(each.body.of(text.dockerfile.text).lstrip().startswith("#!") for each in run.instruction.heredocs)


def _asks(call: Call) -> bool:
    values = list(call.values)
    return any(
        each == "pipefail" and re.fullmatch(r"-[a-zA-Z]*o", values[at - 1] or "")
        for at, each in enumerate(values)
        if at
    )


def _is_dash(text: Text, stage: Stage) -> bool:
    """Whether the stage's base is an official image on Debian or Ubuntu."""
    try:
        name = expand_from(text.dockerfile, stage_chain(text.dockerfile, stage, text.build_args)[0], text.build_args)
    except DockerfileError:
        return False
    read = official(name)
    if read is None or read.image not in _DASH or "alpine" in name:
        return False
    return read.image != "ubuntu" or () < read.numbers <= (24, 4)
