"""What a build context costs: bytes and files by folder, what each instruction takes, what nothing takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest

from jettison.context.copies import Taken
from jettison.context.ignore import Dialect
from jettison.context.walk import Context, Entry, Totals, parents

_SHARE = 32  # a folder is a row where it is at least this part of all, its own rows aside
WORST = 10  # files that are named


@dataclass(frozen=True)
class Part:
    """Regular files of a folder, but for those in folders that are parts of their own; or one file. "": the context."""

    path: str
    files: int
    bytes: int


@dataclass(frozen=True)
class Cost:
    """What there is, what the ignore file keeps back, what is left, and who takes that."""

    ignored: Totals
    left: Totals
    folders: tuple[Part, ...]  # of what is left, the largest first; they add up to it
    worst: tuple[Part, ...]  # the ten largest files that are left
    takings: tuple[Taken, ...]  # empty where nothing takes anything
    untaken: Totals | None  # None where an instruction's sources are not known
    untaken_folders: tuple[Part, ...]
    sent: Totals | None  # what the builder is given; None where that is not known


def cost(context: Context, takings: Sequence[Taken], dialect: Dialect) -> Cost:
    """What a context costs that an ignore file was applied to. Bytes are those of regular files, holes included."""
    files = [each for each in context.entries if each.kind == "file"]
    known = not any(each.unknown for each in takings)
    taken = frozenset[str]().union(*(each.paths for each in takings))
    untaken = [each for each in files if each.path not in taken]
    return Cost(
        ignored=context.ignored,
        left=context.totals,
        folders=_folders(files),
        worst=tuple(Part(each.path, 1, each.size) for each in nsmallest(WORST, files, key=_by_size) if each.size),
        takings=tuple(takings),
        untaken=_totals(untaken) if known else None,
        untaken_folders=_folders(untaken) if known else (),
        sent=_sent(context, takings, dialect),
    )


def _sent(context: Context, takings: Sequence[Taken], dialect: Dialect) -> Totals | None:
    """Regular files that leave the directory before anything is built, or while it is.

    The classic builder is sent all that is left. BuildKit asks for the sources of the instructions that it runs, and
    for everything where one of them is the whole context (moby/buildkit `dockerfile2llb`, normalizeContextPaths);
    `--exclude` takes nothing off that. Buildah reads the directory in its place.
    """
    if dialect is Dialect.CLASSIC:
        return context.totals
    if dialect is Dialect.BUILDAH:
        return Totals()
    if any("" in each.sources for each in takings):
        return context.totals
    if any(each.unknown for each in takings):
        return None
    found: dict[str, Entry] = {}
    for source in {name for each in takings for name in each.sources}:
        found[source] = context.by_path[source]
        found |= {each.path: each for each in context.below(source)}
    return _totals([each for each in found.values() if each.kind == "file"])


def _by_size(entry: Entry) -> tuple[int, str]:
    return (-entry.size, entry.path)


def _totals(files: Sequence[Entry]) -> Totals:
    return Totals(len(files), sum(each.size for each in files))


def _folders(files: Iterable[Entry]) -> tuple[Part, ...]:
    """Folders that are much by themselves (hierarchical heavy hitters, by bytes); what is left over is that above."""
    own: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for each in files:
        held = own[each.path.rpartition("/")[0]]
        held[0] += 1
        held[1] += each.size
    least = max(1, sum(size for _, size in own.values()) // _SHARE)
    by_depth: dict[int, set[str]] = defaultdict(set)
    for path in [*own]:
        for one in (path, *parents(path)):
            by_depth[one.count("/") + 1 if one else 0].add(one)
    rows = []
    for depth in range(max(by_depth, default=0), 0, -1):
        for path in by_depth[depth]:
            count, size = own.pop(path, [0, 0])
            if size >= least:
                rows.append(Part(path, count, size))
            else:
                above = own[path.rpartition("/")[0]]
                above[0] += count
                above[1] += size
    if own.get("", [0, 0])[0]:
        rows.append(Part("", *own[""]))
    return tuple(sorted(rows, key=lambda each: (-each.bytes, each.path)))
