"""Columns as bytes and back: what the cache keeps, and what a walking process hands over.

A list of sections, each with its length before it: numbers as they lie in memory, paths one after another with a zero
byte between (no path has one), and JSON for what few entries have. Checked by whoever keeps it, not here.
"""

from __future__ import annotations

import json
import struct
import sys
from array import array
from collections.abc import Iterator, Mapping
from typing import Any

from jettison.image.model import Columns
from jettison.image.outline import Outline

SCANNER = 5  # what walkers find in a layer, and how it is written here: raised with each change of either
_LENGTH = struct.Struct("<Q")
_NUMBERS = ("kinds", "modes", "uids", "gids", "mtimes", "sizes", "offsets")
ORDER = sys.byteorder[0]  # of numbers as they lie in memory; part of a kept entry's name


def pack(columns: Columns) -> bytes:
    """The columns with their outline."""
    outline = columns.outline
    sections: list[Any] = [
        json.dumps([len(columns), columns.overhead, outline.orderly, _rare(columns)]).encode(),
        b"\0".join(columns.paths),
        *(getattr(columns, name) for name in _NUMBERS),
        columns.hashes,
        array("q", columns.links),
        array("q", map(len, columns.links.values())),
        b"".join(columns.links.values()),
        b"\0".join(outline.outer),
        array("q", outline.links),
        array("q", outline.markers),
    ]
    pieces: list[Any] = []
    for section in sections:
        view = memoryview(section).cast("B") if len(section) else b""
        pieces += [_LENGTH.pack(len(view)), view]
    return b"".join(pieces)


def unpack(data: memoryview) -> Columns:
    """What was packed. ValueError where it cannot be."""
    try:
        return _unpack(data)
    except (struct.error, StopIteration, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"not packed columns: {error}") from error


def _unpack(data: memoryview) -> Columns:
    sections = _sections(data)
    count, overhead, orderly, rare = json.loads(bytes(next(sections)))
    joined = bytes(next(sections))
    numbers = {}
    empty = Columns()
    for name in _NUMBERS:
        numbers[name] = array(getattr(empty, name).typecode)
        numbers[name].frombytes(next(sections))
        if len(numbers[name]) != count:
            raise ValueError("a column is too short")
    hashes = bytearray(next(sections))
    at, lengths, links = _numbers(next(sections)), _numbers(next(sections)), bytes(next(sections))
    columns = Columns(
        paths=joined.split(b"\0") if count else [],
        **numbers,
        links=dict(zip(at, _cut(links, lengths), strict=True)),
        devices={int(key): (one, two) for key, (one, two) in rare["devices"].items()},
        xattrs={int(key): tuple((_raw(n), _raw(v)) for n, v in value) for key, value in rare["xattrs"].items()},
        extents={int(key): tuple((a, b) for a, b in value) for key, value in rare["extents"].items()},
        overhead=overhead,
        hashes=hashes,
    )
    if len(columns) != count:
        raise ValueError("paths are missing")
    outer = bytes(next(sections))
    told = Outline(
        orderly,
        tuple(outer.split(b"\0")) if outer else (),
        tuple(_numbers(next(sections))),
        tuple(_numbers(next(sections))),
    )
    columns.__dict__["outline"] = told  # where functools.cached_property would put it
    return columns


def _sections(data: memoryview) -> Iterator[memoryview]:
    at = 0
    while at < len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        if at + length > len(data):
            raise ValueError("it ends within a section")
        yield data[at : at + length]
        at += length


def _numbers(data: memoryview) -> array[int]:
    found = array("q")
    found.frombytes(data)
    return found


def _cut(data: bytes, lengths: array[int]) -> Iterator[bytes]:
    at = 0
    for length in lengths:
        yield data[at : at + length]
        at += length


def _rare(columns: Columns) -> Mapping[str, Any]:
    xattrs = {at: [(_text(name), _text(value)) for name, value in each] for at, each in columns.xattrs.items()}
    return {"devices": columns.devices, "xattrs": xattrs, "extents": columns.extents}


def _text(data: bytes) -> str:
    return data.decode("latin-1")


def _raw(text: str) -> bytes:
    return text.encode("latin-1")
