"""`jettison diff`: the verdict, and every byte of what grew and shrank."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from stacked_image import Ended, Member, docker_archive, file, folder, gone, layer, link, oci_layout, opaque, symlink

from jettison.compare.images import compare_images
from jettison.core.errors import ImageError
from jettison.documents.schemas import schema
from jettison.image.model import Image
from jettison.image.open import open_image

Call = Callable[..., Ended]
Diff = Callable[..., tuple[int, dict[str, Any]]]
Stack = list[list[Member]]
BASE = [folder("etc"), file("etc/a", b"a" * 1000), folder("app"), file("app/b", b"b" * 5000)]


@pytest.fixture
def diff(tmp_path: Path, call: Call) -> Diff:
    """`diff(old, new, "--flag", ...)`: the exit code and the document."""

    def asked(old: Stack, new: Stack, *flags: str, **config: Any) -> tuple[int, dict[str, Any]]:
        one = docker_archive(tmp_path / "old.tar", *(layer(*each) for each in old))
        two = docker_archive(tmp_path / "new.tar", *(layer(*each) for each in new), **config)
        ended = call("diff", one, two, "--format", "json", *flags)
        assert "" == ended.err
        found: dict[str, Any] = json.loads(ended.out)
        Draft202012Validator(schema("diff")).validate(found)
        return ended.code, found

    return asked


def paths(found: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(each["path"], each["change"], each["bytes"]) for each in found["paths"]]


def test_an_image_and_itself_are_the_same(diff: Diff) -> None:
    code, found = diff([BASE], [BASE])
    assert (0, "same", [], [], []) == (code, *(found[key] for key in ("verdict", "paths", "folders", "config")))


def test_the_same_tree_in_other_layers_of_the_same_size_is_the_same(diff: Diff) -> None:
    code, found = diff([BASE], [BASE[:2], BASE[2:]])
    assert (0, "same") == (code, found["verdict"])
    assert ["changed", "added"] == [each["change"] for each in found["layers"]]


def test_what_is_gone_new_and_other_is_told_in_bytes(diff: Diff) -> None:
    code, found = diff([BASE], [[*BASE[:2], folder("app"), file("app/c", b"c" * 10), file("etc/a", b"A" * 400)]])
    assert (1, "smaller") == (code, found["verdict"])
    assert [("/app/b", "removed", -5000), ("/app/c", "added", 10), ("/etc/a", "content", -600)] == paths(found)
    assert {"old": 6000, "new": 1410} == found["sizes"]["unpacked"]  # etc/a stands in the layer twice
    assert {"old": 6000, "new": 410} == found["sizes"]["effective"]
    assert {"replaced-in-same-layer": {"old": 0, "new": 1000}} == found["causes"]


@pytest.mark.parametrize(
    ("old", "new", "change", "aspects"),
    [
        (file("f", b"1"), file("f", b"2"), "content", ["content"]),
        (file("f", b"1"), file("f", b"1", mode=0o600), "metadata", ["mode"]),
        (file("f", b"1"), file("f", b"1", uid=1, gid=2, mtime=5), "metadata", ["uid", "gid", "mtime"]),
        (symlink("f", "a"), symlink("f", "b"), "content", ["link"]),
        (symlink("f", "a"), file("f", b"1"), "content", ["type"]),
        (file("f", b"1"), file("f", b"1", pax_headers={"SCHILY.xattr.user.a": "1"}), "metadata", ["xattrs"]),
    ],
)
def test_equal_size_is_changed_and_says_in_what(
    diff: Diff, old: Member, new: Member, change: str, aspects: list[str]
) -> None:
    code, found = diff([BASE, [old]], [BASE, [new]])
    assert (1, change, aspects) == (code, found["paths"][0]["change"], found["paths"][0]["aspects"])
    assert found["verdict"] in ("changed", "larger")


def test_a_config_alone_is_a_change(diff: Diff) -> None:
    code, found = diff([BASE], [BASE], Env=["A=1"])
    assert (1, "changed", ["Env"], []) == (code, found["verdict"], found["config"], found["paths"])


def test_another_size_may_decide(diff: Diff) -> None:
    stacks: tuple[Stack, Stack] = (
        [BASE, [file("app/b", b"b" * 5000, uid=1)]],
        [[*BASE[:3], file("app/b", b"b" * 5001, uid=1)]],
    )
    assert "smaller" == diff(*stacks)[1]["verdict"]
    assert "larger" == diff(*stacks, "--size", "effective")[1]["verdict"]
    assert "smaller" == diff(*stacks, "--size", "waste")[1]["verdict"]


def test_a_size_that_is_not_known_is_refused(tmp_path: Path, call: Call) -> None:
    plain = docker_archive(tmp_path / "a.tar", layer(*BASE))
    ended = call("diff", plain, plain, "--size", "transfer")
    assert (2, b"") == (ended.code, ended.out)
    assert "does not tell its transfer size" in ended.err


def test_layers_are_paired_by_content_and_then_by_instruction(tmp_path: Path, call: Call) -> None:
    a, b, c, d = (layer(file(name, name.encode() * 100)) for name in ("a", "b", "c", "d"))
    b2 = layer(file("b", b"B" * 150))
    old = docker_archive(tmp_path / "old.tar", a, b, c, history=["FROM x", "RUN b", "RUN c"])
    new = docker_archive(tmp_path / "new.tar", a, b2, d, c, history=["FROM x", "RUN b", "RUN d", "RUN c"])
    found = json.loads(call("diff", old, new, "--format", "json").out)["layers"]
    assert [("same", 0, 0), ("changed", 1, 1), ("added", None, 2), ("same", 2, 3)] == [
        (each["change"], *(each[side] and each[side]["index"] for side in ("old", "new"))) for each in found
    ]
    assert (100, 150) == (found[1]["old"]["unpacked"], found[1]["new"]["unpacked"])


def test_a_hard_link_weighs_nothing_until_it_is_the_only_name(diff: Diff) -> None:
    linked = [file("a", b"x" * 900), link("b", "a")]
    assert [("/b", "removed", 0)] == [each for each in paths(diff([linked], [linked[:1]])[1]) if each[1] != "metadata"]
    assert {("/a", "removed", -900), ("/b", "metadata", 900)} == set(paths(diff([linked], [linked, [gone("a")]])[1]))


STATUS = "Package: {}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {}\n\n"


def debian(**versions: str) -> list[Member]:
    found = [file("var/lib/dpkg/status", "".join(STATUS.format(*each) for each in versions.items()).encode())]
    for name, version in versions.items():
        found.append(file(f"var/lib/dpkg/info/{name}.list", f"/usr/bin/{name}\n".encode()))
        found.append(file(f"usr/bin/{name}", b"x" * 1000 * len(version)))
    return found


def test_packages_that_came_went_and_changed_are_named(diff: Diff) -> None:
    module = '{"name": "left-pad", "version": "%s"}'
    old = [debian(gcc="12", bash="5.2"), [file("app/node_modules/left-pad/package.json", (module % "1.0.0").encode())]]
    new = [
        debian(bash="5.3.1", curl="8"),
        [file("app/node_modules/left-pad/package.json", (module % "1.1.0").encode())],
    ]
    found = {(each["type"], each["name"]): each for each in diff(old, new)[1]["packages"]}
    assert {
        ("dpkg", "gcc"): ("removed", "12", None),
        ("dpkg", "bash"): ("version", "5.2", "5.3.1"),
        ("dpkg", "curl"): ("added", None, "8"),
        ("node", "left-pad"): ("version", "1.0.0", "1.1.0"),
    } == {key: (each["change"], each["old"], each["new"]) for key, each in found.items()}
    assert 2000 == found["dpkg", "bash"]["bytes"]


def test_packages_that_stay_are_not_named(diff: Diff) -> None:
    assert [] == diff([debian(bash="1")], [debian(bash="1"), [file("x", b"1", mode=0o755)]])[1]["packages"]


def test_causes_and_classes_stand_side_by_side(diff: Diff) -> None:
    old = [[file("usr/share/doc/x", b"d" * 700)], [file("t", b"t" * 300)], [gone("t")]]
    found = diff(old, [[file("a", b"1")]])[1]
    assert {"deleted-later": {"old": 300, "new": 0}} == found["causes"]
    assert {"old": 700, "new": 0} == found["classes"]["documentation"]


def test_the_answer_stands_in_the_first_three_lines(tmp_path: Path, call: Call) -> None:
    before = [file("app/big", b"x" * 1_000_000), *(file(f"usr/share/doc/{n}", b"d" * 3000) for n in range(100))]
    old = docker_archive(tmp_path / "old.tar", layer(*before), layer(gone("app/big")))
    new = docker_archive(tmp_path / "new.tar", layer(file("app/small", b"x" * 100)))
    lines = call("diff", old, new).text.splitlines()
    assert [
        "smaller: 1.3 MB → 100 B, 1.3 MB less, 100.0 %, 13000.0 times smaller",
        "mostly -1.0 MB waste (deleted-later), -300.0 kB /usr/, +100 B /app/small",
        "layers: 2 → 1, 0 the same; paths: 1 new, 103 gone",
    ] == lines[:3]
    assert "   -300.0 kB  /usr/       gone, 100 files" in lines
    assert [] == [line for line in lines if "usr/share/doc/7" in line]
    everything = call("diff", old, new, "--all").text
    assert "  -     -3.0 kB  /usr/share/doc/7" in everything.splitlines()


def test_no_line_is_wider_than_the_terminal(tmp_path: Path, call: Call) -> None:
    names = ["n" * 200, "d/" * 50 + "x", "wide-" + "宽" * 60]
    old = docker_archive(tmp_path / "old.tar", layer(*BASE), layer(*debian(bash="1")), history=["RUN " + "x" * 300] * 2)
    new = docker_archive(tmp_path / "new.tar", layer(*(file(name, b"1" * 9000) for name in names)), history=["COPY y"])
    widths = [len(line) + sum(c == "宽" for c in line) for line in call("diff", old, new).text.splitlines()]
    assert 80 >= max(line for line in widths)


HOSTILE = "x\x1b[2J\u202e\n|<script>::error::`*"


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_hostile_names_do_nothing(tmp_path: Path, call: Call, form: str) -> None:
    module = json.dumps({"name": HOSTILE, "version": HOSTILE}).encode()
    old = docker_archive(tmp_path / "old.tar", layer(*BASE), history=[HOSTILE])
    new = docker_archive(
        tmp_path / "new.tar",
        layer(file(HOSTILE, b"1" * 9000), file("node_modules/x/package.json", module)),
        history=[HOSTILE],
    )
    out = call("diff", old, new, "--all", "--format", form).text
    assert None is re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", out)
    assert form == "text" or "<script>" not in out
    assert 0 == out.count("\n::error::")


def test_markdown_has_tables_that_hold(tmp_path: Path, call: Call) -> None:
    old, new = (
        docker_archive(tmp_path / "o.tar", layer(*BASE)),
        docker_archive(tmp_path / "n.tar", layer(*BASE, file("|", b"1"))),
    )
    out = call("diff", old, new, "--format", "markdown").text
    assert "### 🔼 larger: 6.0 kB → 6.0 kB, 1 B more, 0.0 %" == out.splitlines()[0]
    rows = [line for line in out.splitlines() if line.startswith("|")]
    assert "| +1 B | /&#124; | new |" in rows
    assert out.count("<details>") == out.count("</details>") > 0


def test_a_report_goes_to_a_file(tmp_path: Path, call: Call) -> None:
    archive = docker_archive(tmp_path / "a.tar", layer(*BASE))
    ended = call("diff", archive, archive, "-o", tmp_path / "out", "--format", "json")
    assert (0, b"", "same") == (ended.code, ended.out, json.loads((tmp_path / "out").read_text())["verdict"])


def test_every_form_says_the_same(tmp_path: Path, call: Call) -> None:
    old, new = [layer(*BASE)], [layer(*BASE), layer(file("etc/a", b"n" * 10), opaque("app"))]
    archives = [docker_archive(tmp_path / "old.tar", *old), docker_archive(tmp_path / "new.tar", *new)]
    layouts = [f"oci:{oci_layout(tmp_path / name, *each)}" for name, each in (("o", old), ("n", new))]
    found = [json.loads(call("diff", *each, "--format", "json").out) for each in (archives, layouts)]
    for key in ("verdict", "paths", "causes", "classes", "packages", "folders"):
        assert found[0][key] == found[1][key]
    assert 0 == call("diff", archives[0], layouts[0]).code


NAMES = st.lists(st.sampled_from("ab"), min_size=1, max_size=3).map("/".join)
DATA = st.sampled_from([b"", b"1" * 10, b"2" * 10, b"3" * 300])
MEMBERS: st.SearchStrategy[Member] = st.one_of(
    *[st.builds(file, NAMES, DATA)] * 3,
    st.builds(folder, NAMES),
    st.builds(gone, NAMES),
    st.builds(opaque, NAMES),
    st.builds(link, NAMES, NAMES),
)
STACKS = st.lists(st.lists(MEMBERS, max_size=6), min_size=1, max_size=3)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STACKS, STACKS)
def test_paths_and_folders_add_up_to_what_the_tree_grew(tmp_path: Path, first: Stack, second: Stack) -> None:
    images: list[Image] = []
    for name, stack in (("a", first), ("b", second)):
        images.append(open_image(str(docker_archive(tmp_path / name, *(layer(*each) for each in stack)))))
        try:
            assert len(images[-1].tree) >= 0
        except ImageError:  # a hard link to nothing
            return
    old, new = images
    nothing: tuple[list[None], list[None]] = [None] * len(old.layers), [None] * len(new.layers)
    found = compare_images(old, new, made=nothing)
    grown = new.sizes.effective - old.sizes.effective
    assert grown == sum(each.grown for each in found.paths)
    assert grown == sum(row.net for row in found.folders)
    assert sum(abs(each.grown) for each in found.paths) == sum(row.moved for row in found.folders)
    assert sorted(pair.old for pair in found.layers if pair.old is not None) == list(range(len(old.layers)))
    assert sorted(pair.new for pair in found.layers if pair.new is not None) == list(range(len(new.layers)))
    back = compare_images(new, old, made=(nothing[1], nothing[0]))
    assert {each.path: -each.grown for each in found.paths} == {each.path: each.grown for each in back.paths}
