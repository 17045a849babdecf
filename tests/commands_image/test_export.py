"""`jettison export`: what it writes, read back by tarfile, is the merged tree that a second way finds."""

from __future__ import annotations

import hashlib
import io
import os
import pty
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import second_merge
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stacked_image import (
    TIME,
    Ended,
    Member,
    docker_archive,
    file,
    folder,
    gone,
    jettison,
    layer,
    link,
    oci_layout,
    opaque,
    other,
    symlink,
)

Call = Callable[..., Ended]
LAYERS = (
    layer(
        folder("bin"),
        file("bin/sh", b"s" * 5000, uid=7, gid=8),
        link("bin/ash", "bin/sh", uid=7, gid=8),
        folder("etc", mode=0o750),
        file("etc/shadow", b"secret"),
        folder("opt/old"),
        file("opt/old/one", b"1" * 700),
        other("dev/null", tarfile.CHRTYPE, devmajor=1, devminor=3),
        other("dev/pipe", tarfile.FIFOTYPE),
        symlink("lib", "usr/lib"),
        file(b"na\xefve/\xff", b"latin"),
        file("n" * 90 + "/" + "m" * 90, b"long"),
        file("d/" * 60 + "x" * 120, b"longer"),
        file("setuid", b"x", pax_headers={"SCHILY.xattr.user.a": "1\n=2"}),
    ),
    layer(
        gone("etc/shadow"),
        opaque("opt/old"),
        file("opt/old/two", b"2"),
        link("etc/sh", "bin/sh", uid=7, gid=8),
        file("late", b"l", mtime=TIME + 0.25, uid=3_000_000, gid=4_000_000_000),
        file("early", b"e", mtime=-1.5),
        symlink("long", "t" * 150),
        file("é", b"utf"),
    ),
)


def read(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data), errors="surrogateescape") as archive:
        return {member.name: member for member in archive}


def content(data: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(data), errors="surrogateescape") as archive:
        stream = archive.extractfile(name)
        assert stream is not None
        return stream.read()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return docker_archive(tmp_path / "shop.tar", *LAYERS)


def test_what_is_exported_is_what_a_second_way_merges(archive: Path, call: Call) -> None:
    found = read(call("export", archive).out)
    expected = dict(flat(second_merge.merged(LAYERS)))
    assert expected.keys() == found.keys()
    assert {name for name, node in expected.items() if isinstance(node, dict)} == {
        n for n, m in found.items() if m.isdir()
    }


def flat(tree: dict[str, Any], above: str = "") -> Any:
    for name, node in tree.items():
        if name != second_merge.OPAQUE:
            yield above + name, node
            if isinstance(node, dict):
                yield from flat(node, f"{above}{name}/")


@pytest.mark.parametrize("name", ["bin/ash", "opt/old/two", "late", "é", "na\udcefve/\udcff", "d/" * 60 + "x" * 120])
def test_contents_are_those_of_the_layers(archive: Path, call: Call, name: str) -> None:
    members = [pair for each in LAYERS for pair in [(m, each) for m in read(each).values()]]
    source = next(each for member, each in members if member.name == name)
    assert content(source, name) == content(call("export", archive).out, name)


def test_metadata_is_kept(archive: Path, call: Call) -> None:
    found = read(call("export", archive).out)
    of = {name: (m.mode, m.uid, m.gid, m.mtime) for name, m in found.items()}
    assert (0o644, 7, 8, TIME) == of["bin/ash"]
    assert (0o750, 0, 0, TIME) == of["etc"]
    assert (0o644, 3_000_000, 4_000_000_000, TIME + 0.25) == of["late"]
    assert -1.5 == of["early"][3]
    assert (0o755, 0, 0, 0) == of["opt"]  # no layer describes it
    assert ("usr/lib", "t" * 150) == (found["lib"].linkname, found["long"].linkname)
    assert (tarfile.CHRTYPE, 1, 3) == (found["dev/null"].type, found["dev/null"].devmajor, found["dev/null"].devminor)
    assert tarfile.FIFOTYPE == found["dev/pipe"].type
    assert {"SCHILY.xattr.user.a": "1\n=2"} == found["setuid"].pax_headers


def test_hard_links_are_links_to_the_first_name(archive: Path, call: Call) -> None:
    found = read(call("export", archive).out)
    assert ("", "bin/ash", "bin/ash") == tuple(found[name].linkname for name in ("bin/ash", "bin/sh", "etc/sh"))
    assert (5000, 0, 0) == tuple(found[name].size for name in ("bin/ash", "bin/sh", "etc/sh"))


def test_a_directory_stands_before_what_is_in_it(archive: Path, call: Call) -> None:
    names = list(read(call("export", archive).out))
    assert [] == [name for at, name in enumerate(names) if "/" in name and name.rpartition("/")[0] not in names[:at]]


def test_every_form_of_an_image_gives_the_same_bytes(archive: Path, tmp_path: Path, call: Call) -> None:
    layout = oci_layout(tmp_path / "layout", *LAYERS)
    digests = {hashlib.sha256(call("export", each).out).hexdigest() for each in (archive, archive, f"oci:{layout}")}
    assert 1 == len(digests)


