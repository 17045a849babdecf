"""Members written as tar: ustar where all fits, PAX records where it does not. The walker's other way round.

Source: POSIX.1-2017 `pax` (ustar, extended headers, hdrcharset), star(5) for SCHILY.xattr, GNU tar manual "Storing
Sparse Files" (format 1.0); OCI image-spec v1.1 `layer.md` for whiteouts.
"""

from __future__ import annotations

from functools import lru_cache
from zlib import adler32

from jettison.image.model import Entry, Kind

BLOCK = 512
_FLAGS = {
    Kind.FILE: b"0",
    Kind.HARDLINK: b"1",
    Kind.SYMLINK: b"2",
    Kind.CHARACTER: b"3",
    Kind.BLOCK: b"4",
    Kind.DIRECTORY: b"5",
    Kind.FIFO: b"6",
    Kind.WHITEOUT: b"0",
    Kind.OPAQUE: b"0",
}
_LINKS = (Kind.SYMLINK, Kind.HARDLINK)
_NAME, _PREFIX, _LINK = 100, 155, 100  # bytes that the fields of a header take
_MOST_ID = 8**7 - 1
_MOST_SIZE = _MOST_TIME = 8**11 - 1
_SECOND = 10**9
_PAX_NAME = b"PaxHeaders.0/"
_SPARSE_NAME = b"GNUSparseFile.0/"
_NAMES = (b"path", b"linkpath", b"GNU.sparse.name")
_NO_DEVICE = (0, 0)
_SIMPLE_END = b"ustar\x0000" + bytes(64) + b"%07o\0%07o\0" % _NO_DEVICE + bytes(167)  # owners' names, device, prefix
END = bytes(2 * BLOCK)  # of an archive

Records = list[tuple[bytes, bytes]]


