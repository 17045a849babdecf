"""apt's package lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from jettison.commands.tables import apt
from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit
from jettison.dockerfile.model import Instruction
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.apt import users_of_lists
from jettison.synthesis.left import bytes_between, left_below
from jettison.synthesis.left_in_text import SHARED, fillings
from jettison.synthesis.merge import between, merged

LISTS = re.compile(rb"var/lib/apt/lists/")
CLEAN = "rm -rf /var/lib/apt/lists/*"


@rule("JT103")
def apt_lists_left_behind(subject: Subject) -> Iterator[Finding]:
    """The package lists that `apt-get update` fetched stay in the layer.

    **What it costs.** Twenty to fifty megabytes of indexes that only the next `apt-get install` would read, and
    that `apt-get update` fetches anew anyway.

    **The fix** removes them in the RUN that fetched them. Where `apt-get update` is a RUN of its own, the RUNs that
    install from its lists are merged into it first: removed in a later RUN, the lists would still ship, and an
    `update` from the build cache goes stale behind a changed `install`.

    **Safety.** TESTED: the tree loses these files and no others. A container that runs `apt-get install` without
    `apt-get update` at run time would miss them.

    ```dockerfile bad
    FROM debian:bookworm
    RUN apt-get update && apt-get install -y --no-install-recommends curl
    CMD ["curl", "--version"]
    ```
    ```layers bad
    2 var/lib/apt/lists/deb.debian.org_dists_bookworm_main_Packages 40000000
    2 usr/bin/curl 300000
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN apt-get update && apt-get install -y --no-install-recommends curl && \\
        rm -rf /var/lib/apt/lists/*
    CMD ["curl", "--version"]
    ```

    ```dockerfile bad
    FROM debian:bookworm
    RUN apt-get update
    # what the service needs
    RUN apt-get install -y --no-install-recommends curl
    ```
    ```layers bad
    2 var/lib/apt/lists/deb.debian.org_dists_bookworm_main_Packages 40000000
    4 usr/bin/curl 300000
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN apt-get update && \\
        # what the service needs
        apt-get install -y --no-install-recommends curl && \\
        rm -rf /var/lib/apt/lists/*
    ```
    """
    for left in left_below(subject, LISTS):
        runs = [left.instruction, *users_of_lists(subject, left.instruction)]
        predicted = left.size + (bytes_between(subject, runs, LISTS) if len(runs) > 1 else 0)
        yield replace(_finding(subject.text, runs), predicted=predicted, paths=left.paths)


@seen_in_text(apt_lists_left_behind)
def fetched_and_not_removed(text: Text) -> Iterator[Finding]:
    """`apt-get update` in a RUN that ships, nothing behind it that removes the lists, no mount where they lie.

    Where a later RUN removes them, deleted-in-a-later-layer says so.
    """
    for each in fillings(text, apt.LISTS):
        runs = [each.instruction, *(users_of_lists(text, each.instruction) if each.own else ())]
        found = _finding(text, runs)
        yield found if each.own else replace(found, fix=None, refusal=SHARED)


def _finding(text: Text, runs: list[Instruction]) -> Finding:
    first = runs[0]
    message = f"line {first.line} leaves apt's package lists in its layer"
    name = "apt-lists-left-behind"
    try:
        new = merged(text.dockerfile, runs, CLEAN)
    except CannotEdit as error:
        return Finding(name, message, first, 0, refusal=f"remove them there by hand: {error.reason}")
    title = "remove apt's lists where they are fetched"
    if len(runs) > 1:
        lines = ", ".join(str(run.line) for run in runs)
        title = f"merge the RUNs of lines {lines} and remove apt's lists there"
    fix = Fix(title, Applicability.TESTED, between(text.dockerfile.text, new))
    return Finding(name, message, first, 0, fix, traps=("shell-leaks",))
