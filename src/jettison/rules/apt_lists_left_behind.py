"""apt's package lists."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit
from jettison.rule import Finding, Fix, rule
from jettison.subject import Subject
from jettison.synthesis.apt import users_of_lists
from jettison.synthesis.left import Left, bytes_between, left_below
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
        yield _finding(subject, left)


def _finding(subject: Subject, left: Left) -> Finding:
    runs = [left.instruction, *users_of_lists(subject, left.instruction)]
    predicted = left.size + (bytes_between(subject, runs, LISTS) if len(runs) > 1 else 0)
    message = f"line {left.instruction.line} leaves apt's package lists in its layer"
    name = "apt-lists-left-behind"
    try:
        text = merged(subject.dockerfile, runs, CLEAN)
    except CannotEdit as error:
        return Finding(name, message, left.instruction, predicted, refusal=error.reason, paths=left.paths)
    title = "remove apt's lists where they are fetched"
    if len(runs) > 1:
        lines = ", ".join(str(run.line) for run in runs)
        title = f"merge the RUNs of lines {lines} and remove apt's lists there"
    fix = Fix(title, Applicability.TESTED, between(subject.dockerfile.text, text))
    return Finding(name, message, left.instruction, predicted, fix, traps=("shell-leaks",), paths=left.paths)
