"""Empty lines inside a continued instruction."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from jettison.core.values import Applicability, Severity, Span
from jettison.dockerfile.lines import BLANK, lines_of
from jettison.dockerfile.model import Dockerfile, Edit, Instruction
from jettison.rule import Finding, Fix, text_rule
from jettison.subject import Text

NAME = "empty-line-continued"
_INSTRUCTION = re.compile(
    r"[ \t]*(?:FROM|RUN|CMD|LABEL|EXPOSE|ENV|ADD|COPY|ENTRYPOINT|VOLUME|USER|WORKDIR|ARG|ONBUILD|STOPSIGNAL|HEALTHCHECK"
    r"|SHELL)[ \t]+\S+"
)


@text_rule("JT706", severity=Severity.NOTE)
def empty_line_continued(text: Text) -> Iterator[Finding]:
    """An empty line inside an instruction that goes on behind it.

    **What it costs.** Nothing today: it is dropped. BuildKit warns that a later release will refuse it
    (NoEmptyContinuation); a reader takes it for the end of the instruction.

    **The fix** removes the line.

    **Safety.** LOSSLESS: the instruction is the same. Where what follows reads as an instruction of its own, as `RUN`
    at the beginning of the line, the `\\` above is rather one too many: that is told, and nothing is changed.

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
            swallowed = _swallowed(text.dockerfile, edits)
            if swallowed:
                reason = f"`{swallowed}` is a part of it as well: where it is to stand alone, take the \\ above away"
                yield Finding(NAME, message, each, 0, refusal=reason)
                continue
            yield Finding(NAME, message, each, 0, Fix(f"remove {lines}", Applicability.LOSSLESS, edits, sure=True))


def _swallowed(dockerfile: Dockerfile, edits: Sequence[Edit]) -> str:
    """An instruction, by its first words, that begins behind one of these lines, and so is none; empty without one."""
    for edit in edits:
        found = _INSTRUCTION.match(dockerfile.text, edit.span.end)
        if found:
            return found[0].strip()
    return ""


def _empty(dockerfile: Dockerfile, each: Instruction) -> Iterator[Edit]:
    """The removal of each empty line before the last one that counts, heredocs left alone."""
    end = each.heredocs[0].span.start if each.heredocs else each.span.end
    for line in lines_of(dockerfile.text[each.span.start : end])[1:-1]:
        if not line.text.strip(BLANK):
            at = each.span.start + line.start
            yield Edit(Span(at, dockerfile.text.find("\n", at) + 1), "")
