"""ADD of an archive from afar."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.commands.files import is_packed
from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.values import arguments
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "remote-archive-added"


@text_rule("JT213")
def remote_archive_added(text: Text) -> Iterator[Finding]:
    """ADD fetches an archive over HTTP: it is not unpacked, and its layer holds it for good.

    **What it costs.** The archive's size, whatever a later RUN unpacks and removes: ADD's layer lies below that.

    **The fix** is yours: one RUN that fetches, checks and unpacks (`curl -fsSL URL | tar xz -C DIR`), a stage of its
    own with `COPY --from`, or `ADD --unpack` where the builder knows it.

    **Safety.** Told, never applied: curl and tar may not be there. Only the stage that ships is looked at.

    ```dockerfile bad
    FROM debian:bookworm
    ADD https://example.com/tool.tar.gz /tmp/
    RUN tar -xzf /tmp/tool.tar.gz -C /opt && rm /tmp/tool.tar.gz
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN curl -fsSL https://example.com/tool.tar.gz | tar xz -C /opt
    ```
    """
    for stage in stage_chain(text.dockerfile, text.stage, text.build_args):
        for each in stage.instructions:
            if each.keyword != "ADD" or any(flag.name == "unpack" for flag in each.flags):
                continue
            for word in arguments(each)[:-1]:
                url = word.partition("?")[0].strip("\"'")
                if url.startswith(("http://", "https://")) and is_packed(url):
                    message = f"line {each.line} adds {url} as it is: its layer holds the archive for good"
                    yield Finding(NAME, message, each, 0, refusal="fetch and unpack it in one RUN, or in another stage")
                    break
