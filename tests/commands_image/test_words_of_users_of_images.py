"""What users of the commands that read images found wrong: each told rightly since."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from stacked_image import Ended, docker_archive, file, folder, gone, layer, link, oci_layout, symlink

from jettison.compare import compare_config, compare_trees
from jettison.core.errors import ImageError
from jettison.image.open import open_image
from jettison.image.transports import fetched

Call = Callable[..., Ended]


def test_what_a_hard_link_tells_of_its_file_counts_as_a_difference(tmp_path: Path, call: Call) -> None:
    """The last header of an inode decides its mode: the first two are alike."""
    one = layer(file("a", b"hello", mode=0o644), link("b", "a", mode=0o600))
    other = layer(file("a", b"hello", mode=0o644), link("b", "a", mode=0o644))
    images = [oci_layout(tmp_path / str(number), each) for number, each in enumerate((one, other))]
    differences = compare_trees(*map(open_image, map(str, images))).differences
    assert {(b"a", "mode"), (b"b", "mode")} == set(differences)
    assert 1 == call("diff", *images).code
    assert not compare_trees(open_image(str(images[0])), open_image(str(images[0])))


def test_a_hard_link_in_a_layer_has_the_content_that_was_there_when_it_was_made(tmp_path: Path, call: Call) -> None:
    path = oci_layout(tmp_path / "x", layer(file("a", b"one"), link("b", "a"), link("c", "b"), file("a", b"two")))
    content = {name: call("cat", "--layer", 0, path, name).out for name in "abc"}
    assert {"a": b"two", "b": b"one", "c": b"one"} == content
    lost = oci_layout(tmp_path / "y", layer(link("b", "c"), link("c", "b")))
    told = call("cat", "--layer", 0, lost, "b")
    assert (1, True) == (told.code, "is a hard link to" in told.err)


def test_the_hint_of_a_file_that_is_gone_leads_to_it_through_a_linked_folder(tmp_path: Path, call: Call) -> None:
    first = layer(folder("usr"), folder("usr/bin"), symlink("bin", "usr/bin"), file("usr/bin/tool", b"A" * 9))
    path = oci_layout(tmp_path / "x", first, layer(gone("usr/bin/tool")))
    told = call("cat", path, "/bin/tool")
    assert (1, True) == (told.code, "--layer 0 /usr/bin/tool" in told.err)
    assert b"A" * 9 == call("cat", "--layer", 0, path, "/usr/bin/tool").out


def test_a_name_with_brackets_is_that_name_first(tmp_path: Path, call: Call) -> None:
    path = oci_layout(tmp_path / "x", layer(file("app/[id].js", b"x" * 70), file("app/i.js", b"y")))
    for more in ((), ("--layer", 0)):
        shown = call("ls", *more, path, "/app/[id].js").out.decode()
        assert (1, True) == (len(shown.splitlines()), "/app/[id].js" in shown)
    assert b"/app/i.js" in call("ls", path, "/app/[i].js").out


def test_a_folder_that_a_pattern_names_has_the_size_of_all_below_it(tmp_path: Path, call: Call) -> None:
    path = oci_layout(tmp_path / "x", layer(file("usr/lib/a", b"x" * 900_000), file("usr/README", b"y" * 100)))
    shown = call("ls", path, "/usr/*", "-S").out.decode()
    assert shown.index("/usr/lib") < shown.index("/usr/README")


def test_a_file_that_only_its_owner_may_read_stays_so(tmp_path: Path, call: Call) -> None:
    path, out = oci_layout(tmp_path / "x", layer(file("a", b"secret"))), tmp_path / "out.tar"
    out.touch(0o600)
    os.chown(out, os.geteuid(), os.getegid())
    assert 0 == call("export", path, "-o", out).code
    assert (0o600, True) == (stat.S_IMODE(out.stat().st_mode), out.stat().st_size > 0)


@pytest.mark.parametrize("config", [{"Env": [1]}, {"Env": 1}, {"Labels": ["x"]}, {"Cmd": {"a": 1}}, {"User": 3}])
def test_a_config_of_another_shape_is_read_and_told_by_validation(
    tmp_path: Path, call: Call, config: dict[str, object]
) -> None:
    path = oci_layout(tmp_path / "x", layer(file("a", b"x")), **config)
    good = oci_layout(tmp_path / "y", layer(file("a", b"x")))
    assert 0 == call("inspect", path).code
    assert call("diff", path, good).code in (0, 1)
    assert next(iter(config)) in call("inspect", "--validate", path).out.decode()


def test_a_stop_at_once_is_no_stop_by_default(tmp_path: Path) -> None:
    made = [
        open_image(str(oci_layout(tmp_path / str(number), layer(file("a", b"x")), **config)))
        for number, config in enumerate(({"StopTimeout": 0}, {}, {"StopTimeout": None, "User": "", "Labels": {}}))
    ]
    assert ("StopTimeout",) == compare_config(made[0], made[1])
    assert () == compare_config(made[1], made[2])


def test_one_of_several_images_is_named_behind_its_place(tmp_path: Path, call: Call) -> None:
    path = docker_archive(tmp_path / "x.tar", layer(file("a", b"x")))
    assert b"a" in call("ls", f"{path}:shop:1").out
    told = call("ls", f"{path}:shop:3")
    assert (3, True) == (told.code, "has no image shop:3" in told.err)


def test_two_architectures_of_a_package_are_two(tmp_path: Path, call: Call) -> None:
    status = "".join(
        f"Package: libc6\nStatus: install ok installed\nArchitecture: {each}\nMulti-Arch: same\nVersion: 2\n\n"
        for each in ("amd64", "i386")
    )
    path = oci_layout(
        tmp_path / "x",
        layer(
            file("var/lib/dpkg/status", status.encode()),
            file("var/lib/dpkg/info/libc6:amd64.list", b"/lib64/libc.so\n"),
            file("var/lib/dpkg/info/libc6:i386.list", b"/lib/libc.so\n"),
            file("lib64/libc.so", b"x" * 1000),
            file("lib/libc.so", b"y" * 2000),
        ),
    )
    found = json.loads(call("inspect", path, "--packages", "--format", "json").out)["packages"]
    assert ["libc6:i386", "libc6"] == [each["name"] for each in found["packages"]]


class _Far(fetched.FetchedSource):
    """A layer in a registry that takes its time."""

    is_here = False  # type: ignore[assignment]
    came = 0

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def fetch(self) -> NoReturn:
        self.stopped.wait(30)
        raise ImageError("stopped", hint="")

    def stop(self) -> None:
        self.stopped.set()


def test_ctrl_c_between_the_starts_of_two_threads_is_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    start, started = threading.Thread.start, []

    def once(thread: threading.Thread) -> None:
        if started:
            raise KeyboardInterrupt
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", once)
    with pytest.raises(KeyboardInterrupt):
        list(fetched.fetch([_Far(), _Far()]))
    assert not started[0].is_alive()


@pytest.mark.parametrize("kind", ["program", "folder", "pipe"])
def test_what_is_called_like_an_image_and_is_none_does_not_stand_in_its_way(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A Go program is often called as the image that it goes into."""
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "app"
    {
        "program": lambda: place.write_bytes(b"\x7fELF" + bytes(5000)),
        "folder": place.mkdir,
        "pipe": lambda: os.mkfifo(place),
    }[kind]()
    told = call("inspect", "app:1")
    assert (3, True) == (told.code, "no image called app:1 was found" in told.err)
