"""The files of an archive by their names: its outer tar is walked once, and nothing is ever unpacked.

An archive that is compressed as a whole (or comes through a pipe) is first put down on disk as a plain one.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from jettison.core.errors import ImageError
from jettison.image.blob import Blob, whole
from jettison.image.compression import compression_of, decompress
from jettison.image.model import Columns, Kind
from jettison.image.tar import walk
from jettison.image.tar_fields import normalise

_MOST_BEHIND = 2**26  # bytes after the end of an archive; tar fills up to 10 kB, disks and tapes to some more
_FOLLOWED = 40  # symbolic links in one look-up, as Linux allows
_OUTSIDE = "nothing outside of the archive is read; save the image again with a tool that you trust"


@dataclass(frozen=True)
class Members:
    """Names to bytes of one archive; `tar` is the plain outer tar."""

    where: str
    tar: Blob
    columns: Columns
    index: dict[bytes, int]

    def __call__(self, name: str) -> Blob | None:
        """The member of that name, links inside the archive followed; None where there is none. Raises ImageError."""
        path = os.fsencode(name)
        if path.startswith(b"/") or b".." in path.split(b"/"):
            raise ImageError(f"{self.where} points outside of itself: {name!r}", hint=_OUTSIDE)
        path = normalise(path)
        for _ in range(_FOLLOWED):
            at = self.index.get(path)
            if at is None:
                return None
            kind = self.columns.kinds[at]
            if kind == Kind.FILE:
                return self._payload(at, name)
            if kind == Kind.HARDLINK:
                path = self.columns.links[at]
            elif kind == Kind.SYMLINK:
                path = self._target(path, self.columns.links.get(at, b""))
            else:
                raise ImageError(f"{name} in {self.where} is not a regular file", hint="save the image again")
        raise ImageError(f"{name} in {self.where} is a link that leads nowhere", hint="save the image again")

    def _payload(self, at: int, name: str) -> Blob:
        entry = self.columns[at]
        if entry.extents:
            raise ImageError(f"{name} in {self.where} is stored with holes", hint="save the image again")
        return self.tar.part(entry.offset, entry.size)

    def _target(self, path: bytes, link: bytes) -> bytes:
        """Where a symbolic link inside the archive leads; old `docker save` writes `../ID/layer.tar`."""
        parts = [] if link.startswith(b"/") else path.split(b"/")[:-1]
        for part in link.split(b"/"):
            if part == b"..":
                if not parts:
                    break
                parts.pop()
            elif part not in (b"", b"."):
                parts.append(part)
        else:
            if not link.startswith(b"/"):
                return b"/".join(parts)
        raise ImageError(f"a link in {self.where} points outside of it: {os.fsdecode(link)!r}", hint=_OUTSIDE)

    def names(self) -> list[str]:
        """All names, in the order of the archive."""
        return [os.fsdecode(path) for path in self.columns.paths]


def open_members(path: Path) -> Members:
    """The members of an archive, `-` for one on standard input. Raises ImageError."""
    where = "the archive on standard input" if path == Path("-") else str(path)
    tar = _standard_input() if path == Path("-") else whole(path)
    if compression_of(tar.head(6)) is None:
        return members_of(tar, where)
    with decompress(tar.open()) as stream:
        from jettison.image.spool import Spooling

        spooling = Spooling(stream)
        columns = _walked(cast(BinaryIO, spooling), where)  # what is no tar shows before all of it is unpacked
        left = _MOST_BEHIND
        while data := stream.read(2**20):  # to its end, where a checksum may be
            left -= len(data)
            if left < 0:
                raise ImageError(f"{where} goes on long after its end", hint="is this archive what you think it is?")
    return _members(where, spooling.blob(), columns)


def _standard_input() -> Blob:
    from jettison.image.spool import spool

    return spool(sys.stdin.buffer)


def members_of(tar: Blob, where: str) -> Members:
    """The members of a plain tar. Raises ImageError."""
    with tar.open() as stream:
        return _members(where, tar, _walked(stream, where))


def _walked(stream: BinaryIO, where: str) -> Columns:
    try:
        return walk(stream)
    except ImageError as error:
        raise ImageError(
            f"{where} is not an image archive, or is damaged: {error.message}", hint="save the image again"
        ) from error


def _members(where: str, tar: Blob, columns: Columns) -> Members:
    return Members(where, tar, columns, {path: at for at, path in enumerate(columns.paths)})
