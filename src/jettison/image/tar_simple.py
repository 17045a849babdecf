"""The members that nearly all are, read fast: ustar or GNU headers, octal numbers, short names.

Whatever is not of this form, or wrong, is left to the walker's careful way: to stop is the answer to all doubts.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from zlib import adler32

from xxhash import xxh3_128_digest

from jettison.core.errors import ImageError
from jettison.image import tar_fields as fields
from jettison.image.model import HASH, Columns
from jettison.image.tar_stream import Stream

_BLOCK = 512
_HEADER = struct.Struct("<100s24s11sB12s8sB100s88xB166x")  # name, owner, size, its end, time, sum, type, link, prefix
_KINDS = {0x30: 0, 0x31: 3, 0x32: 2, 0x35: 1}  # type flag -> Kind
_ENDS = b"\0 "
_DOT = 0x2E
_ODD_STARTS = (b"./", b"../", b".wh.")
_ODD_ENDS = (b"/.", b"/..")
_MOST_KNOWN = 10_000
_UNKNOWN = bytes(HASH)
_Waiting = tuple[list[int], list[int], list[int], list[int], list[int], list[int], list[int]]


@dataclass(frozen=True)
class Known:
    """What fields were found to mean: a layer has few owners, and few times."""

    owners: dict[bytes, tuple[int, int, int]] = field(default_factory=dict)  # mode, uid, gid
    times: dict[bytes, int] = field(default_factory=dict)
    sums: dict[bytes, int] = field(default_factory=dict)  # checksum -> the low half of Adler-32 that goes with it
    hashing: bool = False


def take_simple(source: Stream, columns: Columns, known: Known) -> int:
    """Take members as long as they are simple; payload bytes that were passed."""
    waiting: _Waiting = ([], [], [], [], [], [], [])
    stored = _take(source, columns, known, waiting)
    _flush(waiting, columns)
    return stored


def _flush(waiting: _Waiting, columns: Columns) -> None:
    """Move numbers into their arrays."""
    if waiting[0]:
        arrays = (columns.kinds, columns.modes, columns.uids, columns.gids)
        for array, numbers in zip((*arrays, columns.mtimes, columns.sizes, columns.offsets), waiting, strict=True):
            array.fromlist(numbers)
            numbers.clear()


def _take(source: Stream, columns: Columns, known: Known, waiting: _Waiting) -> int:
    """The same in one loop without calls of ours; lists take a number in a quarter of the time that arrays need."""
    unpack, owners, times, sums = _HEADER.unpack_from, known.owners, known.times, known.sums
    paths, (kinds, modes, uids, gids, mtimes, sizes, offsets) = columns.paths, waiting
    stored, folder = 0, b"/"  # of the last member: nothing is odd about it; no path has this one
    hashes = columns.hashes if known.hashing else None
    while True:
        buffer, at, before = source.buffer, source.at, source.before
        if at == len(buffer):
            buffer, at, before = source.more(), 0, source.before
        view, last = memoryview(buffer), len(buffer) - _BLOCK
        _flush(waiting, columns)
        while at <= last:
            name, owner, size, end, time, told, flag, link, prefix = unpack(buffer, at)
            kind = _KINDS.get(flag)
            if kind is None or prefix or end not in _ENDS or not size.isdigit():
                source.at = at
                return stored
            path = name.partition(b"\0")[0]
            path = (path[2:] if path[:2] == b"./" else path).strip(b"/")
            above, _, own = path.rpartition(b"/")
            if not own or own[0] == _DOT or above != folder:
                # `in` tries its operand as a number first, at twice the time of find()
                if not path or path.find(b"//") >= 0 or ((path[0] == _DOT or path.find(b"/.") >= 0) and _is_odd(path)):
                    source.at = at
                    return stored
                folder = above
            try:
                mode, uid, gid = owners.get(owner) or _owner(owner, known)
                seconds = times[time] if time in times else _time(time, known)
                payload = int(size, 8)
                expected = sums[told] if told in sums else _sum(told, known)
                wrong = ((adler32(buffer[at : at + _BLOCK]) & 0xFFFF) - expected) % 65521
            except ValueError:
                wrong = 1
            if wrong:
                source.at = at
                return stored
            at += _BLOCK
            if kind:
                payload = 0  # a size in their headers means nothing, and must be a number all the same
                if kind > 1 and (target := _target(link, kind)):
                    columns.links[len(paths)] = target
            offsets.append(-1 if kind else before + at)
            paths.append(path)
            kinds.append(kind)
            modes.append(mode)
            uids.append(uid)
            gids.append(gid)
            mtimes.append(seconds)
            sizes.append(payload)
            if payload:
                stored += payload
                if hashes is not None:
                    if at + payload > len(buffer):
                        hashes += _hash_beyond(source, at, payload)
                        break  # the buffer is another now
                    hashes += xxh3_128_digest(view[at : at + payload])
                at += (payload + 511) & -512
            elif hashes is not None:
                hashes += _UNKNOWN
        if buffer is not source.buffer:
            continue
        if at <= len(buffer):
            source.at = at
            if at < len(buffer) or not buffer:
                return stored  # a header across two chunks, or the end
        else:
            _skip_beyond(source, at, payload)


def _target(link: bytes, kind: int) -> bytes:
    target = link.partition(b"\0")[0]
    return fields.normalise(target) if kind == 3 else target


def _skip_beyond(source: Stream, at: int, payload: int) -> None:
    """Go to the next member at `at`, which lies beyond the buffer."""
    start = source.before + at - ((payload + 511) & -512) - _BLOCK
    source.at = len(source.buffer)
    if not source.skip(at - len(source.buffer)):
        raise _cut(start, payload)


def _hash_beyond(source: Stream, at: int, payload: int) -> bytes:
    """The hash of a payload that ends beyond the buffer; the stream is at the next member then."""
    source.at = at
    start = source.position - _BLOCK
    found = source.hash(payload)
    if found is None or not source.skip(-payload & 511):
        raise _cut(start, payload)
    return found


def _cut(start: int, payload: int) -> ImageError:
    return fields.broken(start, f"a payload of {payload} bytes goes beyond its end")


def _is_odd(path: bytes) -> bool:
    """Whether a name has parts that mean something else than a name."""
    if path[:1] == b"." and (path in (b".", b"..") or path.startswith(_ODD_STARTS)):
        return True
    return b"/." in path and (b"/./" in path or b"/../" in path or b"/.wh." in path or path.endswith(_ODD_ENDS))


def _owner(text: bytes, known: Known) -> tuple[int, int, int]:
    mode, uid, gid = (fields.number(text[at : at + 8]) for at in (0, 8, 16))
    owner = mode & 0o7777, fields.owner(uid), fields.owner(gid)
    if len(known.owners) < _MOST_KNOWN:
        known.owners[text] = owner
    return owner


def _time(text: bytes, known: Known) -> int:
    mtime = fields.clamped(fields.number(text) * 10**9)
    if len(known.times) < _MOST_KNOWN:
        known.times[text] = mtime
    return mtime


def _sum(text: bytes, known: Known) -> int:
    """Adler's low half is 1 plus the sum of the bytes, modulo 65521; the checksum takes its own field for spaces."""
    if not text[:6].isdigit():
        raise ValueError("not the usual form")
    expected = int(text[:6], 8) + (adler32(text) & 0xFFFF) - 8 * 32
    if len(known.sums) < _MOST_KNOWN:
        known.sums[text] = expected
    return expected
