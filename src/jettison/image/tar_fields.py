"""Fields of tar headers: numbers, names, PAX records, sparse maps.

Source: POSIX.1-2017 `pax` (ustar and extended headers), GNU tar manual "Basic Tar Format", "Storing Sparse Files".
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_to_bytes

from jettison.core.errors import ImageError

Extents = tuple[tuple[int, int], ...]  # (logical offset, length) of stored pieces, ascending

LARGEST_NAME = 2**20  # bytes of a long name or an extended header; Linux paths end at 4096, xattrs at 64 KiB
LONGEST_PATH = 2**16  # Linux takes 4096
LARGEST_SPARSE = 2**44  # bytes; ext4's largest file
MOST_EXTENTS = 100_000
_LARGEST = 2**63 - 1
_XATTR = b"SCHILY.xattr."
_LIBARCHIVE_XATTR = b"LIBARCHIVE.xattr."
_SPARSE_PAIR = struct.Struct("12s12s")


def broken(offset: int, why: str) -> ImageError:
    """The error of a member that starts at `offset` of the uncompressed stream."""
    return ImageError(f"broken tar at byte {offset}: {why}", hint="pull, save or build the image again")


def number(field: bytes) -> int:
    """An octal or base-256 field; ValueError where it is neither."""
    if field[0] & 0x80:
        value = int.from_bytes(field, "big") & ((1 << (8 * len(field) - 1)) - 1)
        return value - (1 << (8 * len(field) - 1)) if field[0] & 0x40 else value
    digits = field.strip(b" \0").partition(b"\0")[0]
    if digits and not digits.isdigit():
        raise ValueError(f"{field!r} is not a number")
    return int(digits, 8) if digits else 0


def bounded(value: int) -> int:
    """A number that fits a column; ValueError outside 0 .. 2^63-1."""
    if not 0 <= value <= _LARGEST:
        raise ValueError(f"{value} is absurd")
    return value


def owner(value: int) -> int:
    """A user or group as chown(2) takes it: 32 bits, of which all set leave the owner who unpacks, root."""
    if not -_LARGEST - 1 <= value <= _LARGEST:
        raise ValueError(f"{value} is absurd")
    number = value & 0xFFFFFFFF
    return 0 if number == 0xFFFFFFFF else number


def clamped(nanoseconds: int) -> int:
    """A time that fits a column: absurd times are harmless and end at the edges."""
    return max(-_LARGEST, min(_LARGEST, nanoseconds))


def seconds(text: bytes) -> int:
    """Nanoseconds of a decimal number of seconds with an optional fraction."""
    whole, _, fraction = text.partition(b".")
    value = int(whole or b"0") * 10**9
    part = int((fraction + b"000000000")[:9]) if fraction else 0
    return value - part if text.startswith(b"-") else value + part


def pax_records(data: bytes) -> list[tuple[bytes, bytes]]:
    """`LENGTH KEY=VALUE\\n` records in order; ValueError where they do not add up."""
    records, at = [], 0
    while at < len(data) and data[at] != 0:
        space = data.index(b" ", at, at + 20)
        end = at + int(data[at:space])
        key, equals, value = data[space + 1 : end - 1].partition(b"=")
        if end <= space + 1 or end > len(data) or data[end - 1 : end] != b"\n" or not equals:
            raise ValueError("malformed extended header")
        records.append((key, value))
        at = end
    return records


def pax_xattrs(pax: Mapping[bytes, bytes]) -> tuple[tuple[bytes, bytes], ...]:
    """Extended attributes that belong to a file, by name; those of the store or the host are left out."""
    found = {}
    for key, value in pax.items():
        if key.startswith(_XATTR):
            found[key[len(_XATTR) :]] = value
        elif key.startswith(_LIBARCHIVE_XATTR):
            name = unquote_to_bytes(key[len(_LIBARCHIVE_XATTR) :])
            try:
                found.setdefault(name, base64.b64decode(value + b"=" * (-len(value) % 4)))
            except binascii.Error:
                continue
    return tuple(sorted((name, value) for name, value in found.items() if belongs_to_file(name)))


def belongs_to_file(name: bytes) -> bool:
    """Whether an extended attribute travels with an image: capabilities and user attributes, not labels of the host."""
    if name == b"security.capability":
        return True
    return name.startswith(b"user.") and not name.startswith((b"user.overlay.", b"user.containers."))


def old_sparse(header: bytes) -> tuple[list[tuple[int, int]], bool, int]:
    """Pieces in a GNU `S` header, whether more headers follow, the logical size."""
    return _pairs(header[386:482]), header[482] != 0, number(header[483:495])


def more_sparse(block: bytes) -> tuple[list[tuple[int, int]], bool]:
    """Pieces in an extension block of a GNU sparse header, and whether another follows."""
    return _pairs(block[:504]), block[504] != 0


def _pairs(data: bytes) -> list[tuple[int, int]]:
    pieces = []
    for offset, length in _SPARSE_PAIR.iter_unpack(data):
        if not length.strip(b"\0 "):
            break
        pieces.append((number(offset), number(length)))
    return pieces


def sparse_version(pax: Mapping[bytes, bytes]) -> int | None:
    """0 for the formats 0.0 and 0.1, 1 for 1.0, None for a file without holes and for versions unknown to Go."""
    version = (pax.get(b"GNU.sparse.major", b""), pax.get(b"GNU.sparse.minor", b""))
    if version == (b"1", b"0"):
        return 1
    if version in ((b"0", b"0"), (b"0", b"1")):
        return 0
    told = b"GNU.sparse.map" in pax or b"GNU.sparse.offset" in pax
    return 0 if version == (b"", b"") and told else None


def pax_sparse(records: Iterable[tuple[bytes, bytes]], pax: Mapping[bytes, bytes]) -> list[tuple[int, int]]:
    """Pieces of sparse formats 0.0 and 0.1."""
    if b"GNU.sparse.map" in pax:
        values = [int(value) for value in pax[b"GNU.sparse.map"].split(b",") if value]
        return list(zip(values[::2], values[1::2], strict=True))
    records = list(records)
    offsets = [int(value) for key, value in records if key == b"GNU.sparse.offset"]
    lengths = [int(value) for key, value in records if key == b"GNU.sparse.numbytes"]
    return list(zip(offsets, lengths, strict=True))


def checked(pieces: list[tuple[int, int]], size: int, stored: int) -> Extents:
    """The pieces, if they are ascending, within the logical size and all stored; else ValueError."""
    end = 0
    for offset, length in pieces:
        if offset < end or length < 0 or offset + length > size:
            raise ValueError("malformed sparse map")
        end = offset + length
    if not 0 <= size <= LARGEST_SPARSE or len(pieces) > MOST_EXTENTS or sum(length for _, length in pieces) > stored:
        raise ValueError("absurd sparse map")
    return (*pieces, (size, 0))


def normalise(name: bytes) -> bytes:
    """A path without leading, trailing or doubled slashes, `.` and `..`; it cannot leave the root."""
    name = name.strip(b"/")
    if b"/." not in name and b"//" not in name and name[:1] != b".":
        return name
    parts: list[bytes] = []
    for part in name.split(b"/"):
        if part == b"..":
            del parts[-1:]
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/".join(parts)
