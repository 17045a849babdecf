"""Which files git tracks, read from `.git/index`: a version computed from git is "dirty" where one of them is missing.

Format: git's Documentation/gitformat-index.txt, versions 2 to 4. What is not read for certain (another hash than
SHA-1, a split or sparse index, a repository whose `.git` is a file) is not known.
"""

from __future__ import annotations

import struct
from pathlib import Path

_LARGEST = 256 * 2**20  # bytes of an index that is read
_FIXED = 62  # bytes of an entry before its name
_EXTENDED, _HASH = 0x4000, 20


def tracked_files(root: Path) -> frozenset[str] | None:
    """The paths in the index of the repository at `root`, its files by their names; None where that is not known."""
    try:
        index = root / ".git/index"
        if index.stat().st_size > _LARGEST or "objectformat" in (root / ".git/config").read_text("utf-8", "replace"):
            return None
        data = index.read_bytes()
    except OSError:
        return None
    try:
        return _paths(data)
    except (struct.error, IndexError, ValueError):
        return None


def _paths(data: bytes) -> frozenset[str] | None:
    magic, version, count = struct.unpack_from(">4sII", data)
    if magic != b"DIRC" or version not in (2, 3, 4):
        return None
    found, at, name = set(), 12, b""
    for _ in range(count):
        (flags,) = struct.unpack_from(">H", data, at + _FIXED - 2)
        begin = at + _FIXED + (2 if flags & _EXTENDED else 0)
        if version == 4:
            drop, begin = _offset(data, begin)
            if drop > len(name):
                return None
            kept = name[: len(name) - drop]
        else:
            kept = b""
        end = data.index(b"\0", begin)
        name = kept + data[begin:end]
        at = end + 1 if version == 4 else at + (end - at) // 8 * 8 + 8
        if not name or name.endswith(b"/"):
            return None
        found.add(name.decode("utf-8", "surrogateescape"))
    split = data[at : at + 4] == b"link"
    return None if split or len(data) < at + _HASH else frozenset(found)


def _offset(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, as in pack files (OFS_DELTA), and the index behind it."""
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = (value + 1) << 7 | data[at] & 0x7F
    return value, at + 1
