"""A layer's directory is walked to what its tar is walked to; overlay's own marks are understood."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from jettison.core.errors import ImageError
from jettison.image.directory import DirectorySource, walk_directory
from jettison.image.model import Columns, Kind
from jettison.image.tar import walk


def made(root: Path) -> Path:
    (root / "d" / "e").mkdir(parents=True)
    (root / "d" / "f").write_bytes(b"content")
    (root / "d" / "f").chmod(0o4711)
    os.link(root / "d" / "f", root / "d" / "h")
    (root / "s").symlink_to("../outside")
    os.mkfifo(root / "p")
    (root / os.fsdecode(b"\xff")).write_bytes(b"x")
    (root / "d" / ".hidden").touch()
    with (root / "sparse").open("wb") as stream:
        stream.truncate(1_000_000)
    return root


def told(columns: Columns) -> dict[bytes, Any]:
    return {
        each.path: (each.kind, each.mode, each.uid, each.gid, each.mtime // 10**9, each.size, each.link)
        for each in columns
    }


def test_a_directory_is_walked_to_what_its_tar_is_walked_to(tmp_path: Path) -> None:
    root, out = made(tmp_path / "root"), io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.add(root, ".")
    out.seek(0)
    expected, found = told(walk(out)), told(walk_directory(root))
    assert expected == found
    assert (Kind.HARDLINK, b"d/f") == (found[b"d/h"][0], found[b"d/h"][6])


def test_names_of_one_link_or_pipe_are_hard_links_as_those_of_a_file_are(tmp_path: Path) -> None:
    root = tmp_path / "root"
    made(root)
    os.link(root / "s", root / "t", follow_symlinks=False)
    os.link(root / "p", root / "q")
    found = told(walk_directory(root))
    assert [(Kind.HARDLINK, b"s"), (Kind.HARDLINK, b"p")] == [(found[name][0], found[name][6]) for name in (b"t", b"q")]


def test_files_are_read_and_links_are_not_followed_out(tmp_path: Path) -> None:
    source = DirectorySource(made(tmp_path / "root"))
    entries = {each.path: each for each in source.columns()}
    for path, content in ((b"d/f", b"content"), (b"d/h", b"content"), (b"\xff", b"x")):
        with source.open(entries[path]) as stream:
            assert content == stream.read()
    with pytest.raises(OSError):
        source.open(entries[b"s"])
    with pytest.raises(ImageError, match="is not a regular file"):
        source.open(entries[b"p"])


def test_a_directory_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="cannot read the layer directory") as caught:
        walk_directory(tmp_path / "gone")
    assert caught.value.hint


@pytest.mark.engine
@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices and trusted attributes")
def test_overlay_s_marks_are_whiteouts_and_opaque_directories(tmp_path: Path) -> None:
    subprocess.run(["mknod", tmp_path / "gone", "c", "0", "0"], check=True)
    subprocess.run(["mknod", tmp_path / "null", "c", "1", "3"], check=True)
    for name in ("opaque", "plain"):
        (tmp_path / name).mkdir()
    try:
        os.setxattr(tmp_path / "opaque", "trusted.overlay.opaque", b"y")
        os.setxattr(tmp_path / "plain", "user.kept", b"1")
    except OSError:
        pytest.skip("this file system takes no such attributes")
    found = [(each.path, each.kind, each.device, each.xattrs) for each in walk_directory(tmp_path)]
    assert [
        (b"gone", Kind.WHITEOUT, (0, 0), ()),
        (b"null", Kind.CHARACTER, (1, 3), ()),
        (b"opaque", Kind.DIRECTORY, (0, 0), ()),
        (b"opaque", Kind.OPAQUE, (0, 0), ()),
        (b"plain", Kind.DIRECTORY, (0, 0), ((b"user.kept", b"1"),)),
    ] == found
    os.setxattr(tmp_path / "plain", "trusted.overlay.redirect", b"/x")
    with pytest.raises(ImageError, match="overlay redirects"):
        walk_directory(tmp_path)