def test_a_layer_is_exported_with_its_whiteouts(archive: Path, call: Call) -> None:
    for number, each in enumerate(LAYERS):
        found, expected = read(call("export", archive, "--layer", number).out), read(each)
        assert list(expected) == list(found)
        keys = ("type", "mode", "uid", "gid", "mtime", "size", "linkname")
        for name, member in expected.items():
            if ".wh." not in name:
                assert [getattr(member, key) for key in keys] == [getattr(found[name], key) for key in keys]


def test_the_top_layer_is_minus_one_and_one_that_is_not_there_is_refused(archive: Path, call: Call) -> None:
    assert call("export", archive, "--layer", "1").out == call("export", archive, "--layer", "-1").out
    ended = call("export", archive, "--layer", "2")
    assert (2, b"", "jettison: docker-archive:") == (ended.code, ended.out, ended.err[:25])
    assert "hint: it has 2 layers: 0 to 1" in ended.err


SPARSE = {
    "GNU.sparse.major": "1",
    "GNU.sparse.minor": "0",
    "GNU.sparse.name": "hole",
    "GNU.sparse.realsize": "1000000000000",
}


def test_a_sparse_file_of_a_terabyte_stays_small(tmp_path: Path, call: Call) -> None:
    pieces = b"3\n0\n4\n999999999000\n4\n1000000000000\n0\n".ljust(512, b"\0") + b"headtail"
    path = docker_archive(tmp_path / "sparse.tar", layer(file("GNUSparseFile.0/hole", pieces, pax_headers=SPARSE)))
    out = call("export", path).out
    assert len(out) < 10_000
    found = read(out)["hole"]
    assert 1_000_000_000_000 == found.size
    assert [(0, 4), (999_999_999_000, 4), (1_000_000_000_000, 0)] == found.sparse  # type: ignore[attr-defined]
    with tarfile.open(fileobj=io.BytesIO(out)) as archive:
        stream = archive.extractfile("hole")
        assert stream is not None
        head = stream.read(6)
        stream.seek(999_999_998_998)
        assert (b"head\0\0", b"\0\0tail\0\0") == (head, stream.read(8))


def test_a_file_is_there_when_it_is_whole(archive: Path, tmp_path: Path, call: Call) -> None:
    out = tmp_path / "out.tar"
    ended = call("export", archive, "-o", out)
    assert (0, b"", "") == (ended.code, ended.out, ended.err)
    assert call("export", archive).out == out.read_bytes()
    assert {"shop.tar", "out.tar"} == {each.name for each in tmp_path.iterdir()}
    assert 0o666 & ~umask() == out.stat().st_mode & 0o777


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_broken_image_leaves_no_file_behind(tmp_path: Path, call: Call) -> None:
    path = docker_archive(tmp_path / "broken.tar", layer(file("a", b"a" * 100), link("b", "nowhere")))
    assert 3 == call("export", path, "-o", tmp_path / "out.tar").code
    assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_who_is_stopped_leaves_no_file_behind(
    archive: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    def stopped(_: object) -> Iterator[bytes]:
        yield b"begun" * 100_000
        os.kill(os.getpid(), number)
        yield b"never"

    monkeypatch.setattr("jettison.cli.export.export_tree", stopped)
    assert code == call("export", archive, "-o", tmp_path / "out.tar").code
    assert [archive] == list(tmp_path.iterdir())


def test_a_terminal_is_refused(archive: Path) -> None:
    leader, follower = pty.openpty()
    ended = subprocess.run(
        [sys.executable, "-m", "jettison", "export", str(archive)], stdout=follower, stderr=subprocess.PIPE
    )
    os.close(follower)
    os.close(leader)
    assert 2 == ended.returncode
    assert b"a tar is nothing for a terminal" in ended.stderr


def test_a_reader_that_goes_is_no_error(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "big.tar", layer(*(file(f"f{n}", b"x" * 100_000) for n in range(30))))
    process = subprocess.Popen(
        [sys.executable, "-m", "jettison", "export", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(1000)
    process.stdout.close()
    assert (0, b"") == (process.wait(), process.stderr.read())
    process.stderr.close()


def test_a_process_of_its_own_writes_the_same(archive: Path, call: Call) -> None:
    ended = jettison("export", archive)
    assert (0, "") == (ended.code, ended.err)
    assert call("export", archive).out == ended.out


NAMES = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
MEMBERS: st.SearchStrategy[Member] = st.one_of(
    *[st.builds(file, NAMES, st.sampled_from([b"", b"1", b"22"]))] * 3,
    st.builds(folder, NAMES),
    st.builds(gone, NAMES),
    st.builds(opaque, NAMES),
    st.builds(symlink, NAMES, st.sampled_from(["a", "../b", "/c"])),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(MEMBERS, max_size=6), min_size=1, max_size=4))
def test_random_stacks_come_out_as_a_second_way_merges_them(
    tmp_path: Path, call: Call, stack: list[list[Member]]
) -> None:
    layers = [layer(*members) for members in stack]
    path = docker_archive(tmp_path / "random.tar", *layers)
    ended = call("export", path)
    try:
        expected = dict(flat(second_merge.merged(layers)))
    except second_merge.Refused:
        assert 3 == ended.code
        return
    found = read(ended.out)
    assert expected.keys() == found.keys()
    for name, node in expected.items():
        assert isinstance(node, dict) == found[name].isdir()
        if not isinstance(node, dict):
            assert (node.size, node.link or "") == (found[name].size, found[name].linkname)
