"""Downloads that anybody on the way may exchange."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.commands.files import clone, download
from jettison.commands.model import Call, Run
from jettison.core.escape import terminal
from jettison.dockerfile.graph import needed
from jettison.dockerfile.values import arguments
from jettison.rule import Finding, text_rule
from jettison.subject import Text
from jettison.synthesis.verified import is_verified

NAME = "downloaded-unencrypted"
_OWN = re.compile(
    r"localhost|[^./]+|.*\.(?:local|internal|lan|test)|127\..*|10\..*|192\.168\..*|172\.(?:1[6-9]|2\d|3[01])\..*"
)
_HTTP = re.compile(r"http://(?:[^/@\s]*@)?([^/:\s?#]+)")
_REASON = "say https where the server speaks it, or check what came against a checksum of your own"


@text_rule("JT605")
def downloaded_unencrypted(text: Text) -> Iterator[Finding]:
    """A file is fetched over plain HTTP, and nothing checks what came.

    **What it costs.** No bytes: whoever stands between the builder and the server decides what is in the image.

    **The fix** is yours: `https`, where the server speaks it, or a checksum that stands in the Dockerfile
    (`echo "SUM  FILE" | sha256sum -c`, `ADD --checksum=sha256:...`). Whether the server speaks it the text does not
    tell.

    **Safety.** Told, never applied. Nothing is said where a later command of the same RUN checks sums or signatures,
    nor of addresses within one's own network. Stages that do not ship count as well: what they fetch is built upon.

    ```dockerfile bad
    FROM debian:bookworm
    RUN curl -fsSL http://example.com/tool.tar.gz | tar xz -C /opt
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN curl -fsSL https://example.com/tool.tar.gz | tar xz -C /opt
    ```
    """
    last: dict[int, tuple[Run, Call, str]] = {}  # what is checked behind the last one is behind all
    for run, call in text.called("curl", "wget", "git"):
        address = next(filter(None, map(_plain, _addresses(call))), None)
        if address:
            last[id(run)] = run, call, address
    for run, call, address in last.values():
        if not is_verified(run, call):
            message = f"line {run.instruction.line} fetches from {terminal(address)} over plain HTTP, unchecked"
            yield Finding(NAME, message, run.instruction, 0, refusal=_REASON)
    for stage in needed(text.dockerfile, text.stage, text.build_args):
        for each in stage.instructions:
            if each.keyword == "ADD" and each.flag("checksum") is None:
                added = next(filter(None, (_plain(word.strip("\"'")) for word in arguments(each)[:-1])), None)
                if added:
                    message = f"line {each.line} adds from {terminal(added)} over plain HTTP, unchecked"
                    yield Finding(NAME, message, each, 0, refusal=_REASON)


def _addresses(call: Call) -> tuple[str | None, ...]:
    fetched = download(call)
    if fetched is not None:
        return fetched.urls
    cloned = clone(call)
    return (cloned.url,) if cloned is not None else ()


def _plain(url: str | None) -> str | None:
    """The host of a plain HTTP address that is not one's own; None for any other."""
    found = _HTTP.match(url or "")
    return found[1] if found is not None and not _OWN.fullmatch(found[1]) and "$" not in found[1] else None
