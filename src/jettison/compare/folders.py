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
    found: dict[bytes, FolderChange] = {}
    sums: dict[bytes, tuple[Change, list[int]]] = {}
    top, within, word = b"", b"", Change.CONTENT
    for each in sorted(changes, key=lambda each: each.path.split(b"/")):
        grown, is_whole = each.grown, each.change is Change.ADDED or each.change is Change.REMOVED
        if top and each.change is word and each.path.startswith(within):
            held = sums[top][1]
            held[0 if grown > 0 else 1] += abs(grown)
            held[2] += bool(grown)
        elif is_whole and each.is_directory:
            top, within, word = each.path, each.path + b"/", each.change
            sums[top] = word, [0, 0, 0]
        elif grown:
            whole = each.change if is_whole else None
            found[each.path] = FolderChange(each.path, max(grown, 0), max(-grown, 0), 1, whole, False)
    for path, (change, (grown, shrunk, paths)) in sums.items():
        if paths:
            found[path] = FolderChange(path, grown, shrunk, paths, change)
    return found
