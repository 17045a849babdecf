"""Why a file is left out of a build, or is not: every line that names it, which of them decides, who takes it."""

from __future__ import annotations

import enum
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from jettison.context.copies import Taken
from jettison.context.ignore import ROOT, Dialect, Ignore, Verdict
from jettison.context.walk import Context, Totals


class Role(enum.Enum):
    """What a line that names the file, or a folder above it, comes to."""

    DECIDES = "decides"
    AGREES = "agrees"  # it says the same, or is an exception where nothing was left out
    OVERRULED = "overruled"  # a later line has the last word
    IN_VAIN = "in-vain"  # it would bring the file back, and the builder does not look into the folder


@dataclass(frozen=True)
class Naming:
    """One line of the ignore file that names the path itself, or a folder above it."""

    line: int
    written: str
    exception: bool
    names: str  # the highest of the path and its folders that the pattern names
    role: Role


@dataclass(frozen=True)
class Decision:
    """What is known of one path. `path` is relative to the context, links among its folders followed."""

    path: str
    kind: str | None  # as Entry has it; None where nothing is there
    size: int
    excluded: bool
    namings: tuple[Naming, ...]  # in the order of the file
    inside: tuple[Totals, Totals] | None  # of a directory: files in it that are let through, and those that are not
    taken_by: tuple[Taken, ...]
    missed_by: tuple[Taken, ...]  # instructions that would take it if no line left it out

    @property
    def decider(self) -> Naming | None:
        """The line that has the last word; None where no line names the path."""
        return next((each for each in self.namings if each.role is Role.DECIDES), None)

    def is_named_by(self, taken: Taken) -> bool:
        """Whether an instruction names the very path: without it the build fails."""
        return self.path in taken.sources


def decide(
    contexts: tuple[Context, Context],
    ignore: Ignore | None,
    path: str,
    takings: tuple[Sequence[Taken], Sequence[Taken]],
) -> Decision:
    """Who decides on a path. `contexts`: the whole one, and what the ignore file leaves of it; `takings`: of the one
    that is left, and of the whole one what instructions would take of it."""
    everything, left = contexts
    entry = everything.by_path.get(path)
    verdicts = _verdicts(ignore, path)
    gone = verdicts[-1].excluded
    now, without = takings
    is_directory = entry is not None and entry.kind == "directory"

    def takes(taken: Taken) -> bool:
        if is_directory:
            return path in taken.sources or any(each.startswith(f"{path}/") for each in taken.paths)
        return path in taken.paths

    taken_by = tuple(each for each in now if takes(each))
    already = {id(each.instruction) for each in taken_by}
    return Decision(
        path=path,
        kind=None if entry is None else entry.kind,
        size=0 if entry is None else entry.size,
        excluded=gone,
        namings=() if ignore is None else _namings(ignore, path, verdicts),
        inside=_inside(everything, left, path) if is_directory else None,
        taken_by=taken_by,
        missed_by=tuple(each for each in without if gone and takes(each) and id(each.instruction) not in already),
    )


def _steps(path: str) -> list[str]:
    """The path's folders from the top, and itself."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _verdicts(ignore: Ignore | None, path: str) -> list[Verdict]:
    """A verdict for each of `_steps`."""
    found = [ROOT]
    for step in _steps(path):
        found.append(ROOT if ignore is None else ignore.judge(step, found[-1]))
    return found[1:]


def _namings(ignore: Ignore, path: str, verdicts: list[Verdict]) -> tuple[Naming, ...]:
    steps, last = _steps(path), verdicts[-1].by
    shut = any(each.closed for each in verdicts[:-1])
    found = []
    for index, pattern in enumerate(ignore.patterns):
        names = next((step for step in steps if pattern.names(step)), None)
        if names is None:
            continue
        if index == last:
            role = Role.DECIDES
        elif pattern.exception != verdicts[-1].excluded:
            role = Role.AGREES
        elif shut and index > last and pattern.exception and names not in _entered(steps, verdicts):
            role = Role.IN_VAIN
        else:
            role = Role.OVERRULED
        found.append(Naming(pattern.line, pattern.written, pattern.exception, names, role))
    return tuple(found)


def _entered(steps: list[str], verdicts: list[Verdict]) -> set[str]:
    """The steps that the builder looks at: down to the first folder that it stays out of."""
    shut = next((number for number, each in enumerate(verdicts) if each.closed), len(steps))
    return set(steps[: shut + 1])


def _inside(everything: Context, left: Context, path: str) -> tuple[Totals, Totals]:
    every = [each.size for each in everything.below(path) if each.kind == "file"]
    kept = [each.size for each in left.below(path) if each.kind == "file"]
    return Totals(len(kept), sum(kept)), Totals(len(every) - len(kept), sum(every) - sum(kept))


def follow(everything: Context, path: str) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    """The path with links among its folders followed, and those links; None where one leads out, or in a circle.

    The last part is not followed: a builder is sent the link.
    """
    through: list[tuple[str, str]] = []
    waiting, here = [part for part in reversed(posixpath.normpath(path).split("/")) if part != "."], ""
    while waiting:
        part = waiting.pop()
        if part == "..":
            if not here:
                return None
            here = here.rpartition("/")[0]
            continue
        here = f"{here}/{part}" if here else part
        entry = everything.by_path.get(here)
        if waiting and entry is not None and entry.kind == "symlink":
            if entry.target.startswith("/") or len(through) > 40:
                return None
            through.append((here, entry.target))
            here = here.rpartition("/")[0]
            waiting += [each for each in reversed(entry.target.split("/")) if each not in ("", ".")]
    return here, tuple(through)


def looks_below(dialect: Dialect) -> str:
    """When a builder looks into a folder that is left out."""
    return {
        Dialect.BUILDKIT: "it looks into a folder that is left out where an exception may name something in it",
        Dialect.CLASSIC: "it looks into a folder that is left out only where an exception begins with its path",
        Dialect.BUILDAH: "it looks into a folder that is left out only where an exception begins with its letters",
    }[dialect]
