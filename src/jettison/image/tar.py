"""The one tar walker: an uncompressed layer stream becomes columns.

Source: POSIX.1-2017 `pax`, GNU tar manual, star(5) for SCHILY.xattr; OCI image-spec v1.1 `layer.md` for whiteouts.
Truth for what is unclear there: Go's archive/tar, which every engine uses.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from typing import BinaryIO
from zlib import adler32

from jettison.image import tar_fields as fields
from jettison.image.model import HASH, Columns, Entry, Kind
from jettison.image.tar_simple import Known, take_simple
from jettison.image.tar_stream import Stream

_BLOCK = 512
_ZERO = bytes(_BLOCK)
_UNKNOWN = bytes(HASH)
_HEADER = struct.Struct("<100s8s8s8s12s12s8sc100s8s32s32s8s8s155s")
_KINDS = {
    b"0": Kind.FILE,
    b"\0": Kind.FILE,
    b"7": Kind.FILE,
    b"S": Kind.FILE,
    b"1": Kind.HARDLINK,
    b"2": Kind.SYMLINK,
    b"3": Kind.CHARACTER,
    b"4": Kind.BLOCK,
    b"5": Kind.DIRECTORY,
    b"6": Kind.FIFO,
}
_NO_PAYLOAD = frozenset((b"1", b"2", b"3", b"4", b"5", b"6"))  # a size in their headers means nothing
_EXTENDED = frozenset((b"x", b"g", b"X", b"L", b"K"))
_TRAILER = 2**20  # bytes after the end marker that are still counted as padding
_MOST_HELD = 2**29  # bytes of long names, links and attributes kept of one layer


@dataclass(frozen=True)
class _Told:
    """What extended headers said about the member that follows them."""

    name: bytes | None = None
    link: bytes | None = None
    pax: dict[bytes, bytes] = field(default_factory=dict)
    records: tuple[tuple[bytes, bytes], ...] = ()


_NOTHING = _Told()


def walk(stream: BinaryIO, *, hashing: bool = False) -> Columns:
    """All entries of an uncompressed layer tar, in stream order; entries for the root itself are left out.

    `hashing` where the payloads come by anyway: then each is hashed, but for those with holes. Raises ImageError with
    the byte offset where the tar is broken or cut short.
    """
    columns = Columns()
    source = Stream(stream)
    stored = held = 0  # payload bytes as they stand in the stream; bytes that only extended headers can bring
    known = Known(hashing=hashing)
    told = _NOTHING
    while True:
        if told is _NOTHING:
            stored += take_simple(source, columns, known)
        start = source.position
        header = source.take(_BLOCK)
        if header == _ZERO or not header:
            if header and source.take(_BLOCK).strip(b"\0"):
                raise fields.broken(start, "a block of zeros stands before the end")
            if told is not _NOTHING:
                raise fields.broken(start, "it ends within a member: its extended header is the last")
            break
        if len(header) < _BLOCK:
            raise fields.broken(start, "it ends within a header")
        parts = _HEADER.unpack_from(header)
        _check_sum(header, parts[6], start)
        flag = parts[7]
        try:
            size = fields.bounded(fields.number(parts[4]))
            if flag in _EXTENDED:
                told = _extended(told, flag, _extension(source, size))
                continue
            if told is _NOTHING and flag != b"S":
                link = parts[8].partition(b"\0")[0]
                entry = _entry(parts, _name(parts, header), link, (size, source.position))
            else:
                entry, size = _extended_member(source, parts, header, told)
                told = _NOTHING
                if entry is not None:
                    held += len(entry.path) + len(entry.link) + sum(len(value) for _, value in entry.xattrs)
                    if held > _MOST_HELD:
                        raise ValueError("its extended headers hold absurdly much")
        except (ValueError, OverflowError) as error:
            raise fields.broken(start, str(error)) from error
        if flag == b"\0" and (_name(parts, header)[-1:] == b"/" if entry is None else entry.kind is Kind.DIRECTORY):
            size = 0  # V7's directories have no payload, as in Go
        digest: bytes | None = _UNKNOWN
        if flag not in _NO_PAYLOAD and size:
            rest = (size + _BLOCK - 1) & -_BLOCK
            if hashing and entry is not None and entry.kind is Kind.FILE and not entry.extents:
                digest, rest = source.hash(size), rest - size
            if digest is None or not source.skip(rest):
                raise fields.broken(start, f"a payload of {size} bytes goes beyond its end")
            if entry is not None and entry.offset >= 0:
                stored += size
        if entry is not None:
            columns.append(entry)
            if hashing:
                columns.hashes.extend(digest or _UNKNOWN)
    return replace(columns, overhead=source.position + len(source.take(_TRAILER)) - stored)


def _check_sum(header: bytes, told: bytes, start: int) -> None:
    """Adler's low half is 1 plus the sum of the bytes, modulo 65521, at a fiftieth of the cost of sum()."""
    try:
        wanted = fields.number(told)
    except ValueError:
        raise fields.broken(start, "not a tar header") from None
    found = (adler32(header) & 0xFFFF) - (adler32(told) & 0xFFFF) + 8 * 32
    if (found - wanted) % 65521 and _signed_sum(header) != wanted:
        raise fields.broken(start, "a header's checksum is wrong")


