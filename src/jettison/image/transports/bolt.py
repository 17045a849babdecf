"""A bolt database read without its owner: buckets and values out of the file as it stands.

Source: bbolt `internal/common/{page,meta,bucket}.go`. A file begins with two meta pages, of which the one with the
higher transaction and a right checksum counts; pages hold branches (key, page) or leaves (key, value or bucket).
A writer never changes a page that its last transaction uses, so what is read is whole unless two more were ended
meanwhile: `unchanged` tells.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from jettison.core.errors import ImageError
from jettison.image.blob import whole

_PAGE = struct.Struct("<QHHI")  # id, flags, count, overflow
_META = struct.Struct(
    "<IIIIQQQQQQ"
)  # magic, version, page size, flags, root, sequence, free list, pages, transaction, sum
_BRANCH = struct.Struct("<IIQ")  # position of the key, its length, page
_LEAF = struct.Struct("<IIII")  # flags, position of the key, its length, length of the value
_BUCKET = struct.Struct("<QQ")  # root page, sequence; inline where the page is 0
_MAGIC, _VERSION = 0xED0CDAED, 2
_IS_BRANCH, _IS_LEAF = 0x01, 0x02
_LARGEST = 2**30  # bytes of a file; a busy node's has some tens of millions
_DEEPEST = 64  # pages above a leaf
_AGAIN = "its owner writes to it at this moment, or it is damaged: try again"


class Database:
    """The state of the last transaction. Raises ImageError where the file is none, or is not whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        blob = whole(path)
        if blob.size > _LARGEST:
            raise ImageError(f"{path} is absurdly large: {blob.size} bytes", hint=_AGAIN)
        with blob.open() as stream:
            self._data = stream.read()
        self._size, self._root, self._transaction = _meta(self._data, path)

    def bucket(self, *names: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
        """(key, value, whether it is a bucket) of what is in the bucket of that path; nothing where there is none."""
        page, inline = self._root, b""
        for name in names:
            found = next(
                (value for key, value, is_bucket in self._items(page, inline) if is_bucket and key == name), None
            )
            if found is None:
                return
            page = _BUCKET.unpack_from(found)[0]
            inline = found[_BUCKET.size :] if not page else b""
        yield from self._items(page, inline)

    def unchanged(self) -> bool:
        """Whether no transaction ended since."""
        with whole(self._path).open() as stream:
            return _meta(stream.read(2 * self._size), self._path)[2] == self._transaction

    def _items(self, page: int, inline: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
        try:
            yield from _leaves(inline, self._data, self._size, page)
        except (struct.error, ValueError) as error:
            raise ImageError(f"{self._path} is no whole bolt database: {error}", hint=_AGAIN) from None


def _meta(data: bytes, path: Path) -> tuple[int, int, int]:
    """(page size, root page, transaction) of the newer meta page."""
    found: list[tuple[int, int, int]] = []
    for at in (0, 4096, 8192, 16384, 32768, 65536):  # the second page is where the system's page size puts it
        if len(data) < at + _PAGE.size + _META.size:
            break
        magic, version, size, _, root, _, _, _, transaction, told = _META.unpack_from(data, at + _PAGE.size)
        if magic == _MAGIC and version == _VERSION and at in (0, size) and told == _fnv(data, at + _PAGE.size):
            found.append((transaction, size, root))
    if not found:
        raise ImageError(f"{path} is no bolt database", hint=_AGAIN)
    transaction, size, root = max(found)
    return size, root, transaction


def _fnv(data: bytes, at: int) -> int:
    """FNV-1a of 64 bits over a meta without its checksum."""
    value = 0xCBF29CE484222325
    for byte in data[at : at + _META.size - 8]:
        value = (value ^ byte) * 0x100000001B3 & (2**64 - 1)
    return value


def _leaves(inline: bytes, data: bytes, size: int, root: int) -> Iterator[tuple[bytes, bytes, bool]]:
    """What the leaves below a page hold, in order; `inline` is a page of its own. Raises ValueError, struct.error."""
    stack = [(root, 0)]
    seen: set[int] = set()
    while stack:
        page, depth = stack.pop()
        if page in seen or depth > _DEEPEST:
            raise ValueError("its pages go in a circle")
        seen.add(page)
        held, at = (inline, 0) if inline else (data, page * size)
        _, flags, count, _ = _PAGE.unpack_from(held, at)
        if flags & _IS_BRANCH and not inline:
            pages = [_BRANCH.unpack_from(held, at + _PAGE.size + n * _BRANCH.size)[2] for n in range(count)]
            stack += [(each, depth + 1) for each in reversed(pages)]
        elif flags & _IS_LEAF:
            for n in range(count):
                place = at + _PAGE.size + n * _LEAF.size
                bits, where, long, wide = _LEAF.unpack_from(held, place)
                start = place + where
                if start + long + wide > len(held):
                    raise ValueError("an entry leads out of it")
                yield held[start : start + long], held[start + long : start + long + wide], bool(bits & 1)
        else:
            raise ValueError(f"a page of the kind {flags}")
