"""A << that begins no heredoc."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.core.errors import DockerfileError
from jettison.dockerfile.lexer import written_words
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "heredoc-not-begun"
_HEREDOC = re.compile(r"(?:^|\s)<<-?\s*['\"]?\w")


@text_rule("JT705")
def heredoc_not_begun(text: Text) -> Iterator[Finding]:
    """A `<<NAME` on a line on which the builder looks for no heredoc: a quote before it does not end.

    **What it costs.** The lines that were meant for the heredoc are read as instructions; where they can be, they are
    built as such, and the command gets no input.

    **The fix** is yours: end the quote, or write the apostrophe into the heredoc.

    **Safety.** Told, never applied.

    ```dockerfile bad
    FROM debian:bookworm
    RUN echo it's <<EOF
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN cat <<EOF
    it's
    EOF
    ```
    """
    for each in text.dockerfile.instructions:
        inner = each.trigger or each
        if "<<" not in inner.value or inner.keyword not in ("ADD", "COPY", "RUN") or each.heredocs:
            continue
        if not _HEREDOC.search(inner.value):
            continue
        try:
            written_words(inner.value)
        except DockerfileError as error:
            message = f"line {each.line} has a << that begins no heredoc: {error}"
            yield Finding(NAME, message, each, 0, refusal="end the quote, or escape it")
