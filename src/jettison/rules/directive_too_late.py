"""A parser directive that stands where it is a comment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.core.values import Span
from jettison.dockerfile.lines import BLANK
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "directive-too-late"
_DIRECTIVE = re.compile(rf"[{BLANK}]*#[{BLANK}]*(syntax|escape)[\t\f\r ]*=[\t\f\r ]*\S", re.IGNORECASE)


@text_rule("JT701")
def directive_too_late(text: Text) -> Iterator[Finding]:
    """`# syntax=` or `# escape=` stands where it is a comment like any other.

    **What it costs.** The file is read as if the line were not there: by the frontend that the builder brings, with the
    backslash. Instructions that only the named frontend knows are refused, and lines that should go on do not.

    **The fix** is yours: directives stand at the very top, above comments and blank lines. There the line changes how
    all that follows is read, which may be no longer what the file needs. `# check=` counts above an instruction, too,
    and is no finding.

    **Safety.** Told, never applied.

    ```dockerfile bad
    # our service
    # syntax=docker/dockerfile:1
    FROM debian:bookworm
    ```
    ```dockerfile good
    # syntax=docker/dockerfile:1
    # our service
    FROM debian:bookworm
    ```
    """
    dockerfile = text.dockerfile
    at, line = 0, 1
    for instruction in dockerfile.instructions:
        between = dockerfile.text[at : instruction.span.start].removeprefix("\ufeff")
        begin = at + len(dockerfile.text[at : instruction.span.start]) - len(between)
        for number, content in enumerate(between.split("\n") if "#" in between else (), line):
            match = _DIRECTIVE.match(content) if number > len(dockerfile.directives) else None
            if match:
                message = f"line {number} says # {match[1]}=, which is a comment there and changes nothing"
                reason = "move it to the top of the file, above all other comments and blank lines"
                yield Finding(NAME, message, instruction, 0, refusal=reason, at=Span(begin, begin + len(content)))
            begin += len(content) + 1
        at, line = instruction.span.end, instruction.end_line
