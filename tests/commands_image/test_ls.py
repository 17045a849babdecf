"""`jettison ls`: the right lines, for people and for programs, whatever the names."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stacked_image import (
    Ended,
    docker_archive,
    file,
    folder,
    gone,
    layer,
    link,
    oci_layout,
    opaque,
    other,
    symlink,
)

from jettison.image.listing import compiled

Call = Callable[..., Ended]
HOSTILE = "etc/\x1b[2J\u202e\n::error::"
LAYERS = (
    layer(
        folder("usr", mode=0o755),
        file("usr/big", b"b" * 12_345, mode=0o4755, uid=10, gid=20),
        link("usr/again", "usr/big", mode=0o4755, uid=10, gid=20),
        file("usr/lib/a.pyc", b"1" * 100),
        file("usr/lib/deep/b.pyc", b"2" * 200),
        symlink("lib", "usr/lib"),
        symlink("dangling", "/nowhere"),
        other("dev/null", tarfile.CHRTYPE, devmajor=1, devminor=3),
        file("old/x", b"x" * 10),
        folder("empty"),
    ),
    layer(file(HOSTILE, b"h"), file(b"etc/\xff", b"f"), gone("old"), opaque("empty"), file("usr/lib/c", b"3" * 50)),
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return docker_archive(tmp_path / "shop.tar", *LAYERS)


def paths(ended: Ended) -> list[str]:
    assert (0, "") == (ended.code, ended.err)
    return [re.split(r"  L\d+ +", line, maxsplit=1)[1] for line in ended.text.splitlines()]


def rows(ended: Ended) -> dict[str, dict[str, Any]]:
    assert (0, "") == (ended.code, ended.err)
    return {row["path"]: row for row in map(json.loads, ended.out.splitlines())}


def test_without_a_pattern_the_root_is_listed(archive: Path, call: Call) -> None:
    lines = call("ls", archive).text.splitlines()
    assert [
        "lrwxrwxrwx 0:0        -  2023-11-14  L0  /dangling -> /nowhere",
        "drwxr-xr-x 0:0      0 B  1970-01-01  L0  /dev/",
        "drwxr-xr-x 0:0      0 B  2023-11-14  L0  /empty/",
        "drwxr-xr-x 0:0      2 B  1970-01-01  L1  /etc/",
        "lrwxrwxrwx 0:0        -  2023-11-14  L0  /lib -> usr/lib",
        "drwxr-xr-x 0:0  12.7 kB  2023-11-14  L0  /usr/",
    ] == lines


def test_a_folder_weighs_what_is_below_it_hard_links_once(archive: Path, call: Call) -> None:
    assert {"/usr": 12_345 + 350} == {
        name: row["below"] for name, row in rows(call("ls", archive, "--format", "json")).items() if name == "/usr"
    }


def test_a_file_is_told_with_everything(archive: Path, call: Call) -> None:
    assert "-rwsr-xr-x 10:20  12345  2023-11-14  L0  /usr/big\n" == call("ls", archive, "/usr/big", "--bytes").text
    found = rows(call("ls", archive, "/usr/big", "--format", "json"))["/usr/big"]
    expected = {"path": "/usr/big", "type": "file", "mode": "4755", "uid": 10, "gid": 20, "size": 12_345, "layer": 0}
    assert expected | {"mtime": 1_700_000_000} == found


def test_hard_links_name_the_other_and_devices_their_numbers(archive: Path, call: Call) -> None:
    assert (
        "-rwsr-xr-x 10:20  12.3 kB  2023-11-14  L0  /usr/again = /usr/big\n" == call("ls", archive, "/usr/again").text
    )
    assert "/usr/big" == rows(call("ls", archive, "/usr/again", "--format", "json"))["/usr/again"]["hard_link"]
    assert "crw-r--r-- 0:0  1, 3" == call("ls", archive, "/dev").text[:20]
    assert [1, 3] == rows(call("ls", archive, "/dev", "--format", "json"))["/dev/null"]["device"]


@pytest.mark.parametrize("name", ["/lib", "lib/", "/usr/lib", "/usr/../lib/.", "usr//lib"])
def test_ways_that_lead_to_a_folder_list_it(archive: Path, call: Call, name: str) -> None:
    assert ["/usr/lib/a.pyc", "/usr/lib/c", "/usr/lib/deep/"] == paths(call("ls", archive, name))


def test_a_symbolic_link_is_shown_where_it_leads_to_no_folder(archive: Path, call: Call) -> None:
    assert ["/dangling -> /nowhere"] == paths(call("ls", archive, "dangling"))


def test_all_below_is_listed_on_demand(archive: Path, call: Call) -> None:
    assert ["/usr/lib/a.pyc", "/usr/lib/c", "/usr/lib/deep/", "/usr/lib/deep/b.pyc"] == paths(
        call("ls", archive, "/lib", "-R")
    )
    assert 16 == len(paths(call("ls", archive, "-R")))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.pyc", ["/usr/lib/a.pyc", "/usr/lib/deep/b.pyc"]),
        ("/usr/lib/*.pyc", ["/usr/lib/a.pyc"]),
        ("/usr/**/*.pyc", ["/usr/lib/a.pyc", "/usr/lib/deep/b.pyc"]),
        ("**/b.pyc", ["/usr/lib/deep/b.pyc"]),
        ("/usr/lib/[!a]*", ["/usr/lib/c", "/usr/lib/deep/"]),
        ("/usr/li?/c", ["/usr/lib/c"]),
        ("/lib/*.pyc", ["/usr/lib/a.pyc"]),
        ("lib/**/*.pyc", ["/usr/lib/a.pyc", "/usr/lib/deep/b.pyc"]),
        ("/lib/deep/*", ["/usr/lib/deep/b.pyc"]),
        ("*/big", ["/usr/big"]),
        ("/usr/lib/**", ["/usr/lib/a.pyc", "/usr/lib/c", "/usr/lib/deep/", "/usr/lib/deep/b.pyc"]),
    ],
)
def test_patterns_are_those_of_a_shell(archive: Path, call: Call, pattern: str, expected: list[str]) -> None:
    assert expected == paths(call("ls", archive, pattern))


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        (b"a.c", b"abc", False),
        (b"[]]", b"]", True),
        (b"[^a]", b"^", True),
        (b"[^a]", b"b", False),
        (b"*", b"x/y", True),
        (b"/*", b"x/y", False),
        (b"a**b", b"a/x/b", True),
        (b"a/**/b", b"a/b", True),
        (b"[", b"[", True),
        (b"(x|y)", b"x", False),
        (b"[z-", b"[z-", True),
        (b"\xff*", b"\xff\xfe", True),
    ],
)
def test_no_character_of_a_pattern_means_more_than_it_should(pattern: bytes, path: bytes, fits: bool) -> None:
    assert fits == bool(compiled(pattern).match(path))


def test_a_range_that_is_none_is_refused_or_harmless(archive: Path, call: Call) -> None:
    ended = call("ls", archive, "[z-a]")
    assert (2, b"") == (ended.code, ended.out)
    assert "is no pattern" in ended.err


def test_sorted_by_size_the_biggest_stands_first(archive: Path, call: Call) -> None:
    sizes = [row["size"] for row in rows(call("ls", archive, "-R", "-S", "--format", "json")).values()]
    assert sorted(sizes, reverse=True) == sizes
    assert "/usr/" == paths(call("ls", archive, "-S"))[0]


def test_names_cannot_act_on_a_terminal(archive: Path, call: Call) -> None:
    out = call("ls", archive, "/etc").text
    assert [r"/etc/\e[2J\u202e\n::error::", r"/etc/\xff"] == paths(Ended(0, out.encode(), ""))
    assert None is re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", out)


def test_json_keeps_names_as_they_are_and_bytes_beside_them(archive: Path, call: Call) -> None:
    found = rows(call("ls", archive, "/etc", "--format", "json"))
    assert {"/" + HOSTILE, r"/etc/\xff"} == set(found)
    assert "ZXRjL/8=" == found[r"/etc/\xff"]["path_base64"]


def test_a_layer_shows_what_it_removes(archive: Path, call: Call) -> None:
    ended = call("ls", archive, "--layer", 1)
    assert [
        "/empty/ (all that lower layers have in it is hidden)",
        r"/etc/\e[2J\u202e\n::error::",
        r"/etc/\xff",
        "/old (removed)",
        "/usr/lib/c",
    ] == [line.partition("L1  ")[2] for line in ended.text.splitlines()]
    kinds = {name: row["type"] for name, row in rows(call("ls", archive, "--layer=-1", "--format", "json")).items()}
    assert ("opaque", "whiteout") == (kinds["/empty"], kinds["/old"])


def test_a_layer_below_has_what_a_container_does_not_see(archive: Path, call: Call) -> None:
    assert ["/old/x"] == paths(call("ls", archive, "/old", "--layer", 0))
    assert ["/old/x"] == paths(call("ls", archive, "./usr/..//old/", "--layer", 0))
    assert 1 == call("ls", archive, "/old").code


def test_a_pattern_that_the_shell_filled_in_is_told_as_that(archive: Path, call: Call) -> None:
    ended = call("ls", archive, "/etc/passwd", "/etc/group")
    assert (2, b"") == (ended.code, ended.out)
    assert "ls takes one path or pattern, and was given 2\nhint: quote a pattern" in ended.err


def test_what_is_not_there_ends_with_one_and_names_that_are_near(archive: Path, call: Call) -> None:
    ended = call("ls", archive, "/usr/bigg")
    assert (1, b"") == (ended.code, ended.out)
    assert f"jettison: {archive} has nothing called /usr/bigg\nhint: there is /usr/big\n" == ended.err
    assert (1, "") == (call("ls", archive, "*.nothing").code, call("ls", archive, "*.nothing").text)


def test_an_empty_folder_is_no_failure(archive: Path, call: Call) -> None:
    ended = call("ls", archive, "/empty")
    assert (0, b"", "") == (ended.code, ended.out, ended.err)


def test_an_oci_layout_lists_the_same(archive: Path, tmp_path: Path, call: Call) -> None:
    layout = oci_layout(tmp_path / "layout", *LAYERS)
    assert call("ls", archive, "-R").out == call("ls", f"oci:{layout}", "-R").out


def test_a_reader_that_goes_is_no_error(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "many.tar", layer(*(file(f"f{n}") for n in range(20_000))))
    command = f"{sys.executable} -m jettison ls {path} | head -1"
    ended = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert (0, 1, "") == (ended.returncode, len(ended.stdout.splitlines()), ended.stderr)
