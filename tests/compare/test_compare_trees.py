"""What LOSSLESS means, aspect by aspect: one thing differs between two trees, and exactly that is told."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from typing import Any, BinaryIO

import pytest

from jettison.compare import Noise, compare_config, compare_trees, noise_from_json, noise_of, noise_to_json
from jettison.core.reference import Reference, Transport
from jettison.image.model import Columns, Entry, Image, Kind, Layer, LayerSource

SECOND = 10**9
Member = tuple[Entry, bytes]


def member(path: str, data: bytes = b"", kind: Kind = Kind.FILE, **more: Any) -> Member:
    """A file of root's, mode 0644, made at second 7; `more` are fields of Entry."""
    size = len(data) if kind is Kind.FILE else 0
    entry = Entry(path.encode("utf-8", "surrogateescape"), kind, 0o644, 0, 0, 7 * SECOND, size, b"", -1, (0, 0), ())
    return entry._replace(**more), data


@dataclass(frozen=True)
class Listed(LayerSource):
    members: tuple[Member, ...]

    def columns(self) -> Columns:
        columns = Columns()
        for entry, _ in self.members:
            columns.append(entry)
        return columns

    def open(self, entry: Entry) -> BinaryIO:
        return io.BytesIO(next(data for listed, data in self.members if listed.path == entry.path))


def image(*layers: list[Member], config: dict[str, Any] | None = None, **more: Any) -> Image:
    made = [Layer("sha256:" + hashlib.sha256(repr(each).encode()).hexdigest(), Listed(tuple(each))) for each in layers]
    return Image(Reference(Transport.OCI, "made"), "sha256:0", {"config": config or {}, **more}, tuple(made))


def differences(old: Image, new: Image, noise: Noise | None = None) -> list[tuple[bytes, str]]:
    return list(compare_trees(old, new, noise=noise).differences)


BASE = [member("etc", kind=Kind.DIRECTORY, mode=0o755), member("etc/passwd", b"root")]
FILE = member("opt/f", b"one")
NULL = member("opt/f", kind=Kind.CHARACTER, device=(1, 3))
SYMLINK = member("opt/f", kind=Kind.SYMLINK, link=b"/a")


@pytest.mark.parametrize(
    ("old", "new", "aspect"),
    [
        (FILE, member("opt/f", b"two"), "content"),
        (FILE, member("opt/f", b"three"), "content"),
        (FILE, member("opt/f", b"one", mode=0o4644), "mode"),
        (FILE, member("opt/f", b"one", uid=5), "uid"),
        (FILE, member("opt/f", b"one", gid=5), "gid"),
        (FILE, member("opt/f", b"one", mtime=8 * SECOND), "mtime"),
        (FILE, member("opt/f", b"one", xattrs=((b"security.capability", b"\1"),)), "xattrs"),
        (FILE, SYMLINK, "type"),
        (SYMLINK, member("opt/f", kind=Kind.SYMLINK, link=b"/b"), "link"),
        (SYMLINK, member("opt/f", kind=Kind.SYMLINK, link=b"/a", mtime=0), "mtime"),
        (NULL, member("opt/f", kind=Kind.CHARACTER, device=(1, 5)), "device"),
        (member("opt/f", kind=Kind.CHARACTER), member("opt/f", kind=Kind.BLOCK), "type"),
        (member("opt/f", kind=Kind.DIRECTORY), member("opt/f", kind=Kind.DIRECTORY, mode=0o1777), "mode"),
        (member("opt/f", kind=Kind.DIRECTORY), FILE, "type"),
    ],
)  # fmt: skip
def test_each_aspect_is_seen_and_named(old: Member, new: Member, aspect: str) -> None:
    assert [(b"opt/f", aspect)] == differences(image(BASE, [old]), image(BASE, [new]))


def test_equal_trees_have_no_difference_however_their_layers_are_cut() -> None:
    link = member("opt/l", kind=Kind.SYMLINK, link=b"f")
    old = image(BASE, [FILE, member("junk", b"x" * 100)], [member("junk", kind=Kind.WHITEOUT), link])
    new = image(BASE, [FILE, link])
    assert (False, ()) == (bool(compare_trees(old, new)), compare_trees(old, new).differences)


def test_a_time_is_compared_to_the_second_and_a_directorys_not_at_all() -> None:
    """Layers written without PAX records have whole seconds; a directory's time is that of the last name in it."""
    one = [member("f", mtime=7 * SECOND), member("d", kind=Kind.DIRECTORY, mtime=1)]
    two = [member("f", mtime=7 * SECOND + 1), member("d", kind=Kind.DIRECTORY, mtime=9 * SECOND)]
    assert [] == differences(image(one), image(two))


def test_paths_that_come_and_go_are_told_in_order() -> None:
    old, new = image(BASE, [member("a"), member("c")]), image(BASE, [member("b"), member("c")])
    assert [(b"a", "removed"), (b"b", "added")] == differences(old, new)


def test_a_file_in_a_directory_that_no_layer_describes_is_the_same_as_in_one_that_does() -> None:
    described = [member("opt", kind=Kind.DIRECTORY, mode=0o755), FILE]
    assert [] == differences(image([FILE]), image(described))


