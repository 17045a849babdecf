"""Walking a build context: everything that can lie in a directory is survived and told."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jettison.context import walk as walking
from jettison.context.ignore import Ignore
from jettison.context.walk import Entry, Totals, excluded, walk
from jettison.core.errors import UsageError
from jettison.core.values import Skipped


def names(root: Path, text: str = "") -> list[str]:
    return [each.path for each in walk(root, Ignore.parse(text)).entries]


def test_each_path_is_told_with_kind_size_and_mode(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir(mode=0o750)
    (tmp_path / "lib" / "a.py").write_text("print(1)\n")
    (tmp_path / "lib" / "a.py").chmod(0o640)
    (tmp_path / "link").symlink_to("lib/a.py")
    (tmp_path / "run").write_bytes(b"")
    (tmp_path / "run").chmod(0o4755)
    assert (
        Entry("lib", "directory", 0, 0o750),
        Entry("lib/a.py", "file", 9, 0o640),
        Entry("link", "symlink", 0, 0o777, "lib/a.py"),
        Entry("run", "file", 0, 0o4755),
    ) == walk(tmp_path, None).entries


def test_links_are_not_followed_and_loops_end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "out").symlink_to("/etc")
    (tmp_path / "gone").symlink_to("nowhere")
    assert ["a", "a/up", "gone", "out", "self"] == names(tmp_path)


def test_pipes_are_not_opened_and_sockets_are_not_sent(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        found = walk(tmp_path, None)
    assert ["pipe"] == [each.path for each in found.entries if each.kind == "pipe"]
    assert ["pipe"] == [each.path for each in found.entries]
    assert Totals(0, 0) == found.totals


def test_a_sparse_file_counts_as_it_is_sent_and_costs_nothing(tmp_path: Path) -> None:
    with (tmp_path / "disk.img").open("wb") as stream:
        stream.truncate(3 * 10**9)
    start = time.perf_counter()
    assert Totals(1, 3 * 10**9) == walk(tmp_path, None).totals
    assert time.perf_counter() - start < 1


def test_a_directory_that_cannot_be_read_is_told_unless_it_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "src").mkdir()
    real = os.scandir

    def refuse(path: str) -> Iterator[os.DirEntry[str]]:
        if path.endswith("/data"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(walking.os, "scandir", refuse)  # root reads everything
    assert (Skipped("data", "cannot be read: Permission denied"),) == walk(tmp_path, None).skipped
    assert () == walk(tmp_path, Ignore.parse("data")).skipped
    assert ["data", "src"] == names(tmp_path)


def test_what_is_ignored_is_counted(tmp_path: Path) -> None:
    for name, size in (("src/a", 10), ("node_modules/b/c", 200), ("node_modules/b/keep", 3000), ("x.log", 40000)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * size)
    found = walk(tmp_path, Ignore.parse("node_modules\n*.log\n!node_modules/b/keep\n"))
    assert Totals(2, 3010) == found.totals
    assert Totals(2, 40200) == found.ignored


def test_the_directories_above_a_file_that_came_back_are_sent(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "keep").touch()
    (tmp_path / "a" / "other").mkdir()
    assert ["a", "a/b", "a/b/keep"] == names(tmp_path, "a\n!a/b/keep\n")


def test_names_that_are_not_utf8_are_walked(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/caf\xe9", "wb") as stream:  # noqa: PTH123 - a path of bytes
        stream.write(b"x")
    assert ["caf\udce9"] == names(tmp_path)
    assert [] == names(tmp_path, "caf?")


def test_below_gives_exactly_what_lies_in_a_directory(tmp_path: Path) -> None:
    for name in ("a/x", "a-b/x", "a.b", "a0", "a/b/y"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = walk(tmp_path, None)
    assert ["a/b", "a/b/y", "a/x"] == [each.path for each in found.below("a")]
    assert found.entries == found.below("")
    assert () == found.below("b")


def test_another_ignore_file_is_asked_of_a_context_that_is_walked(tmp_path: Path) -> None:
    for name in ("a/b/c", "a/b/keep", "a-b", "d"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert {"a", "a/b", "a/b/c", "d"} == excluded(walk(tmp_path), Ignore.parse("a\n!a/b/keep\nd"))


def test_a_context_that_is_no_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "nowhere"):
        with pytest.raises(UsageError, match="cannot read the build context"):
            walk(path, None)


def test_a_deep_tree_needs_no_deep_stack(tmp_path: Path) -> None:
    folder = str(tmp_path)
    for _ in range(1200):
        folder += "/d"
        os.mkdir(folder)  # noqa: PTH102 - pathlib and makedirs are recursive themselves
    try:
        assert 1200 == len(names(tmp_path))
    finally:
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)
