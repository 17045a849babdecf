"""What a merge asks of a layer before it looks at its entries: is it orderly, and where does it touch what is below?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jettison.image.model import Columns

_DIRECTORY, _HARDLINK, _MARKER = 1, 3, 7


@dataclass(frozen=True)
class Outline:
    """`orderly`: no path twice, and what has something in it is a folder; else nothing more is told.

    `outer` are folders that it puts something into and does not have; `links` and `markers` are indices of its hard
    links and of its whiteouts and opaque directories.
    """

    orderly: bool
    outer: tuple[bytes, ...] = ()
    links: tuple[int, ...] = ()
    markers: tuple[int, ...] = ()


def outline_of(columns: Columns) -> Outline:
    """The outline of a layer, in one pass."""
    folders: set[bytes] = {b""}
    outer: dict[bytes, None] = {}  # in the order of the layer
    links, markers = [], []
    last = b""
    for index, (path, kind) in enumerate(zip(columns.paths, columns.kinds, strict=True)):
        if kind >= _MARKER:
            markers.append(index)
            continue
        parent = path.rpartition(b"/")[0]
        if parent != last:
            if parent not in folders:
                outer[parent] = None
            last = parent
        if kind == _DIRECTORY:
            folders.add(path)
        elif kind == _HARDLINK:
            links.append(index)
    members = columns.paths
    if markers:  # they may stand beside what they make room for
        members = [path for path, kind in zip(members, columns.kinds, strict=True) if kind < _MARKER]
    names = set(members)
    outer = {folder: None for folder in outer if folder not in folders}  # those that come after what is in them
    orderly = len(names) == len(members) and names.isdisjoint(outer)
    return Outline(orderly, tuple(outer), tuple(links), tuple(markers)) if orderly else Outline(False)
