"""Files that one instruction makes and a later one removes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit
from jettison.dockerfile.model import Instruction
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.left import SHOWN, bytes_between
from jettison.synthesis.merge import between, merged
from jettison.synthesis.removals import follows, only_removes, removed_caches, removed_copies, removed_parts
from jettison.waste.rows import Cause, WasteRow

NAME = "deleted-in-a-later-layer"
_APART = "remove it in the RUN that makes it, by hand, since the RUNs cannot be merged"
_MOST = 20  # RUNs that are merged unmeasured; each is read anew, and a file may have thousands
_CAUSES = {Cause.DELETED_LATER, Cause.OPAQUE_DIRECTORY}


@rule("JT203")
def deleted_in_a_later_layer(subject: Subject) -> Iterator[Finding]:
    """An instruction removes what an earlier one made: the bytes still ship, below a whiteout.

    **What it costs.** All of what was removed. Layers only add up: `rm` in a later RUN frees nothing.

    **The fix** merges the RUN that removes into the RUN that made, with all RUNs between them, so that the files
    are gone before the layer is closed. Where something else than metadata stands between, or a COPY brought the
    files, there is no fix that leaves the tree equal: the finding says what to do by hand.

    **Safety.** LOSSLESS: the merged tree stays the same; the claim is checked after the build. Traps: `cd`,
    `export` and `set` would leak into the merged commands; flags and mounts must agree.

    ```dockerfile bad
    FROM debian:bookworm
    RUN apt-get update && apt-get install -y --no-install-recommends build-essential
    RUN rm -rf /var/lib/apt/lists/*
    ```
    ```layers bad
    2 var/lib/apt/lists/deb.debian.org_main_Packages 40000000
    2 usr/bin/gcc 90000000
    3 -var/lib/apt/lists/deb.debian.org_main_Packages
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN apt-get update && apt-get install -y --no-install-recommends build-essential && \\
        rm -rf /var/lib/apt/lists/*
    ```
    """
    pairs: dict[tuple[int, int], list[WasteRow]] = defaultdict(list)
    for row in subject.waste:
        if row.cause in _CAUSES and row.layer != row.by_layer:
            pairs[row.layer, row.by_layer].append(row)
    for (layer, by_layer), rows in sorted(pairs.items()):
        made = subject.alignment.instruction_of.get(layer)
        removed = subject.alignment.instruction_of.get(by_layer)
        if made is not None and removed is not None and removed in subject.stage.instructions:
            yield _finding(subject, made, removed, rows)


@seen_in_text(deleted_in_a_later_layer)
def removed_for_nothing(text: Text) -> Iterator[Finding]:
    """A RUN that removes what an earlier one surely made: a package manager's cache, what a COPY put there or a RUN
    fetched."""
    seen = set()
    for made, removed, path in (*removed_caches(text), *removed_copies(text), *removed_parts(text)):
        if (made.span, removed.span) in seen:
            continue
        seen.add((made.span, removed.span))
        what = (
            f"{path}, which line {made.line} made: it still ships"
            if path
            else f"what line {made.line} made, which still ships"
        )
        message = f"line {removed.line} removes {what}"
        refusal = _refusal(text, made, removed)
        if not refusal and len(_runs(text, made, removed)) > _MOST:
            refusal = f"more than {_MOST} RUNs would become one: remove it where it is made"
        if refusal:
            yield Finding(NAME, message, removed, 0, refusal=refusal)
            continue
        try:
            fix = _merged(text, made, removed)
        except CannotEdit as error:
            yield Finding(NAME, message, removed, 0, refusal=f"{_APART}: {error.reason}")
            continue
        # two RUNs become one with an && between them: nothing else can see what was between the two
        sure = only_removes(text, removed) and follows(text, made, removed)
        yield Finding(NAME, message, removed, 0, replace(fix, sure=sure), ("shell-leaks",))


def _finding(subject: Subject, made: Instruction, removed: Instruction, rows: list[WasteRow]) -> Finding:
    dead = sum(row.bytes for row in rows)
    paths = tuple(row.path for row in sorted(rows, key=lambda row: -row.bytes)[:SHOWN])
    message = f"line {removed.line} removes what line {made.line} made, which still ships"
    refusal = _refusal(subject.text, made, removed)
    if refusal:
        return Finding(NAME, message, removed, dead, refusal=refusal, paths=paths)
    try:
        fix = _merged(subject.text, made, removed)
    except CannotEdit as error:
        return Finding(NAME, message, removed, dead, refusal=f"{_APART}: {error.reason}", paths=paths)
    return Finding(
        NAME,
        message,
        removed,
        bytes_between(subject, _runs(subject.text, made, removed)),
        fix,
        ("shell-leaks",),
        paths=paths,
    )


def _runs(text: Text, made: Instruction, removed: Instruction) -> list[Instruction]:
    """The RUNs from the one that made to the one that removes."""
    instructions = text.stage.instructions
    span = instructions[instructions.index(made) : instructions.index(removed) + 1]
    return [each for each in span if each.keyword == "RUN"]


def _merged(text: Text, made: Instruction, removed: Instruction) -> Fix:
    """Raises CannotEdit."""
    runs = _runs(text, made, removed)
    title = f"merge the RUNs of lines {', '.join(str(run.line) for run in runs)}"
    return Fix(title, Applicability.LOSSLESS, between(text.dockerfile.text, merged(text.dockerfile, runs)))


def _refusal(subject: Text, made: Instruction, removed: Instruction) -> str:
    if made not in subject.stage.instructions:
        return f"remove it where line {made.line} makes it, by hand: other stages may be FROM that one, too"
    source = made.flag("from")
    if source is not None:
        return (
            "COPY brings them as a layer of its own: copy what stays alone, and mount what is needed on the way "
            f"(RUN --mount=type=bind,from={source})"
        )
    if made.keyword in ("COPY", "ADD"):
        return (
            f"{made.keyword} brings them as a layer of its own: take them from a bind mount "
            "(RUN --mount=type=bind) or another stage instead"
        )
    if removed.keyword != "RUN" or made.keyword != "RUN":
        return f"{made.keyword} and {removed.keyword} cannot be merged"
    return ""