def header(entry: Entry) -> bytes:
    """All that stands before the payload: the header, before it the extended one, behind it a sparse file's map.

    The payload that must follow is `stored(entry)` bytes and `padding` after them.
    """
    name = _name(entry)
    simple = _simple(entry, name)
    if simple:
        return simple
    records: Records = []
    if not entry.extents:
        fields = _fields(entry, name, entry.size, records)
        sparse_map = b""
    else:
        sparse_map = _map(entry)
        fields = _fields(entry, _beside(name, _SPARSE_NAME), stored(entry) + len(sparse_map), records)
        records += [(b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", name)]
        records.append((b"GNU.sparse.realsize", b"%d" % entry.size))
    if not all(_is_utf8(value) for key, value in records if key in _NAMES):
        records.insert(0, (b"hdrcharset", b"BINARY"))
    records += [(b"SCHILY.xattr." + key, value) for key, value in entry.xattrs]
    return _extended(records, name) + _block(*fields) + sparse_map


def _simple(entry: Entry, name: bytes) -> bytes:
    """The header that nearly every member has, made fast; empty where it takes more than that."""
    seconds, fraction = divmod(entry.mtime, _SECOND)
    if len(name) > _NAME or len(entry.link) > _LINK or entry.extents or entry.xattrs or entry.device != _NO_DEVICE:
        return b""
    owner = _owner(entry.mode, entry.uid, entry.gid)
    if fraction or not 0 <= seconds <= _MOST_TIME or not owner or not 0 <= entry.size <= _MOST_SIZE:
        return b""
    link = entry.link if entry.kind in _LINKS else b""
    before = name.ljust(100, b"\0") + owner + b"%011o\0%011o\0" % (entry.size, seconds)
    return _summed(before, _FLAGS[entry.kind] + link.ljust(100, b"\0") + _SIMPLE_END)


@lru_cache(4096)
def _owner(mode: int, uid: int, gid: int) -> bytes:
    """Three fields; empty where they do not take these numbers. An image has few owners."""
    if not (0 <= uid <= _MOST_ID and 0 <= gid <= _MOST_ID):
        return b""
    return b"%07o\0%07o\0%07o\0" % (mode & 0o7777, uid, gid)


def stored(entry: Entry) -> int:
    """Bytes of payload that follow a header: those of a sparse file's pieces alone."""
    return sum(length for _, length in entry.extents) if entry.extents else entry.size


def padding(count: int) -> bytes:
    """What fills up the last block of a payload."""
    return bytes(-count % BLOCK)


def _name(entry: Entry) -> bytes:
    """The member's name: whiteouts as the specification spells them, directories with their slash."""
    folder, slash, last = entry.path.rpartition(b"/")
    match entry.kind:
        case Kind.DIRECTORY:
            return entry.path + b"/"
        case Kind.WHITEOUT:
            return folder + slash + b".wh." + last
        case Kind.OPAQUE:
            return (entry.path + b"/" if entry.path else b"") + b".wh..wh..opq"
    return entry.path


def _fields(entry: Entry, name: bytes, size: int, records: Records) -> tuple[bytes, ...]:
    """The header's fields; what does not fit into them goes to the records."""
    prefix, short = _split(name)
    if prefix is None:
        records.append((b"path", name))
        prefix = b""
    link = entry.link if entry.kind in _LINKS else b""
    if len(link) > _LINK:
        records.append((b"linkpath", link))
    ids = [_bounded(b"uid", entry.uid, _MOST_ID, records), _bounded(b"gid", entry.gid, _MOST_ID, records)]
    numbers = [b"%07o\0" % (entry.mode & 0o7777), *(b"%07o\0" % each for each in ids)]
    numbers.append(b"%011o\0" % _bounded(b"size", size, _MOST_SIZE, records))
    numbers.append(b"%011o\0" % _time(entry.mtime, records))
    device = [_wide(each, 8) for each in entry.device]
    return short, *numbers, _FLAGS[entry.kind], link[:_LINK], *device, prefix


def _split(name: bytes) -> tuple[bytes | None, bytes]:
    """(prefix, name) as the fields hold them; no prefix and a shortened name where they cannot."""
    if len(name) <= _NAME:
        return b"", name
    at = name.find(b"/", max(0, len(name) - _NAME - 1), len(name) - 1)
    if 0 < at <= _PREFIX:
        return name[:at], name[at + 1 :]
    return None, name[:_NAME]


def _bounded(key: bytes, value: int, most: int, records: Records) -> int:
    if 0 <= value <= most:
        return value
    records.append((key, b"%d" % value))
    return 0


def _time(nanoseconds: int, records: Records) -> int:
    """The whole seconds of a header; where there are fractions, or years before 1970, a record has them."""
    whole, fraction = divmod(abs(nanoseconds), _SECOND)
    fits = nanoseconds >= 0 and whole <= _MOST_TIME
    if fraction or not fits:
        text = b"%s%d" % (b"-" if nanoseconds < 0 else b"", whole)
        records.append((b"mtime", text + (b".%09d" % fraction).rstrip(b"0") if fraction else text))
    return whole if fits else 0


def _wide(value: int, width: int) -> bytes:
    """An octal field, base-256 as GNU has it where that is too short."""
    if value < 8 ** (width - 1):
        return b"%0*o\0" % (width - 1, value)
    return (value | 1 << (8 * width - 1)).to_bytes(width, "big")


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _map(entry: Entry) -> bytes:
    """The pieces of a sparse file in decimal lines, the last one empty at its end, filled up to whole blocks."""
    pieces = [piece for piece in entry.extents if piece[1]] + [(entry.size, 0)]
    text = b"%d\n" % len(pieces) + b"".join(b"%d\n%d\n" % piece for piece in pieces)
    return text + padding(len(text))


def _beside(name: bytes, folder: bytes) -> bytes:
    """A name for what only readers without PAX will see as a file, in the same directory."""
    above, slash, last = name.rstrip(b"/").rpartition(b"/")
    return above + slash + folder + last


def _extended(records: Records, name: bytes) -> bytes:
    """The extended header of these records; nothing where there are none."""
    if not records:
        return b""
    data = b"".join(_record(key, value) for key, value in records)
    short = _beside(name, _PAX_NAME)[:_NAME].rstrip(b"/")
    zero = b"%07o\0" % 0
    numbers = (b"%07o\0" % 0o644, zero, zero, b"%011o\0" % len(data), b"%011o\0" % 0)
    return _block(short, *numbers, b"x", b"", zero, zero, b"") + data + padding(len(data))


def _record(key: bytes, value: bytes) -> bytes:
    """`LENGTH KEY=VALUE\\n`, its own length counted in."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def _block(*fields: bytes) -> bytes:
    """A ustar header of name, mode, uid, gid, size, mtime, type, link, device numbers and prefix."""
    name, mode, uid, gid, size, mtime, flag, link, major, minor, prefix = fields
    before = name.ljust(100, b"\0") + mode + uid + gid + size + mtime
    behind = flag + link.ljust(100, b"\0") + b"ustar\x0000" + bytes(64) + major + minor + prefix.ljust(167, b"\0")
    return _summed(before, behind)


def _summed(before: bytes, behind: bytes) -> bytes:
    """A header of what stands before its checksum and behind it."""
    total = _sum(before) + _sum(behind[:256]) + _sum(behind[256:]) + 8 * 32
    return before + b"%06o\0 " % total + behind


def _sum(data: bytes) -> int:
    """Of at most 256 bytes: Adler's low half is one more, as long as it does not wrap at 65521."""
    return (adler32(data) & 0xFFFF) - 1