def _signed_sum(header: bytes) -> int:
    """The sum that some very old tars wrote, bytes taken as signed."""
    rest = header[:148] + header[156:]
    return sum(byte - 256 if byte > 127 else byte for byte in rest) + 8 * 32


def _extension(source: Stream, size: int) -> bytes:
    if size > fields.LARGEST_NAME:
        raise ValueError(f"an extended header of {size} bytes")
    data = source.take((size + _BLOCK - 1) & -_BLOCK)
    if len(data) < size:
        raise ValueError("it ends within an extended header")
    return data[:size]


def _extended(told: _Told, flag: bytes, data: bytes) -> _Told:
    """What is told so far and in this header; a global one tells nothing, as in Go, where engines skip it."""
    if flag == b"L":
        return replace(told, name=data.partition(b"\0")[0])
    if flag == b"K":
        return replace(told, link=data.partition(b"\0")[0])
    records = fields.pax_records(data)
    if flag == b"g":
        return told
    return replace(told, pax=dict(records), records=tuple(records))


def _name(parts: tuple[bytes, ...], header: bytes) -> bytes:
    name, prefix = parts[0].partition(b"\0")[0], b""
    if parts[14][0] and parts[9].startswith(b"ustar\0"):
        prefix = header[345:476] if header[508:] == b"tar\0" else parts[14]  # star keeps times behind 131 bytes
    prefix = prefix.partition(b"\0")[0]
    return prefix + b"/" + name if prefix else name


def _extended_member(source: Stream, parts: tuple[bytes, ...], header: bytes, told: _Told) -> tuple[Entry | None, int]:
    """The entry, and how many bytes of payload follow."""
    pax = told.pax
    name = told.name or pax.get(b"path") or _name(parts, header)
    link = told.link or pax.get(b"linkpath") or parts[8].partition(b"\0")[0]
    stored = fields.bounded(int(pax[b"size"]) if pax.get(b"size") else fields.number(parts[4]))
    extents: fields.Extents = ()
    size = stored
    if parts[7] not in _NO_PAYLOAD:
        pieces, size, stored = _sparse(source, header, told, stored)
        extents = fields.checked(pieces, size, stored) if pieces is not None else ()
        name = (pax.get(b"GNU.sparse.name") if pieces is not None else None) or name
    entry = _entry(parts, name, link, (size, source.position))
    if entry is None:
        return None, stored
    if pax.get(b"mtime"):
        entry = entry._replace(mtime=fields.clamped(fields.seconds(pax[b"mtime"])))
    if pax.get(b"uid"):
        entry = entry._replace(uid=fields.owner(int(pax[b"uid"])))
    if pax.get(b"gid"):
        entry = entry._replace(gid=fields.owner(int(pax[b"gid"])))
    if entry.kind in (Kind.WHITEOUT, Kind.OPAQUE):
        return entry, stored
    return entry._replace(xattrs=fields.pax_xattrs(pax), extents=extents if entry.kind == Kind.FILE else ()), stored


