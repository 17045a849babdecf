"""Thousands of changed paths as a few folders: each as deep as it is still much by itself.

These are hierarchical heavy hitters (Cormode, Korn, Muthukrishnan, Srivastava, VLDB 2003): a folder is named where what
changed in it, without what is named below it, is at least a share of all. What came or went as a whole is one row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from jettison.compare.paths import Change, PathChange

_SHARE = 32  # a row is at least this part of all that grew and shrank


@dataclass(frozen=True)
class FolderChange:
    """What changed in a folder but for its parts that are rows of their own; or one path.

    `whole` where the folder itself came or went.
    """

    path: bytes
    grown: int  # bytes, of what grew
    shrunk: int  # bytes, of what shrank, as a positive number
    paths: int
    whole: Change | None = None
    is_directory: bool = True

    @property
    def net(self) -> int:
        """Bytes, negative where it shrank."""
        return self.grown - self.shrunk

    @property
    def moved(self) -> int:
        """All bytes that came and went."""
        return self.grown + self.shrunk


def fold(changes: Iterable[PathChange], *, share: int = _SHARE) -> tuple[FolderChange, ...]:
    """Rows that add up to all changes of size; the largest first. What is left over is the row of a folder above."""
    leaves = _wholes(changes)
    least = max(1, sum(each.moved for each in leaves.values()) // share)
    left: dict[bytes, list[FolderChange]] = defaultdict(list)  # what is not yet a row, by the folder that it is left to
    by_depth: dict[int, set[bytes]] = defaultdict(set)
    for path, leaf in leaves.items():
        left[path].append(leaf)
        by_depth[_depth(path)].add(path)
    rows = []
    for depth in range(max(by_depth, default=0), -1, -1):
        for path in by_depth[depth]:
            row = _together(path, left.pop(path))
            if row.moved >= least or not path:
                rows.append(row)
                continue
            above = path.rpartition(b"/")[0]
            left[above].append(row)
            by_depth[_depth(above)].add(above)
    return tuple(sorted(rows, key=lambda row: (-row.moved, row.path)))


def _together(path: bytes, parts: list[FolderChange]) -> FolderChange:
    """Parts of a folder as one row of it; a single part stays what it is."""
    if len(parts) == 1:
        return parts[0]
    grown, shrunk, paths = (sum(getattr(each, key) for each in parts) for key in ("grown", "shrunk", "paths"))
    return FolderChange(path, grown, shrunk, paths)


def _depth(path: bytes) -> int:
    return path.count(b"/") + 1 if path else 0


def _wholes(changes: Iterable[PathChange]) -> dict[bytes, FolderChange]:
    """Changes of size by path; all below a folder that came or went counts for the topmost such folder."""
    sums: dict[bytes, list[int]] = defaultdict(lambda: [0, 0, 0])
    facts: dict[bytes, tuple[Change | None, bool]] = {}
    top, word = b"", Change.CONTENT
    for each in sorted(changes, key=lambda each: each.path.split(b"/")):
        inside = bool(top) and each.path.startswith(top + b"/") and each.change is word
        if not inside and each.is_directory and each.change in (Change.ADDED, Change.REMOVED):
            top, word = each.path, each.change
            facts[top] = (word, True)
            continue
        path = top if inside else each.path
        if not inside:
            facts[path] = (each.change if each.change in (Change.ADDED, Change.REMOVED) else None, False)
        held = sums[path]
        held[0 if each.grown > 0 else 1] += abs(each.grown)
        held[2] += bool(each.grown)
    found = {}
    for path, (grown, shrunk, paths) in sums.items():
        if grown or shrunk:
            found[path] = FolderChange(path, grown, shrunk, paths, *facts[path])
    return found
