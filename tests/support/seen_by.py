"""What is seen of an image, by jettison's tree and by those who unpack it, in one form that can be compared.

A listing is `name/`, `name->target`, `name=content` (`name#bytes` where long), `name!` for devices and pipes, and
`name==first` for a further name of a file. Facts are what else a path has.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from jettison.image.model import Kind
from jettison.image.tree import Tree

# what `docker export` has of its own: mount points and files that a container gets
ADDED = {".dockerenv", "dev", "dev/console", "dev/pts", "dev/shm", "etc", "etc/hosts", "etc/hostname", "etc/mtab"}
ADDED |= {"etc/resolv.conf", "proc", "sys"}
SHORT = 99  # bytes of content that are told as they are


class Seen(NamedTuple):
    """A path as somebody sees it; `inode` is equal for names of one file."""

    name: str
    kind: str  # of `/`, `>`, `=`, `!`
    what: bytes  # target, or content, of which the SHA-256 where it is long
    size: int
    inode: Any
    facts: tuple[Any, ...]  # mode, uid, gid, whole seconds, device; seconds of directories are not told


def content(stream: Any, size: int) -> bytes:
    """What stands for a file's content."""
    if size <= SHORT:
        return bytes(stream.read(SHORT + 1))
    state = hashlib.sha256()
    while chunk := stream.read(2**20):
        state.update(chunk)
    return state.digest()


def listing(seen: list[Seen]) -> str:
    """The whole as one line."""
    told, first = [], dict[Any, str]()
    for each in sorted(seen):
        before = first.setdefault(each.inode, each.name)
        if each.kind == "/":
            told.append(f"{each.name}/")
        elif before != each.name:
            told.append(f"{each.name}=={before}")
        elif each.kind == "!":
            told.append(f"{each.name}!")
        elif each.kind == ">":
            told.append(f"{each.name}->{os.fsdecode(each.what)}")
        else:
            told.append(f"{each.name}#{each.size}" if each.size > SHORT else f"{each.name}={os.fsdecode(each.what)}")
    return " ".join(told)


def effective(seen: list[Seen]) -> int:
    """Regular bytes, those of an inode once."""
    return sum({each.inode: each.size for each in seen}.values())


def facts(seen: list[Seen], within: set[str]) -> dict[str, tuple[Any, ...]]:
    return {each.name: each.facts for each in seen if each.name in within}


def by_jettison(tree: Tree) -> list[Seen]:
    found = []
    for path in tree:
        each = tree.get(path)
        assert each is not None
        kind = {Kind.DIRECTORY: "/", Kind.SYMLINK: ">", Kind.FILE: "="}.get(each.kind, "!")
        what = each.link
        if kind == "=":
            with tree.open(path) as stream:
                what = content(stream, each.size)
        mode, time = 0o777 if kind == ">" else each.mode, 0 if kind == "/" else each.mtime // 10**9
        told = (mode, each.uid, each.gid, time, each.device, each.xattrs)
        found.append(Seen(os.fsdecode(path), kind, what, each.size, tree.payload(path), told))
    return found


def described(tree: Tree) -> set[str]:
    """Names of all but directories that no layer describes, of which each engine thinks its own."""
    return {os.fsdecode(path) for path in tree if tree.payload(path)[1] >= 0}


def in_folder(root: Path) -> list[Seen]:
    return list(_below(os.fsencode(root), b""))


def _below(root: bytes, above: bytes) -> Iterator[Seen]:
    for item in os.scandir(os.path.join(root, above)):  # noqa: PTH118  # bytes
        path = above + b"/" + item.name if above else item.name
        try:
            status = item.stat(follow_symlinks=False)
        except FileNotFoundError:  # a whiteout where nothing is below: overlay lists the name, and nothing is there
            continue
        mode = status.st_mode
        device = (
            (os.major(status.st_rdev), os.minor(status.st_rdev)) if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else (0, 0)
        )
        time = 0 if stat.S_ISDIR(mode) else status.st_mtime_ns // 10**9
        told = (stat.S_IMODE(mode), status.st_uid, status.st_gid, time, device, _xattrs(item.path))
        kind, what, size = "!", b"", 0
        if stat.S_ISDIR(mode):
            kind = "/"
        elif stat.S_ISLNK(mode):
            kind, what = ">", os.readlink(item.path)  # noqa: PTH115  # bytes
        elif stat.S_ISREG(mode):
            kind, size = "=", status.st_size
            with Path(os.fsdecode(item.path)).open("rb") as stream:
                what = content(stream, size)
        yield Seen(os.fsdecode(path), kind, what, size, (status.st_dev, status.st_ino), told)
        if kind == "/":
            yield from _below(root, path)


def _xattrs(path: bytes) -> tuple[tuple[bytes, bytes], ...]:
    names = sorted(os.fsencode(name) for name in os.listxattr(path, follow_symlinks=False))
    kept = [name for name in names if name.startswith((b"user.", b"security.capability"))]
    return tuple(
        (name, os.getxattr(path, name, follow_symlinks=False))
        for name in kept
        if not name.startswith(b"user.rootlesscontainers")
    )


def in_tar(data: BinaryIO) -> list[Seen]:
    """As `docker export` writes it."""
    found, inodes = list[Seen](), dict[str, Seen]()
    with tarfile.open(fileobj=data, mode="r|", errors="surrogateescape") as archive:
        for at, member in enumerate(archive):
            name = member.name.strip("/")
            if member.islnk():
                found.append(inodes[member.linkname.strip("/")]._replace(name=name))
                continue
            kind = "/" if member.isdir() else ">" if member.issym() else "=" if member.isreg() else "!"
            stream = archive.extractfile(member) if kind == "=" else None
            what = content(stream, member.size) if stream else os.fsencode(member.linkname)
            device = (member.devmajor, member.devminor) if member.ischr() or member.isblk() else (0, 0)
            time = 0 if kind == "/" else int(member.mtime // 1)
            xattrs = sorted(
                (os.fsencode(key.removeprefix("SCHILY.xattr.")), value.encode("utf-8", "surrogateescape"))
                for key, value in member.pax_headers.items()
                if key.startswith("SCHILY.xattr.")
            )
            told = (member.mode & 0o7777, member.uid, member.gid, time, device, tuple(xattrs))
            inodes[name] = Seen(name, kind, what, member.size if kind == "=" else 0, at, told)
            if name:
                found.append(inodes[name])
    return found
