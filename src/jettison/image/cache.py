"""What was found out once and can be found out again, kept in files of the user's cache.

A cache that is full, read-only, somebody else's or damaged is none: nothing here raises an error for its sake. An entry
is one file with its key and a checksum in it, so that a torn, truncated or changed one is noticed and made anew. It
appears at once by rename(2), so that readers see all of it or nothing; two processes that write the same write equals.
The entry that was used last stays longest.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from jettison.core.errors import JettisonError, UsageError
from jettison.core.state import cache_directory
from jettison.core.units import read_bytes

BOUND = 2 * 10**9  # bytes
LARGEST = 2**31  # bytes of one entry
_HEADER = struct.Struct("<8s16sQQ")  # magic, XXH3-128 of all after the header, length of the key, of the value
_MAGIC = b"jettison"
_SUFFIX = ".kept"
_TORN_AFTER = 3600.0  # seconds after which a temporary file has no writer any more
_PART = ".part-"


@dataclass(frozen=True)
class Kept:
    """An entry: its file, its bytes on disk, seconds since the epoch of its last use."""

    path: Path
    bytes: int
    used: float


@dataclass(frozen=True)
class Cache:
    """A folder of entries, at most `bound` bytes of them after `trim`."""

    folder: Path
    bound: int = BOUND

    def get(self, key: str) -> memoryview | None:
        """The value that was kept for this key, None where there is none that is sound."""
        path = self._path(key)
        try:
            with path.open("rb", buffering=0) as stream:
                data = stream.read()
                with suppress(OSError):
                    os.utime(stream.fileno())
        except OSError:
            return None
        value = _checked(data, key.encode())
        if value is None:
            with suppress(OSError):
                path.unlink()
        return value

    def put(self, key: str, value: bytes | memoryview) -> bool:
        """Keep a value; whether that was possible."""
        if len(value) > min(self.bound, LARGEST):
            return False
        temporary = self.folder / (_PART + os.urandom(8).hex())  # tempfile takes 8 ms to import
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                with os.fdopen(handle, "wb") as stream:
                    for piece in _pieces(key.encode(), value):
                        stream.write(piece)
                temporary.replace(self._path(key))
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
        except OSError:
            return False
        return True

    def kept(self) -> list[Kept]:
        """All entries, the one used last first."""
        return sorted(self._files(_SUFFIX), key=lambda each: -each.used)

    def trim(self) -> int:
        """Remove what was used longest ago until the bound holds; bytes removed. One process at a time does it."""
        with suppress(OSError), self._alone() as alone:
            return self._trim() if alone else 0
        return 0

    def clear(self) -> tuple[int, int]:
        """Remove all entries; (how many, bytes)."""
        count = size = 0
        for each in (*self._files(_SUFFIX), *self._files("")):
            with suppress(OSError):
                each.path.unlink()
                count, size = count + 1, size + each.bytes
        return count, size

    def _trim(self) -> int:
        now = time.time()
        for torn in self._files(""):
            if torn.used < now - _TORN_AFTER:
                with suppress(OSError):
                    torn.path.unlink()
        left = removed = 0
        for each in self.kept():
            left += each.bytes
            if left > self.bound:
                with suppress(OSError):
                    each.path.unlink()
                    removed += each.bytes
        return removed

    def _path(self, key: str) -> Path:
        return self.folder / (hashlib.sha256(key.encode()).hexdigest()[:40] + _SUFFIX)

    def _files(self, suffix: str) -> Iterator[Kept]:
        """Entries, or with an empty suffix what writers that were killed left behind."""
        try:
            with os.scandir(self.folder) as found:
                for each in found:
                    ours = each.name.endswith(suffix) if suffix else each.name.startswith(_PART)
                    with suppress(OSError):
                        if ours and each.is_file(follow_symlinks=False):
                            status = each.stat(follow_symlinks=False)
                            yield Kept(Path(each.path), status.st_size, status.st_mtime)
        except OSError:
            return

    def _alone(self) -> _Lock:
        return _Lock(self.folder / "lock")


class _Lock:
    """Held while the block runs, if nobody else holds it: the block is told."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def __enter__(self) -> bool:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)


def user_cache() -> Cache | None:
    """The user's cache; None where there cannot be one (`why_none` tells), or `$JETTISON_CACHE_SIZE` is 0 bytes.

    Raises UsageError where that is no size.
    """
    told = os.environ.get("JETTISON_CACHE_SIZE", "")
    try:
        bound = (0 if told == "0" else read_bytes(told)) if told else BOUND
    except UsageError as error:
        raise UsageError(f"JETTISON_CACHE_SIZE: {error.message}", hint=error.hint) from error
    try:
        return Cache(cache_directory(), bound) if bound else None
    except (JettisonError, OSError, RuntimeError):  # RuntimeError: a user without a home
        return None


def why_none() -> str:
    """Why the user has no cache, with what to do about it."""
    if os.environ.get("JETTISON_CACHE_SIZE") == "0":
        return "JETTISON_CACHE_SIZE is 0"
    try:
        Cache(cache_directory(), BOUND)
    except JettisonError as error:
        return f"{error.message}: {error.hint}" if error.hint else error.message
    except (OSError, RuntimeError) as error:
        return str(error)
    return "JETTISON_CACHE_SIZE is 0 bytes"


def _pieces(key: bytes, value: bytes | memoryview) -> list[bytes | memoryview]:
    from xxhash import xxh3_128

    state = xxh3_128(key)
    state.update(value)
    return [_HEADER.pack(_MAGIC, state.digest(), len(key), len(value)), key, value]


def _checked(data: bytes, key: bytes) -> memoryview | None:
    """The value in an entry, if it is whole and this key's."""
    from xxhash import xxh3_128

    if len(data) < _HEADER.size:
        return None
    magic, expected, told, length = _HEADER.unpack_from(data)
    view = memoryview(data)[_HEADER.size :]
    if magic != _MAGIC or told != len(key) or len(view) != told + length or bytes(view[:told]) != key:
        return None
    if xxh3_128(view).digest() != expected:
        return None
    return view[told:]
