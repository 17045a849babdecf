"""chmod -R over copied files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit, add_flag
from jettison.dockerfile.model import Edit
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.ownership import Recursive, copies_of, findings, in_text, of_one_file


@rule("JT201")
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
    yield from findings(subject, "chmod", "mode", partial(_repair, subject))


@seen_in_text(chmod_in_a_later_layer)
def over_copied_files(text: Text) -> Iterator[Finding]:
    """`chmod -R` over a folder that a COPY without --chmod fills; `chmod` of one file that it brings."""
    yield from in_text(text, "chmod", "mode")
    yield from of_one_file(text, "chmod", "mode")


def _repair(subject: Subject, call: Recursive) -> Fix:
    return Fix("give the mode to the COPY instead of chmod -R", Applicability.LOSSLESS, tuple(_edits(subject, call)))


def _edits(subject: Subject, call: Recursive) -> Iterator[Edit]:
    if not re.fullmatch(r"[0-7]{3,4}", call.what):
        raise CannotEdit(f"the mode {call.what} depends on the mode that each file has")
    for copy in copies_of(subject, call):
        if any(flag.name == "chmod" for flag in copy.flags):
            raise CannotEdit(f"line {copy.line} has a --chmod of its own")
        yield add_flag(copy, f"--chmod={call.what}")
    yield Edit(call.command.span, f"find {call.written} ! -perm {call.what} -exec chmod {call.what} {{}} +")
