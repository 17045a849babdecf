"""An SSH server in the image."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.core.values import Severity
from jettison.dockerfile.graph import stage_chain
from jettison.rule import Finding, text_rule
from jettison.subject import Text
from jettison.synthesis.named_packages import staying

NAME = "ssh-server-shipped"
_SERVERS = {"openssh-server", "dropbear", "tinysshd", "tinyssh", "openssh-server-krb5"}
_OF_ALPINE = {"openssh"}  # client and server; Arch's, too
_OF_DEBIAN = {"ssh"}  # the same
_REASON = "`docker exec` enters a container without it; keys, updates and logins then stay with the host"
_CLIENT = f"where ssh is all that is called, openssh-client brings it alone; {_REASON}"


@text_rule("JT607", severity=Severity.NOTE)
def ssh_server_shipped(text: Text) -> Iterator[Finding]:
    """The stage that ships installs an SSH server, or exposes port 22.

    **What it costs.** The server and what it depends on, and a second way in that has keys, passwords and updates of
    its own. Host keys that the package makes while it is installed are the same in every container.

    **The fix** is yours: `docker exec`, `kubectl exec` or a debug container enters without one.

    **Safety.** Told, never applied. Nothing is said where CMD or ENTRYPOINT runs an SSH server: then it is the
    application; nor of a server that a RUN may remove again.

    ```dockerfile bad
    FROM debian:bookworm
    RUN apt-get update && apt-get install -y --no-install-recommends openssh-server nginx && rm -rf /var/lib/apt/lists/*
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN apt-get update && apt-get install -y --no-install-recommends nginx && rm -rf /var/lib/apt/lists/*
    ```
    """
    every = [each for stage in stage_chain(text.dockerfile, text.stage, text.build_args) for each in stage.instructions]
    if any(each.keyword in ("CMD", "ENTRYPOINT") and re.search(r"sshd|dropbear", each.value) for each in every):
        return
    installed = staying(text, _SERVERS | _OF_ALPINE | _OF_DEBIAN)
    server = next((each for each in installed if each.name in _SERVERS | _OF_DEBIAN or each.manager == "apk"), None)
    if server is not None:
        message = f"line {server.run.instruction.line} installs {server.name}, an SSH server"
        advice = _CLIENT if server.name in _OF_ALPINE | _OF_DEBIAN else _REASON
        yield Finding(NAME, message, server.run.instruction, 0, refusal=advice)
        return
    for each in every:
        if each.keyword == "EXPOSE" and re.search(r"(?:^|\s)22(?:/tcp)?(?:\s|$)", each.value):
            yield Finding(NAME, f"line {each.line} exposes port 22, which is SSH's", each, 0, refusal=_REASON)
            return
