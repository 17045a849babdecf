"""What is exported, held against what umoci unpacks and what `docker export` writes."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker_daemon import docker_daemon
from stacked_image import docker_archive, file, folder, gone, jettison, layer, link, oci_layout, opaque, symlink
from test_export import LAYERS

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices and other users' files"),
]
CAPABILITY = "SCHILY.xattr.security.capability"  # the one attribute that Docker exports
HARD = {
    "all kinds of members": LAYERS[:1],
    "whiteouts of files, folders and what never was": (
        layer(file("a", b"1"), file("d/a", b"2"), file("d/e/f", b"3"), file("k/a")),
        layer(gone("a"), gone("d/e"), gone("never"), gone("k")),
        layer(folder("k"), file("k/b")),
    ),
    "opaque folders, whatever stands first": (
        layer(file("d/a", b"1"), file("d/e/f", b"2"), file("x/y")),
        layer(file("d/new", b"3"), opaque("d"), opaque("x")),
    ),
    "files over folders and back": (
        layer(file("a/b", b"1"), file("c", b"2"), symlink("s", "a")),
        layer(file("a", b"3"), folder("c"), file("c/d", b"4"), folder("s")),
        layer(folder("a"), file("a/e", b"5")),
    ),
    "hard links and removals": (
        layer(file("a", b"x" * 100), link("b", "a"), link("c", "a"), file("e/f", b"y"), link("g", "e/f")),
        layer(gone("a"), file("c", b"y"), gone("e")),
    ),
    "folders that are links": (
        layer(folder("usr"), folder("usr/lib"), symlink("lib", "usr/lib"), file("usr/lib/a", b"1")),
        layer(file("usr/lib/b", b"2"), symlink("usr/lib/s", "../../etc")),
    ),
    "odd modes, owners and times": (
        layer(
            file("f", b"1", mode=0o4755, uid=65_534, gid=1_000_000),
            folder("d", mode=0o1777, uid=1, gid=2),
            file("old", b"2", mtime=1),
            file("d/g", b"3", mode=0o000),
            file("new", b"4", mtime=4_000_000_000),
            file("cap", b"5", mode=0o755, pax_headers={CAPABILITY: "\1\0\0\2\0\4\0\0" + "\0" * 12}),
        ),
    ),
}
WITHOUT_OVERLAY = {  # Docker unpacks each layer by itself, and refuses these
    "all kinds of members, twice": LAYERS,
    "a folder removed and made anew in one layer": (layer(file("k/a")), layer(gone("k"), file("k/b", b"1"))),
    "hard links to lower layers": (
        layer(file("a", b"x" * 100), link("b", "a"), link("c", "a")),
        layer(gone("a"), link("d", "b"), file("c", b"y")),
    ),
}
ADDED = {
    *(".dockerenv", "dev/console", "dev/pts", "dev/shm", "proc", "sys", "dev", "etc"),
    *("etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf"),
}  # what Docker makes for each container, and the folders that it makes for them


def seen(root: Path) -> dict[bytes, tuple[Any, ...]]:
    """Everything below a folder; the times of directories are those of whoever unpacked last."""
    found: dict[bytes, tuple[Any, ...]] = {}
    links: dict[int, bytes] = {}
    for above, folders, files in sorted(os.walk(os.fsencode(root))):
        for name in sorted([*folders, *files]):
            path = above + b"/" + name
            status = os.lstat(path)
            shown = path[len(os.fsencode(root)) + 1 :]
            kind = stat.S_IFMT(status.st_mode)
            data = Path(os.fsdecode(path)).read_bytes() if kind == stat.S_IFREG else b""
            target = os.fsencode(Path(os.fsdecode(path)).readlink()) if kind == stat.S_IFLNK else b""
            time = 0 if kind == stat.S_IFDIR else int(status.st_mtime)
            twin = links.setdefault(status.st_ino, shown) if status.st_nlink > 1 and kind != stat.S_IFDIR else b""
            xattrs = {
                key: os.getxattr(path, key, follow_symlinks=False) for key in os.listxattr(path, follow_symlinks=False)
            }
            owner = status.st_mode, status.st_uid, status.st_gid, status.st_rdev
            found[shown] = (*owner, time, hashlib.sha256(data).hexdigest(), target, twin, xattrs)
    return found


@pytest.mark.skipif(not shutil.which("umoci"), reason="needs umoci")
@pytest.mark.parametrize("layers", (HARD | WITHOUT_OVERLAY).values(), ids=(HARD | WITHOUT_OVERLAY).keys())
def test_what_is_exported_unpacks_to_what_umoci_unpacks(tmp_path: Path, layers: tuple[bytes, ...]) -> None:
    layout = oci_layout(tmp_path / "layout", *layers)
    text = (layout / "index.json").read_text()
    (layout / "index.json").write_text(
        text.replace('"size"', '"annotations": {"org.opencontainers.image.ref.name": "1"}, "size"')
    )
    subprocess.run(["umoci", "unpack", "--image", f"{layout}:1", tmp_path / "bundle"], check=True, capture_output=True)
    (tmp_path / "ours").mkdir()
    ended = jettison("export", f"oci:{layout}:1")
    assert (0, "") == (ended.code, ended.err)
    tar = ["tar", "-x", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-p", "-C", tmp_path / "ours"]
    subprocess.run(tar, input=ended.out, check=True, capture_output=True)
    assert seen(tmp_path / "bundle" / "rootfs") == seen(tmp_path / "ours")


@pytest.fixture(scope="module")
def docker() -> Iterator[str]:
    if not shutil.which("docker"):
        pytest.skip("no Docker command line")
    with docker_daemon() as host:
        yield host


def members(data: bytes) -> dict[str, tuple[Any, ...]]:
    with tarfile.open(fileobj=io.BytesIO(data), errors="surrogateescape") as archive:
        return {each.name: _told(archive, each) for each in archive}


def _told(archive: tarfile.TarFile, each: tarfile.TarInfo) -> tuple[Any, ...]:
    stream = archive.extractfile(each) if each.isreg() else None
    data = stream.read() if stream is not None else b""
    capability = each.pax_headers.get(CAPABILITY)
    time = 0 if each.isdir() else int(each.mtime)
    device = (each.devmajor, each.devminor) if each.isdev() else ()
    return each.type, each.mode & 0o7777, each.uid, each.gid, time, each.linkname, device, data, capability


@pytest.mark.parametrize("layers", HARD.values(), ids=HARD.keys())
def test_what_is_exported_is_what_docker_exports(tmp_path: Path, docker: str, layers: tuple[bytes, ...]) -> None:
    archive = docker_archive(tmp_path / "shop.tar", *layers)

    def run(*words: object) -> bytes:
        command = ["docker", "-H", docker, *map(str, words)]
        return subprocess.run(command, check=True, capture_output=True, timeout=120).stdout

    loaded = run("load", "-q", "-i", archive).decode().split()[-1]
    container = run("create", loaded, "/x").decode().strip()
    try:
        theirs = members(run("export", container))
    finally:
        run("rm", "-f", container)
        run("rmi", "-f", loaded)
    ours = members(jettison("export", archive).out)
    assert {} == {name: (theirs.get(name), ours.get(name)) for name in theirs.keys() | ours.keys() - ADDED
                  if name not in ADDED and theirs.get(name) != ours.get(name)}  # fmt: skip
    assert set() == theirs.keys() - ours.keys() - ADDED
