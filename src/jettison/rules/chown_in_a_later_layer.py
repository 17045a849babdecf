"""chown -R over copied files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from jettison.core.escape import show_path
from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit, add_flag
from jettison.dockerfile.model import Edit
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.ownership import (
    Recursive,
    copies_of,
    findings,
    in_text,
    numeric_owner,
    of_one_file,
    tree_before,
)
from jettison.traps import workdir_owner


@rule("JT202")
def chown_in_a_later_layer(subject: Subject) -> Iterator[Finding]:
    """`chown -R` in a RUN stores every copied file a second time.

    **What it costs.** All the bytes below the path: a layer holds whole files, so a new owner is a new copy.

    **The fix** gives the owner to the COPY (`--chown`), where it costs nothing, and leaves in the RUN a `find` that
    changes only what is not owned yet: folders that WORKDIR or the COPY itself made, which weigh nothing, and what
    other RUNs wrote. A `chown -R` that stayed would copy the files again, even to the same owner. A user that is
    created after the COPY is written by number.

    **Safety.** LOSSLESS: owner, mode and content of every path stay the same; the claim is checked after the build.
    Trap: a folder made by WORKDIR stays with root unless it is changed as well; it is.

    ```dockerfile bad
    FROM debian:bookworm
    RUN useradd -u 1000 app
    COPY . /app
    RUN chown -R 1000:1000 /app
    USER app
    ```
    ```layers bad
    2 etc/passwd 1000
    3 app/data.bin 50000000
    4 app/data.bin 50000000 uid=1000
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN useradd -u 1000 app
    COPY --chown=1000:1000 . /app
    RUN find /app \\( ! -user 1000 -o ! -group 1000 \\) -exec chown -h 1000:1000 {} +
    USER app
    ```
    """
    yield from findings(subject, "chown", "owner", partial(_repair, subject), ("workdir-owner", "user-exists"))


@seen_in_text(chown_in_a_later_layer)
def over_copied_files(text: Text) -> Iterator[Finding]:
    """`chown -R` over a folder that a COPY without --chown fills; `chown` of one file that it brings."""
    yield from in_text(text, "chown", "owner")
    yield from of_one_file(text, "chown", "owner")


def _repair(subject: Subject, call: Recursive) -> Fix:
    return Fix(_title(subject, call), Applicability.LOSSLESS, tuple(_edits(subject, call)))


def _title(subject: Subject, call: Recursive) -> str:
    """What is done, and which folders the RUN must still change, because no COPY makes them."""
    folders = workdir_owner.found(tree_before(subject, copies_of(subject, call)[0]), call.paths)
    still = f"; the RUN keeps /{show_path(folders[0])}" if folders else ""
    return f"give the owner to the COPY instead of chown -R{still}"


def _edits(subject: Subject, call: Recursive) -> Iterator[Edit]:
    user, colon, group = call.what.partition(":")
    if colon and not group:
        raise CannotEdit(f"`chown {call.what}` means the user's login group, which --chown cannot say")
    if not user:
        raise CannotEdit(f"`chown {call.what}` changes the group alone, which --chown cannot say")
    for copy in copies_of(subject, call):
        if any(flag.name == "chown" for flag in copy.flags):
            raise CannotEdit(f"line {copy.line} has a --chown of its own")
        owner = numeric_owner(subject, call.what, copy, call.layer)
        yield add_flag(copy, f"--chown={owner}")
    test = f"\\( ! -user {user} -o ! -group {group} \\)" if group else f"! -user {user}"
    yield Edit(call.command.span, f"find {call.written} {test} -exec chown -h {call.what} {{}} +")
