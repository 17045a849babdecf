"""What a hard link's own header does to the file that it names.

A tar tells mode, owner, time and attributes of every member, of hard links too. Engines give them to the inode, which
all its names share, each as it comes: moby and containers/storage `pkg/archive` (`createTarFile`: lchown, setxattr,
chmod, utimes behind the switch over types, of which chmod and utimes leave symbolic links alone). umoci does not. What
is done here was measured with containers/storage.
"""

from __future__ import annotations

from typing import NamedTuple

from jettison.image.model import Columns, Entry, Kind

_CAPABILITY = b"security.capability"
Xattrs = tuple[tuple[bytes, bytes], ...]


class Attributes(NamedTuple):
    """What an inode has after its hard links were made."""

    mode: int
    uid: int
    gid: int
    mtime: int
    xattrs: Xattrs

    def of(self, entry: Entry) -> Entry:
        """The entry with these."""
        return entry._replace(mode=self.mode, uid=self.uid, gid=self.gid, mtime=self.mtime, xattrs=self.xattrs)


def linked(columns: Columns, inode: int, link: int, before: Attributes | None) -> Attributes | None:
    """What inode and link of one layer come to, `before` after the links that came before; None for nothing new."""
    modes, uids, gids, mtimes = columns.modes, columns.uids, columns.gids, columns.mtimes
    own = columns.xattrs.get(link, ())
    kind = columns.kinds[inode]
    if kind == Kind.SYMLINK:
        if before is None and (uids[link], gids[link]) == (uids[inode], gids[inode]):
            return None
        return Attributes(modes[inode], uids[link], gids[link], mtimes[inode], columns.xattrs.get(inode, ()))
    told = (modes[link], uids[link], gids[link], mtimes[link])
    first = columns.xattrs.get(inode, ())
    if before is None and told == (modes[inode], uids[inode], gids[inode], mtimes[inode]) and own in ((), first):
        return None
    xattrs = dict(before.xattrs if before is not None else first)
    owner = (before.uid, before.gid) if before is not None else (uids[inode], gids[inode])
    if kind == Kind.FILE and owner != told[1:3]:
        xattrs.pop(_CAPABILITY, None)  # as chown(2) does
    xattrs.update(own)
    return Attributes(*told, tuple(sorted(xattrs.items())))
