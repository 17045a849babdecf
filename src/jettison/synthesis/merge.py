"""RUNs merged, as many as asked, in one edit."""

from __future__ import annotations

from collections.abc import Sequence

from jettison.core.values import Span
from jettison.dockerfile import edit
from jettison.dockerfile.model import Dockerfile, Edit, Instruction
from jettison.traps import shell_leaks


def merged(dockerfile: Dockerfile, runs: Sequence[Instruction], tail: str = "") -> str:
    """The text with all `runs` merged into the first, `tail` as its last command. Raises CannotEdit."""
    leaks = shell_leaks.found(dockerfile, runs)
    if leaks:
        raise edit.CannotEdit(f"{' and '.join(leaks)}, which the RUNs behind it would inherit")
    return edit.apply(dockerfile.text, edit.merge_runs(dockerfile, runs[0], runs[1:], tail))


def between(old: str, new: str) -> tuple[Edit, ...]:
    """The one smallest edit of whole lines that turns `old` into `new`; none where they are equal."""
    if old == new:
        return ()
    one, other = old.splitlines(keepends=True), new.splitlines(keepends=True)
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    before = sum(map(len, one[:start]))
    after = len(old) - sum(map(len, one[len(one) - end :]))
    return (Edit(Span(before, after), "".join(other[start : len(other) - end])),)
