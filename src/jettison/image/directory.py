"""A layer read from the overlay directory in which an engine keeps it.

Whiteouts are character devices 0/0, opaque directories carry `trusted.overlay.opaque=y`: Linux
`Documentation/filesystems/overlayfs.rst`. Names, types, sizes and links equal those of the layer's tar.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from jettison.core.errors import ImageError
from jettison.image.blob import settled
from jettison.image.model import Columns, Entry, Kind, LayerSource
from jettison.image.tar_fields import belongs_to_file

_OPAQUE = ("trusted.overlay.opaque", "user.overlay.opaque")
_UNREADABLE = ("overlay.redirect", "overlay.metacopy")
_KINDS = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.DIRECTORY,
    stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFCHR: Kind.CHARACTER,
    stat.S_IFBLK: Kind.BLOCK,
    stat.S_IFIFO: Kind.FIFO,
}


@dataclass(frozen=True)
class DirectorySource(LayerSource):
    """A `diff` directory; `split` is the file in which the engine keeps how the layer was packed."""

    root: Path
    split: Path | None = None

    def columns(self) -> Columns:
        return walk_directory(self.root)

    def open(self, entry: Entry) -> BinaryIO:
        path = entry.link if entry.kind is Kind.HARDLINK else entry.path
        handle = os.open(os.path.join(os.fsencode(self.root), path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # noqa: PTH118  # bytes
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise ImageError(f"{entry.path!r} is not a regular file", hint="the engine's storage changed meanwhile")
        return os.fdopen(handle, "rb")

    def tar(self) -> Iterator[bytes]:
        if self.split is None:
            return super().tar()
        from jettison.image.tar_split import assembled

        return assembled(self.split, self.root)


@dataclass(frozen=True)
class CachedSource(DirectorySource):
    """The same, for a directory that nobody changes: walked once."""

    def columns(self) -> Columns:
        return self._columns

    @property
    def proof(self) -> str | None:
        """Which directory it is: the engine makes a layer's once and never again."""
        try:
            status = self.root.stat()
        except OSError:
            return None
        if not settled(status):
            return None
        return f"directory:{self.root}:{status.st_dev}:{status.st_ino}:{status.st_mtime_ns}:{status.st_ctime_ns}"

    @cached_property
    def _columns(self) -> Columns:
        return walk_directory(self.root)


def walk_directory(root: Path) -> Columns:
    """Every entry below `root`, parents first, names in byte order. Raises ImageError."""
    columns = Columns()
    links: dict[tuple[int, int], bytes] = {}
    top = os.fsencode(root)
    stack: list[bytes] = [b""]
    try:
        while stack:
            directory = stack.pop()
            below: list[bytes] = []
            with os.scandir(os.path.join(top, directory) if directory else top) as entries:  # noqa: PTH118  # bytes
                found = sorted(entries, key=lambda entry: entry.name)
            for item in found:
                path = directory + b"/" + item.name if directory else item.name
                status = item.stat(follow_symlinks=False)
                _add(columns, links, item.path, path, status)
                if stat.S_ISDIR(status.st_mode):
                    below.append(path)
            stack.extend(reversed(below))
    except OSError as error:
        raise ImageError(
            f"cannot read the layer directory {root}: {error.strerror}", hint="run as the user who owns the storage"
        ) from error
    return columns


def _add(
    columns: Columns, links: dict[tuple[int, int], bytes], real: bytes, path: bytes, status: os.stat_result
) -> None:
    kind = _KINDS.get(stat.S_IFMT(status.st_mode))
    if kind is None:  # sockets: no tar holds them
        return
    xattrs, opaque = _xattrs(real, kind)
    device = (os.major(status.st_rdev), os.minor(status.st_rdev)) if kind in (Kind.CHARACTER, Kind.BLOCK) else (0, 0)
    size, link = (status.st_size if kind is Kind.FILE else 0), b""
    if kind is Kind.CHARACTER and device == (0, 0):
        kind = Kind.WHITEOUT
    elif kind is Kind.SYMLINK:
        link = os.readlink(real)  # noqa: PTH115  # bytes
    if status.st_nlink > 1 and kind not in (Kind.DIRECTORY, Kind.WHITEOUT):  # the kernel links whiteouts to each other
        first = links.setdefault((status.st_dev, status.st_ino), path)
        if first != path:
            kind, size, link, device = Kind.HARDLINK, 0, first, (0, 0)
    mode = stat.S_IMODE(status.st_mode)
    owner = (status.st_uid, status.st_gid, status.st_mtime_ns)
    columns.append(Entry(path, kind, mode, *owner, size, link, -1, device, xattrs))
    if opaque:
        columns.append(Entry(path, Kind.OPAQUE, 0, 0, 0, 0, 0, b"", -1, (0, 0), ()))


def _xattrs(real: bytes, kind: Kind) -> tuple[tuple[tuple[bytes, bytes], ...], bool]:
    """Extended attributes that travel with an image, and whether the directory is opaque."""
    if kind not in (Kind.FILE, Kind.DIRECTORY):
        return (), False
    names = os.listxattr(real, follow_symlinks=False)
    if not names:
        return (), False
    kept, opaque = [], False
    for name in sorted(names):
        if name in _OPAQUE:
            opaque = opaque or os.getxattr(real, name, follow_symlinks=False) == b"y"
        elif name.endswith(_UNREADABLE):
            raise ImageError(
                "this layer's directory uses overlay redirects, which only the kernel can follow",
                hint="save the image to an archive and give that",
            )
        elif belongs_to_file(os.fsencode(name)):
            kept.append((os.fsencode(name), os.getxattr(real, name, follow_symlinks=False)))
    return tuple(kept), opaque