def _sparse(source: Stream, header: bytes, told: _Told, stored: int) -> tuple[list[tuple[int, int]] | None, int, int]:
    """(pieces, logical size, payload bytes that follow); no pieces where the member is not sparse."""
    pax = told.pax
    if header[156:157] == b"S":
        pieces, more, size = fields.old_sparse(header)
        while more:
            found, more = fields.more_sparse(source.take(_BLOCK).ljust(_BLOCK, b"\0"))
            pieces += found
            if len(pieces) > fields.MOST_EXTENTS:
                raise ValueError("absurdly many sparse pieces")
        return pieces, size, stored
    version = fields.sparse_version(pax)
    if version is None:
        return None, stored, stored
    told_size = pax.get(b"GNU.sparse.size") or pax.get(b"GNU.sparse.realsize")
    if not told_size:
        raise ValueError("a sparse file without its size")
    if version == 1:
        pieces, used = _leading_map(source)
        return pieces, int(told_size), fields.bounded(stored - used)
    return fields.pax_sparse(told.records, pax), int(told_size), stored


def _leading_map(source: Stream) -> tuple[list[tuple[int, int]], int]:
    """The map that stands before a sparse 1.0 payload, decimal lines padded to whole blocks; and its length."""
    blocks: list[bytes] = []
    lines, wanted = 0, 1
    while lines < wanted:
        block = source.take(_BLOCK)
        if len(block) < _BLOCK or len(blocks) * _BLOCK > fields.MOST_EXTENTS * 16:
            raise ValueError("a sparse map without end")
        blocks.append(block)
        if not lines and b"\n" in block:
            wanted = 1 + 2 * fields.bounded(int(b"".join(blocks).partition(b"\n")[0]))
        lines += block.count(b"\n")
    values = [int(line) for line in b"".join(blocks).split(b"\n")[1:wanted]]
    return list(zip(values[::2], values[1::2], strict=True)), len(blocks) * _BLOCK


def _entry(parts: tuple[bytes, ...], name: bytes, link: bytes, payload: tuple[int, int]) -> Entry | None:
    """The entry; None for the root and for what AUFS left behind. `payload` is (size, offset)."""
    kind = _KINDS.get(parts[7])
    if kind is None:
        raise ValueError(f"an entry of the unknown type {parts[7]!r}")
    if kind is Kind.FILE and parts[7] == b"\0" and name.endswith(b"/"):  # V7 has no type for directories
        kind = Kind.DIRECTORY
    path = fields.normalise(name)
    if len(path) > fields.LONGEST_PATH or b"\0" in path:
        raise ValueError("a name that no file system takes")
    if b".wh." in path:
        marker = _marker(path)
        if marker is not None:
            return marker if marker.kind is not Kind.FILE else None
    if not path:
        return None
    number = fields.number
    size, offset = payload if kind is Kind.FILE else (0, -1)
    if kind is Kind.HARDLINK:
        link = fields.normalise(link)
    elif kind is not Kind.SYMLINK:
        link = b""
    device = (number(parts[12]), number(parts[13])) if kind in (Kind.CHARACTER, Kind.BLOCK) else (0, 0)
    mode, mtime = number(parts[1]) & 0o7777, fields.clamped(number(parts[5]) * 10**9)
    uid, gid = fields.owner(number(parts[2])), fields.owner(number(parts[3]))
    return Entry(path, kind, mode, uid, gid, mtime, size, link, offset, device, ())


def _marker(path: bytes) -> Entry | None:
    """The whiteout that a path spells, None where it is an ordinary name; a FILE entry stands for AUFS's own files."""
    parent, _, last = path.rpartition(b"/")
    if last == b".wh..wh..opq":
        return _removal(parent, Kind.OPAQUE)
    if last.startswith(b".wh..wh.") or b"/.wh..wh." in b"/" + parent:
        return _removal(path, Kind.FILE)
    if not last.startswith(b".wh."):
        return None
    removed = last[4:]
    if removed in (b"", b".", b".."):
        raise ValueError(f"a whiteout of {removed!r}")
    return _removal(parent + b"/" + removed if parent else removed, Kind.WHITEOUT)


def _removal(path: bytes, kind: Kind) -> Entry:
    return Entry(path, kind, 0, 0, 0, 0, 0, b"", -1, (0, 0), ())
