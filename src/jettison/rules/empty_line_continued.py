"""Empty lines inside a continued instruction."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.core.values import Applicability, Severity, Span
from jettison.dockerfile.lines import BLANK, lines_of
from jettison.dockerfile.model import Dockerfile, Edit, Instruction
from jettison.rule import Finding, Fix, text_rule
from jettison.subject import Text

NAME = "empty-line-continued"


@text_rule("JT706", severity=Severity.NOTE)
def empty_line_continued(text: Text) -> Iterator[Finding]:
    """An empty line inside an instruction that goes on behind it.

    **What it costs.** Nothing today: it is dropped. BuildKit warns that a later release will refuse it
    (NoEmptyContinuation); a reader takes it for the end of the instruction.

    **The fix** removes the line.

    **Safety.** LOSSLESS: the instruction is the same.

    ```dockerfile bad
    FROM debian:bookworm
    RUN apt-get update \\

        && apt-get upgrade -y
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN apt-get update \\
        && apt-get upgrade -y
    ```
    """
    for each in text.dockerfile.instructions:
        edits = tuple(_empty(text.dockerfile, each)) if each.end_line > each.line + 1 else ()
        if edits:
            lines = "an empty line" if len(edits) == 1 else f"{len(edits)} empty lines"
            message = f"line {each.line} goes on behind {lines}, which a later builder will refuse"
            yield Finding(NAME, message, each, 0, Fix(f"remove {lines}", Applicability.LOSSLESS, edits, sure=True))


def _empty(dockerfile: Dockerfile, each: Instruction) -> Iterator[Edit]:
    """The removal of each empty line before the last one that counts, heredocs left alone."""
    end = each.heredocs[0].span.start if each.heredocs else each.span.end
    for line in lines_of(dockerfile.text[each.span.start : end])[1:-1]:
        if not line.text.strip(BLANK):
            at = each.span.start + line.start
            yield Edit(Span(at, dockerfile.text.find("\n", at) + 1), "")
