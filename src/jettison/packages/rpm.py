"""RPM packages as the image's own database tells them, read from its tree and never executed.

Source: rpm `docs/manual/format_header.md` (header: index entries, then data, big-endian), `docs/manual/tags.md`;
`lib/backend/sqlite.cc` (table Packages), `lib/backend/ndb/rpmpkg.cc` (slots and blobs, little-endian); for the old
hash of Berkeley DB its `src/dbinc/db_page.h`.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from jettison.image.tree import Tree

_FOLDERS = (b"var/lib/rpm", b"usr/lib/sysimage/rpm", b"usr/share/rpm")
DATABASES = tuple(folder + name for folder in _FOLDERS for name in (b"/rpmdb.sqlite", b"/Packages.db", b"/Packages"))
_LARGEST = 2**28  # bytes of a database; one of 2,000 packages has 2**26
_WORK = 20_000  # times 10,000 steps of SQLite: a database is data of others, and may be made to go on for ever
_NAME, _VERSION, _RELEASE, _EPOCH, _ARCHITECTURE = 1000, 1001, 1002, 1003, 1022
_DIRECTORY_OF, _BASE_NAMES, _DIRECTORIES = 1116, 1117, 1118
_INT32, _STRING, _ARRAY, _LOCALISED = 4, 6, 8, 9
_KEYS = "gpg-pubkey"  # keys are kept as packages


@dataclass(frozen=True)
class Package:
    """An installed package; `files` are paths as the database tells them, folders among them."""

    name: str
    version: str  # epoch:version-release, the epoch where there is one
    architecture: str
    files: tuple[bytes, ...] = ()


def installed(tree: Tree) -> tuple[Package, ...]:
    """Every installed package; empty where the image has no such database, or one that cannot be read."""
    for path in DATABASES:
        try:
            data = tree.read(path, _LARGEST)
        except KeyError:
            continue
        return tuple(each for each in parse_database(data) if each.name != _KEYS)
    return ()


def parse_database(data: bytes) -> Iterator[Package]:
    """The packages of a database, whichever of the three kinds it is; broken headers are passed over."""
    if data.startswith(b"SQLite format 3\0"):
        blobs = _sqlite(data)
    elif data.startswith(b"RpmP"):
        blobs = _ndb(data)
    elif data[12:16] == b"\x61\x15\x06\0":
        blobs = _hash(data)
    else:
        return
    for blob in blobs:
        try:
            found = _package(blob)
        except (struct.error, IndexError, ValueError):
            continue
        if found is not None:
            yield found


def _sqlite(data: bytes) -> Iterator[bytes]:
    """rpm leaves its file marked for a write-ahead log (bytes 18 and 19), which memory has not."""
    left = iter(range(_WORK))
    with closing(sqlite3.connect(":memory:")) as database:
        try:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(len(data), 1000))  # nothing is made that is not in it
            database.set_progress_handler(lambda: int(next(left, None) is None), 10_000)
            database.deserialize(data[:18] + b"\1\1" + data[20:])
            for row in database.execute("SELECT blob FROM Packages"):
                if isinstance(row[0], bytes):
                    yield row[0]
        except (sqlite3.Error, OverflowError, UnicodeDecodeError):  # the last is of sqlite3's own message
            return


def _ndb(data: bytes) -> Iterator[bytes]:
    """Slots of 16 bytes in pages of 4096, the first two the head; blocks of 16 bytes."""
    if len(data) < 32:
        return
    pages = struct.unpack_from("<I", data, 12)[0]
    for at in range(32, min(pages * 4096, len(data) - 15), 16):
        magic, package, block, _ = struct.unpack_from("<4sIII", data, at)
        start = block * 16
        if magic != b"Slot" or not package or start + 16 > len(data):
            continue
        head, owner, _, length = struct.unpack_from("<4sIII", data, start)
        if head == b"BlbS" and owner == package:
            yield data[start + 16 : start + 16 + length]


def _hash(data: bytes) -> Iterator[bytes]:
    """Values of a Berkeley hash that lie on pages of their own, as headers do."""
    size = int.from_bytes(data[20:24], "little")
    if size < 512:
        return
    for page in range(0, len(data) - size + 1, size):
        if data[page + 25] not in (2, 13):  # pages of a hash
            continue
        count = struct.unpack_from("<H", data, page + 20)[0]
        for number in range(1, count, 2):  # keys and values take turns
            at = page + 26 + 2 * number
            if at + 2 > page + size:
                break
            item = page + struct.unpack_from("<H", data, at)[0]
            if item + 12 <= len(data) and data[item] == 3:  # what lies on other pages
                first, length = struct.unpack_from("<II", data, item + 4)
                yield _overflow(data, size, first, length)


def _overflow(data: bytes, size: int, page: int, length: int) -> bytes:
    parts: list[bytes] = []
    while page and length > 0 and (page + 1) * size <= len(data) and len(parts) <= len(data) // size:
        start = page * size
        page, used = struct.unpack_from("<I", data, start + 16)[0], struct.unpack_from("<H", data, start + 22)[0]
        parts.append(data[start + 26 : start + 26 + min(used, length)])
        length -= used
    return b"".join(parts)


def _package(blob: bytes) -> Package | None:
    """What a header says. Raises struct.error, IndexError, ValueError where it is broken."""
    count, length = struct.unpack_from(">II", blob)
    store = blob[8 + 16 * count : 8 + 16 * count + length]
    index = {tag: rest for tag, *rest in struct.iter_unpack(">IIII", blob[8 : 8 + 16 * count])}
    name = _first(index, store, _NAME)
    if not name:
        return None
    version = f"{_first(index, store, _VERSION)}-{_first(index, store, _RELEASE)}"
    epoch = _numbers(index, store, _EPOCH)
    names, folders = _texts(index, store, _BASE_NAMES), _texts(index, store, _DIRECTORIES)
    files = [folders[at] + each for each, at in zip(names, _numbers(index, store, _DIRECTORY_OF), strict=False)]
    return Package(
        name,
        f"{epoch[0]}:{version}" if epoch and epoch[0] else version,
        _first(index, store, _ARCHITECTURE),
        tuple(each.strip(b"/") for each in files),
    )


def _first(index: dict[int, list[int]], store: bytes, tag: int) -> str:
    found = _texts(index, store, tag)
    return found[0].decode("utf-8", "replace") if found else ""


def _texts(index: dict[int, list[int]], store: bytes, tag: int) -> list[bytes]:
    """Strings, each ended by a zero byte."""
    kind, at, count = index.get(tag, (0, 0, 0))
    if kind not in (_STRING, _ARRAY, _LOCALISED):
        return []
    found = store[at:].split(b"\0", count)[:count]
    if len(found) < count:
        raise ValueError("strings are cut short")
    return found


def _numbers(index: dict[int, list[int]], store: bytes, tag: int) -> tuple[int, ...]:
    kind, at, count = index.get(tag, (0, 0, 0))
    if kind != _INT32 or count > len(store):
        return ()
    return struct.unpack_from(f">{count}I", store, at)
