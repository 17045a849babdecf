"""An EXPOSE that says where a port is published."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "port-mapping-exposed"
_VARIABLE = re.compile(r"\$\{[^{}]*\}")  # ${PORT:-80} has a colon of its own


@text_rule("JT713")
def port_mapping_exposed(text: Text) -> Iterator[Finding]:
    """An EXPOSE with an address or a port of the host, which it cannot publish.

    **What it costs.** `EXPOSE 8080:80` exposes 80 and drops the rest: nothing listens on 8080 of the host. BuildKit
    says that it will refuse it in a later release (ExposeInvalidFormat).

    **The fix** is yours: the container's port alone; `docker run -p 8080:80` and `ports:` of Compose publish it.

    **Safety.** Told, never applied.

    ```dockerfile bad
    FROM nginx:1.27.0
    EXPOSE 8080:80
    ```
    ```dockerfile good
    FROM nginx:1.27.0
    EXPOSE 80
    ```
    """
    for each in text.dockerfile.instructions:
        if each.keyword != "EXPOSE":
            continue
        for word in each.words:
            written = word.text.strip("\"'")
            at = _VARIABLE.sub(lambda match: "-" * len(match[0]), written).rfind(":")
            port = written[at + 1 :]
            if at > 0 and port:
                message = f"line {each.line} exposes {written}: only {port} counts, the rest is dropped"
                reason = f"write EXPOSE {port}, and publish it where the container is started"
                yield Finding(NAME, message, each, 0, refusal=reason)
