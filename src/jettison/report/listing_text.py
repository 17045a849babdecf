"""A listing for people and for programs: a line an entry."""

from __future__ import annotations

import base64
import datetime
import json
import stat
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from jettison.core.escape import show_path, terminal
from jettison.core.units import show_bytes
from jettison.documents.text import path_fields, plain
from jettison.image.listing import Row
from jettison.image.model import Entry, Kind
from jettison.report.layout import paint

_BITS = {
    Kind.FILE: stat.S_IFREG,
    Kind.DIRECTORY: stat.S_IFDIR,
    Kind.SYMLINK: stat.S_IFLNK,
    Kind.HARDLINK: stat.S_IFREG,
    Kind.CHARACTER: stat.S_IFCHR,
    Kind.BLOCK: stat.S_IFBLK,
    Kind.FIFO: stat.S_IFIFO,
}
_STYLES = {Kind.DIRECTORY: "bold", Kind.SYMLINK: "cyan", Kind.WHITEOUT: "red", Kind.OPAQUE: "red"}
_MARKERS = (Kind.WHITEOUT, Kind.OPAQUE)
_EPOCH = datetime.date(1970, 1, 1)
_DAY = 86_400 * 10**9  # nanoseconds
_WIDEST_OWNER = 13
_LOOKED_AT = 2000  # rows that decide how wide a column is


def listing_lines(rows: Iterable[Row], *, exact: bool, colour: bool) -> Iterator[str]:
    """Mode, owner, size, day, layer and path of each; `exact` sizes in bytes."""
    rows = iter(rows)
    head = list(islice(rows, _LOOKED_AT))
    owners = min(_WIDEST_OWNER, max((len(_owner(row.entry)) for row in head), default=0))
    sizes = max((len(_size(row, exact)) for row in head), default=0)
    layers = max((len(str(row.layer)) for row in head), default=0)
    for row in chain(head, rows):
        entry = row.entry
        size = _size(row, exact).rjust(sizes)
        layer = f"L{row.layer}".ljust(layers + 1)
        day = " " * 10 if entry.kind in _MARKERS else _day(entry.mtime // _DAY)
        line = f"{_mode(entry.kind, entry.mode)} {_owner(entry).rjust(owners)}  {size}  {day}  {layer}  "
        yield line + _name(row, colour)


@lru_cache(4096)
def _mode(kind: Kind, mode: int) -> str:
    if kind in _MARKERS:
        return "w" + "-" * 9
    return stat.filemode(_BITS[kind] | mode)


def _owner(entry: Entry) -> str:
    return f"{entry.uid}:{entry.gid}"


def _size(row: Row, exact: bool) -> str:
    entry = row.entry
    match entry.kind:
        case Kind.FILE:
            count: int | None = entry.size
        case Kind.DIRECTORY:
            count = row.below
        case Kind.CHARACTER | Kind.BLOCK:
            return f"{entry.device[0]}, {entry.device[1]}"
        case _:
            count = None
    if count is None:
        return "-"
    return str(count) if exact else show_bytes(count)


@lru_cache(4096)
def _day(day: int) -> str:
    """The day since 1970, UTC; a dash for years that a calendar does not have."""
    try:
        return (_EPOCH + datetime.timedelta(days=day)).isoformat()
    except OverflowError:
        return "-".rjust(10)


def _name(row: Row, colour: bool) -> str:
    entry = row.entry
    shown = "/" + show_path(entry.path) + ("/" if entry.kind in (Kind.DIRECTORY, Kind.OPAQUE) else "")
    shown = paint(shown, _STYLES.get(entry.kind, ""), colour=colour)
    match entry.kind:
        case Kind.SYMLINK:
            return f"{shown} -> {show_path(entry.link)}"
        case Kind.HARDLINK:
            return f"{shown} = /{show_path(entry.link)}"
        case Kind.WHITEOUT:
            return f"{shown} (removed)"
        case Kind.OPAQUE:
            return f"{shown} (all that lower layers have in it is hidden)"
    return f"{shown} = /{show_path(row.hard_link)}" if row.hard_link else shown


def listing_json(rows: Iterable[Row]) -> Iterator[str]:
    """An object a line; sizes in bytes, times in seconds."""
    for row in rows:
        yield json.dumps(_fields(row), ensure_ascii=False)


def _fields(row: Row) -> dict[str, Any]:
    entry = row.entry
    found: dict[str, Any] = {
        **path_fields(entry.path),
        "type": entry.kind.name.lower(),
        "mode": f"{entry.mode:04o}",
        "uid": entry.uid,
        "gid": entry.gid,
        "size": entry.size,
        "mtime": entry.mtime // 10**9 if entry.mtime % 10**9 == 0 else entry.mtime / 10**9,
        "layer": row.layer,
    }
    if row.below is not None:
        found["below"] = row.below
    if entry.kind is Kind.SYMLINK:
        found |= _link(entry.link)
    elif other := row.hard_link or (entry.link if entry.kind is Kind.HARDLINK else b""):
        found |= path_fields(other, "hard_link")
    if entry.kind in (Kind.CHARACTER, Kind.BLOCK):
        found["device"] = list(entry.device)
    if entry.xattrs:
        found["xattrs"] = {
            terminal(name.decode("utf-8", "surrogateescape")): base64.b64encode(value).decode()
            for name, value in entry.xattrs
        }
    return found


def _link(target: bytes) -> dict[str, str]:
    """The target as it is stored, relative or absolute."""
    try:
        return {"link": target.decode("utf-8")}
    except UnicodeDecodeError:
        text = plain(target.decode("utf-8", "surrogateescape"))
        return {"link": text, "link_base64": base64.b64encode(target).decode()}