def test_hard_links_are_compared_by_their_groups() -> None:
    linked = [FILE, member("opt/g", kind=Kind.HARDLINK, link=b"opt/f")]
    copied = [FILE, member("opt/g", b"one")]
    assert [(b"opt/f", "hard links"), (b"opt/g", "hard links")] == differences(image(linked), image(copied))
    assert [] == differences(image(linked), image(list(linked)))
    other = [member("opt/g", b"one"), member("opt/f", kind=Kind.HARDLINK, link=b"opt/g")]
    assert [] == differences(image(linked), image(other))


def test_directories_that_no_layer_describes_are_no_hard_links_of_each_other() -> None:
    assert [] == differences(image([member("a/b/c"), member("d/e/f")]), image([member("d/e/f")], [member("a/b/c")]))


def test_equal_content_in_another_layer_is_equal() -> None:
    assert [] == differences(image(BASE, [FILE], [member("x", b"y")]), image(BASE, [FILE, member("x", b"y")]))


def test_what_differs_between_two_builds_of_one_text_is_noise() -> None:
    one = image(BASE, [member("log", b"10:01"), member("made", b"m", mtime=1 * SECOND), member("tmp-1"), FILE])
    two = image(BASE, [member("log", b"10:02"), member("made", b"m", mtime=2 * SECOND), member("tmp-2"), FILE])
    noise = noise_of(one, two)
    assert {(b"log", "content"), (b"made", "mtime"), (b"tmp-1", "removed"), (b"tmp-2", "added")} == noise.differences
    assert frozenset({b"log", b"made", b"tmp-1", b"tmp-2"}) == noise.paths
    three = image(BASE, [member("log", b"10:03:00", mode=0o600), member("made", b"m", mtime=3 * SECOND), FILE])
    assert [] == differences(one, three, noise)


def test_noise_covers_no_more_than_what_moved() -> None:
    """A file whose time moves by itself may not change its content, nor a steady one its time."""
    noise = Noise(frozenset({(b"made", "mtime")}))
    old, new = image([member("made", b"m"), FILE]), image([member("made", b"n", mtime=1), FILE])
    assert [(b"made", "content")] == differences(old, new, noise)
    assert [(b"opt/f", "mtime")] == differences(image([FILE]), image([member("opt/f", b"one", mtime=1)]), noise)


def test_noise_survives_the_journal() -> None:
    noise = Noise(frozenset({(b"a\xff\n|", "content"), (b"b", "mtime")}))
    assert noise == noise_from_json(json.loads(json.dumps(noise_to_json(noise))))


def test_a_summary_names_a_few_and_counts_the_rest() -> None:
    new = image([member(f"f{number}") for number in range(5)])
    assert "/f0 (added), /f1 (added), /f2 (added) and 2 more" == compare_trees(image([]), new).summary()


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        ({"User": "root"}, {}, ()),
        ({"User": "0:0"}, {"User": ""}, ()),
        ({"Env": ["A=1", "B=2"]}, {"Env": ["B=2", "A=1"]}, ()),
        ({"Cmd": None, "Volumes": {}, "Tty": False}, {"Entrypoint": []}, ()),
        ({"Labels": {"io.buildah.version": "1.28"}}, {"Labels": None}, ()),
        ({"Hostname": "a1b2", "Image": "sha256:1"}, {"Hostname": "c3d4"}, ()),
        ({"User": "app"}, {}, ("User",)),
        ({"Env": ["A=1"]}, {"Env": ["A=2"]}, ("Env",)),
        ({"Cmd": ["a", "b"]}, {"Cmd": ["b", "a"]}, ("Cmd",)),
        ({"Labels": {"a": "1", "io.buildah.version": "1"}}, {"Labels": {"a": "2"}}, ("Labels",)),
        ({"Entrypoint": ["/a"], "WorkingDir": "/app"}, {"Entrypoint": ["/b"]}, ("Entrypoint", "WorkingDir")),
        ({"Healthcheck": {"Test": ["CMD", "a"]}}, {}, ("Healthcheck",)),
        ({"StopSignal": "SIGINT"}, {"StopSignal": "SIGTERM"}, ("StopSignal",)),
        ({"ExposedPorts": {"80/tcp": {}}}, {"ExposedPorts": {"81/tcp": {}}}, ("ExposedPorts",)),
        ({"Shell": ["/bin/bash", "-c"]}, {}, ("Shell",)),
        ({"OnBuild": ["RUN true"]}, {}, ("OnBuild",)),
    ],
)
def test_configs_are_compared_by_what_they_mean(
    old: dict[str, Any], new: dict[str, Any], keys: tuple[str, ...]
) -> None:
    assert keys == compare_config(image(config=old), image(config=new))
    assert keys == compare_config(image(config=new), image(config=old))


def test_the_platform_is_part_of_the_config_and_history_is_not() -> None:
    old = image(os="linux", architecture="amd64", history=[{"created_by": "a"}], created="2024", variant="")
    assert () == compare_config(old, image(os="linux", architecture="amd64", created="2025"))
    assert ("architecture", "variant") == compare_config(old, image(os="linux", architecture="arm64", variant="v8"))
