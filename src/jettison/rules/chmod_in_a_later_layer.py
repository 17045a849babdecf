"""chmod -R over copied files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit, add_flag
from jettison.dockerfile.model import Edit
from jettison.rule import Finding, Fix, rule
from jettison.subject import Subject
from jettison.synthesis.left import SHOWN
from jettison.synthesis.ownership import Recursive, copies_of, recursive_calls

NAME = "chmod-in-a-later-layer"


@rule
def chmod_in_a_later_layer(subject: Subject) -> Iterator[Finding]:
    """`chmod -R` in a RUN stores every copied file a second time.

    **What it costs.** All the bytes below the path: a layer holds whole files, so a new mode is a new copy.

    **The fix** gives the mode to the COPY (`--chmod`, BuildKit and Buildah) and leaves in the RUN a `find` that
    changes only what has another mode still. Only a numeric mode can be moved: `u+x` depends on what was there.

    **Safety.** LOSSLESS: mode, owner and content of every path stay the same; the claim is checked after the build.

    ```dockerfile bad
    FROM debian:bookworm
    COPY . /app
    RUN chmod -R 755 /app
    ```
    ```layers bad
    2 app/data.bin 50000000
    3 app/data.bin 50000000 mode=755
    ```
    ```dockerfile good
    FROM debian:bookworm
    COPY --chmod=755 . /app
    RUN find /app ! -perm 755 -exec chmod 755 {} +
    ```
    """
    for call in recursive_calls(subject, "chmod"):
        message = f"line {call.instruction.line} changes the mode of copied files, and so stores them twice"
        size = sum(row.bytes for row in call.rows)
        paths = tuple(row.path for row in sorted(call.rows, key=lambda row: -row.bytes)[:SHOWN])
        try:
            edits = tuple(_edits(subject, call))
        except CannotEdit as error:
            yield Finding(NAME, message, call.instruction, size, refusal=error.reason, paths=paths)
            continue
        fix = Fix("give the mode to the COPY instead of chmod -R", Applicability.LOSSLESS, edits)
        yield Finding(NAME, message, call.instruction, size, fix, paths=paths)


def _edits(subject: Subject, call: Recursive) -> Iterator[Edit]:
    if not re.fullmatch(r"[0-7]{3,4}", call.what):
        raise CannotEdit(f"the mode {call.what} depends on the mode that each file has")
    for copy in copies_of(subject, call):
        if any(flag.name == "chmod" for flag in copy.flags):
            raise CannotEdit(f"line {copy.line} has a --chmod of its own")
        yield add_flag(copy, f"--chmod={call.what}")
    yield Edit(call.command.span, f"find {call.written} ! -perm {call.what} -exec chmod {call.what} {{}} +")
