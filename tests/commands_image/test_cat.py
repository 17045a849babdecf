"""`jettison cat`: the bytes, and nothing else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from stacked_image import Ended, docker_archive, file, folder, gone, layer, link, oci_layout, other, symlink

from jettison.cli.cat import _acts

Call = Callable[..., Ended]
BINARY = bytes(range(256)) * 5000
LAYERS = (
    layer(
        file("etc/motd", b"hello\n"),
        file("bin/prog", BINARY),
        link("bin/same", "bin/prog"),
        symlink("lib", "usr/lib"),
        file("usr/lib/x", b"x of lib"),
        symlink("usr/lib/to-motd", "../../etc/motd"),
        symlink("nowhere", "/not/there"),
        symlink("loop", "loop"),
        other("dev/null", tarfile.CHRTYPE),
        other("pipe", tarfile.FIFOTYPE),
        folder("tmp"),
        file("root/.npmrc", b"token\n"),
        file("empty"),
        file(b"na\xefve", b"latin"),
    ),
    layer(gone("root/.npmrc"), file("etc/motd", b"bye\n"), link("again", "bin/prog"), symlink("s", "again")),
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return docker_archive(tmp_path / "shop.tar", *LAYERS)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/etc/motd", b"bye\n"),
        ("etc/motd", b"bye\n"),
        ("/bin/prog", BINARY),
        ("/bin/same", BINARY),
        ("/s", BINARY),
        ("/lib/x", b"x of lib"),
        ("/lib/to-motd", b"bye\n"),
        ("/lib/../lib/../../etc/./motd", b"bye\n"),
        ("/empty", b""),
        (os.fsdecode(b"/na\xefve"), b"latin"),
    ],
)
def test_a_file_is_written_byte_for_byte(archive: Path, call: Call, path: str, expected: bytes) -> None:
    ended = call("cat", archive, path)
    assert (0, expected, "") == (ended.code, ended.out, ended.err)


def test_several_are_written_one_after_another_from_every_form(archive: Path, tmp_path: Path, call: Call) -> None:
    layout = oci_layout(tmp_path / "layout", *LAYERS)
    for form in (archive, f"oci:{layout}"):
        assert b"bye\nx of lib" + BINARY + b"bye\n" == call("cat", form, "/etc/motd", "/lib/x", "/s", "/etc/motd").out


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/tmp", "is a directory: see `jettison ls`"),
        ("/", "is a directory: see `jettison ls`"),
        ("/lib", "is a directory: see `jettison ls`"),
        ("/dev/null", "is a device"),
        ("/pipe", "is a named pipe"),
        ("/nowhere", "is a symbolic link that leads nowhere: /not/there"),
        ("/loop", "is a symbolic link that leads nowhere: loop"),
        ("/root/.npmrc", "is gone: layer 1 took it away, and layer 0 still has it: --layer 0"),
        ("/etc/motd/x", "never was in this image"),
    ],
)
def test_what_is_no_file_is_said_and_the_rest_written(archive: Path, call: Call, path: str, why: str) -> None:
    ended = call("cat", archive, path, "/etc/motd")
    assert (1, b"bye\n") == (ended.code, ended.out)
    assert f"jettison: {path} {why}" == ended.err.splitlines()[0]


def test_a_name_that_is_nearly_right_is_helped(archive: Path, call: Call) -> None:
    assert "hint: there is /etc/motd" == call("cat", archive, "/etc/modt").err.splitlines()[1]
    assert "hint: there is /usr/lib/x" == call("cat", archive, "/usr/lib64/x").err.splitlines()[1]


def test_a_layer_still_has_what_a_later_one_took(archive: Path, call: Call) -> None:
    assert b"token\nhello\n" == call("cat", "--layer", 0, archive, "/root/.npmrc", "etc/motd").out
    ended = call("cat", "--layer", -1, archive, "/root/.npmrc", "/again", "/bin/prog", "/s", "/etc/motd")
    assert (1, b"bye\n") == (ended.code, ended.out)
    assert [
        "jettison: /root/.npmrc is removed in this layer",
        "jettison: /again is a hard link to /bin/prog of a lower layer",
        "jettison: /bin/prog is not in this layer; `jettison why` tells which have it",
        "jettison: /s is a symbolic link to again",
    ] == ended.err.splitlines()
    assert BINARY == call("cat", "--layer", 0, archive, "/bin/same").out


def test_a_layer_s_path_may_be_written_as_a_shell_has_it(archive: Path, call: Call) -> None:
    assert b"hello\n" == call("cat", "--layer", 0, archive, "./etc//../etc/./motd").out


def test_a_whiteout_removes_nothing_of_its_own_layer(tmp_path: Path, call: Call) -> None:
    path = docker_archive(tmp_path / "both.tar", layer(file("a", b"old")), layer(file("a", b"new"), gone("a")))
    assert b"new" == call("cat", path, "a").out
    assert b"new" == call("cat", "--layer", 1, path, "a").out


def on_a_terminal(*arguments: object) -> tuple[int, bytes, bytes]:
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "jettison", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=follower, stderr=subprocess.PIPE)
    _, err = process.communicate(timeout=60)
    os.close(follower)
    os.set_blocking(leader, False)
    try:
        out = os.read(leader, 10_000)
    except OSError:
        out = b""
    os.close(leader)
    return process.returncode, out, err


def test_a_terminal_gets_text_and_nothing_that_acts_on_it(archive: Path) -> None:
    assert (0, b"bye\r\n", b"") == on_a_terminal("cat", archive, "/etc/motd")
    code, out, err = on_a_terminal("cat", archive, "/bin/prog")
    assert (2, b"") == (code, out)
    assert b"could act on your terminal" in err
    assert f"hint: jettison cat {archive} /bin/prog | less, or > FILE".encode() in err


@pytest.mark.parametrize("acting", ["\u009b31mred", "\u202eder", "shown\rhidden"])
def test_controls_beyond_ascii_and_a_bare_return_act_too(tmp_path: Path, acting: str) -> None:
    path = docker_archive(tmp_path / "x.tar", layer(file("f", f"a\n{acting}\n".encode())))
    assert (2, b"") == on_a_terminal("cat", path, "/f")[:2]


def test_other_encodings_long_files_and_ends_of_lines_are_text(tmp_path: Path) -> None:
    text = "caf\xe9\t1\r\n".encode("latin-1") + b"\r\n" + "é".encode() * 600_000 + b"\n"
    path = docker_archive(tmp_path / "x.tar", layer(file("f", b"." + text), file("g", text[:9])))
    assert (0, b"caf\xe9\t1\r\r\n\r") == on_a_terminal("cat", path, "/g")[:2]
    assert not _acts(text.decode("utf-8", "surrogateescape"))


def test_a_reader_that_goes_is_no_error(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "big.tar", layer(file("f", b"line\n" * 1_000_000)))
    command = f"{sys.executable} -m jettison cat {path} /f | head -1"
    ended = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert (0, "line\n", "") == (ended.returncode, ended.stdout, ended.stderr)
