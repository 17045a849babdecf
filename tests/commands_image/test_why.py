"""`jettison why`: each kind of event, on stacks that have it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from stacked_image import Ended, Member, docker_archive, file, folder, gone, layer, link, oci_layout, opaque, symlink

from jettison.documents.schemas import schema

Call = Callable[..., Ended]
Why = Callable[..., dict[str, Any]]
A, B = b"a" * 1000, b"b" * 1000


@pytest.fixture
def why(tmp_path: Path, call: Call) -> Why:
    """`why("/path", [members of layer 0], ...)`: the document."""

    def asked(path: str, *layers: list[Member]) -> dict[str, Any]:
        archive = docker_archive(tmp_path / "shop.tar", *(layer(*members) for members in layers))
        ended = call("why", archive, path, "--format", "json")
        found: dict[str, Any] = json.loads(ended.out)
        Draft202012Validator(schema("why")).validate(found)
        assert int(not found["events"]) == ended.code
        return found

    return asked


def events(found: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(each["layer"], each["change"], each["bytes"]) for each in found["events"]]


def test_a_file_that_is_added_and_left_alone_has_one_event(why: Why) -> None:
    found = why("/a", [file("b")], [file("a", A)], [file("c")])
    assert [(1, "added", 1000)] == events(found)
    assert (True, "/a", 1000) == (found["seen"], found["real"], found["bytes"])
    assert "COPY layer 1 /" == found["events"][0]["created_by"]
    assert {"type": "file", "mode": "0644", "uid": 0, "gid": 0, "size": 1000} == {
        key: found["now"][key] for key in ("type", "mode", "uid", "gid", "size")
    }


def test_other_bytes_are_content_and_other_metadata_alone_is_metadata(why: Why) -> None:
    found = why("/a", [file("a", A)], [file("a", B, uid=7)], [file("a", B, uid=7, mode=0o600)], [file("a", B[:-1])])
    assert [(0, "added", 1000), (1, "content", 1000), (2, "metadata", 1000), (3, "content", 999)] == events(found)
    assert [[], ["uid"], ["mode"], ["mode", "uid"]] == [each["aspects"] for each in found["events"]]
    assert 3999 == found["bytes"]


def test_a_file_that_is_stored_again_unchanged_is_metadata_without_an_aspect(why: Why) -> None:
    found = why("/a", [file("a", A)], [file("a", A)])
    assert [(0, "added", 1000), (1, "metadata", 1000)] == events(found)
    assert [] == found["events"][1]["aspects"]


def test_a_whiteout_removes_and_what_is_added_again_is_added(why: Why) -> None:
    found = why("/d/a", [file("d/a", A)], [gone("d/a")], [file("d/a", B)])
    assert [(0, "added", 1000), (1, "removed", 0), (2, "added", 1000)] == events(found)
    assert (True, "whiteout", "/d/a") == (found["seen"], found["events"][1]["how"], found["events"][1]["by"])


def test_a_whiteout_of_a_folder_removes_what_is_in_it(why: Why) -> None:
    found = why("/d/e/a", [file("d/e/a", A)], [gone("d")])
    assert [(0, "added", 1000), (1, "removed", 0)] == events(found)
    assert (False, "whiteout", "/d") == (found["seen"], found["events"][1]["how"], found["events"][1]["by"])


def test_an_opaque_folder_hides_what_is_below_it(why: Why) -> None:
    found = why("/d/e/a", [file("d/e/a", A)], [opaque("d"), file("d/x")])
    assert [(0, "added", 1000), (1, "hidden", 0)] == events(found)
    assert ("opaque", "/d") == (found["events"][1]["how"], found["events"][1]["by"])


def test_the_same_layer_may_hide_and_bring(why: Why) -> None:
    found = why("/d/a", [file("d/a", A)], [file("d/a", B), opaque("d")])
    assert [(0, "added", 1000), (1, "content", 1000)] == events(found)


def test_a_file_over_a_folder_hides_what_was_in_it(why: Why) -> None:
    found = why("/d/a", [file("d/a", A)], [file("d", B)], [file("d/a", A)])
    assert [(0, "added", 1000), (1, "hidden", 0), (2, "added", 1000)] == events(found)
    assert ("replaced", "/d") == (found["events"][1]["how"], found["events"][1]["by"])
    found = why("/d", [file("d/a", A)], [file("d", B)])
    assert [(0, "added", 1000), (1, "content", 1000)] == events(found)
    assert ["directory", "file"] == [each["state"]["type"] for each in found["events"]]


def test_a_hard_link_has_no_bytes_of_its_own(why: Why) -> None:
    found = why("/b", [file("a", A)], [link("b", "a")], [file("b", B)])
    assert [(0, "added", 1000)] == events(why("/a", [file("a", A)], [link("b", "a")]))
    assert [(1, "added", 0), (2, "content", 1000)] == events(found)
    assert "/a" == found["events"][0]["hard_link"]


def test_a_hard_link_to_equal_content_is_metadata(why: Why) -> None:
    found = why("/b", [file("a", A), file("b", A)], [link("b", "a")])
    assert [(0, "added", 1000), (1, "metadata", 0)] == events(found)


def test_a_name_is_left_where_the_other_is_removed(why: Why) -> None:
    stack = [file("a", A), link("b", "a")], [gone("a")]
    assert [(0, "added", 0)] == events(why("/b", *stack))
    assert [(0, "added", 1000), (1, "removed", 0)] == events(why("/a", *stack))


def test_symbolic_links_on_the_way_are_followed_and_told(why: Why) -> None:
    found = why("/lib/x/a", [symlink("lib", "usr/lib"), symlink("usr/lib/x", "/opt")], [file("opt/a", A)])
    assert [(1, "added", 1000)] == events(found)
    assert "/opt/a" == found["real"]
    assert [("/lib", "/usr/lib"), ("/usr/lib/x", "/opt")] == [
        (each["path"], each["target"]) for each in found["through"]
    ]


def test_a_member_below_its_own_layer_s_link_counts_where_it_lies(why: Why) -> None:
    stack = [folder("usr/lib"), symlink("lib", "usr/lib"), file("lib/a", A)], [file("z")]
    assert [(0, "added", 1000)] == events(why("/usr/lib/a", *stack))
    assert [(0, "added", 1000)] == events(why("/lib/a", *stack))


def test_a_folder_that_becomes_a_link_is_told_on_both_ways(why: Why) -> None:
    found = why("/lib/a", [file("lib/a", A)], [file("usr/lib/a", B), gone("lib"), symlink("lib", "usr/lib")])
    assert [("/lib/a", 0, "added"), ("/usr/lib/a", 1, "added"), ("/lib/a", 1, "removed")] == sorted(
        ((each["path"], each["layer"], each["change"]) for each in found["events"]), key=lambda each: (each[1], each[2])
    )
    assert "/usr/lib/a" == found["real"]


def test_a_path_through_a_link_that_went_is_still_known(why: Why) -> None:
    found = why("/lib/a", [symlink("lib", "usr/lib"), file("usr/lib/a", A)], [gone("lib"), gone("usr")])
    assert [(0, "added", 1000), (1, "removed", 0)] == events(found)
    assert ("/usr/lib/a", False) == (found["real"], found["seen"])


def test_a_symbolic_link_is_itself_and_says_where_it_leads(why: Why) -> None:
    found = why("/s", [file("a", A), symlink("s", "a")], [symlink("s", "/b")], [file("b", B)])
    assert [(0, "added", 0), (1, "content", 0)] == events(found)
    assert ("/b", "symlink", "/b") == (found["target"], found["now"]["type"], found["now"]["link"])
    assert None is why("/s", [symlink("s", "nowhere")])["target"]


def test_a_folder_counts_what_is_below_it(why: Why) -> None:
    found = why(
        "/d",
        [folder("d"), file("d/a", A), file("d/e/b", B), link("d/c", "d/a")],
        [file("d/a", B), file("z")],
        [file("z")],
        [gone("d/e"), folder("d", mtime=5)],
        [folder("d", mode=0o700)],
        [opaque("d"), file("d/n", b"1")],
        [gone("d")],
    )
    assert [
        (0, "added", 2000),
        (1, "content", 1000),
        (3, "content", 0),
        (4, "metadata", 0),
        (5, "content", 1),
        (6, "removed", 0),
    ] == events(found)
    assert [(2, 0, 0), (1, 0, 0), (0, 1, 1000), (0, 0, 0), (1, 2, 2000), (0, 1, 1)] == [
        (each["files"], each["files_gone"], each["bytes_gone"]) for each in found["events"]
    ]


def test_a_folder_nobody_describes_is_there_as_well(why: Why) -> None:
    assert [(0, "added", 1000), (1, "metadata", 0)] == events(why("/d", [file("d/a", A)], [folder("d", mode=0o700)]))


def test_what_never_was_ends_with_one_and_near_names(tmp_path: Path, call: Call) -> None:
    archive = docker_archive(tmp_path / "shop.tar", layer(file("usr/bin/node", A), file("etc/a")))
    ended = call("why", archive, "/usr/bin/nodee")
    expected = f"jettison: /usr/bin/nodee never was in {archive}\nhint: there is /usr/bin/node\n"
    assert (1, b"", expected) == (ended.code, ended.out, ended.err)
    assert "hint: there is /usr/bin/node\n" == call("why", archive, "/bin/node").err.splitlines(True)[1]
    found = json.loads(call("why", archive, "/x", "--format", "json").out)
    assert (False, []) == (found["seen"], found["events"])


@pytest.mark.parametrize("path", ["/", ".", "//", "/a/.."])
def test_the_root_is_refused(tmp_path: Path, call: Call, path: str) -> None:
    archive = docker_archive(tmp_path / "shop.tar", layer(file("a")))
    assert 2 == call("why", archive, path).code


def test_every_form_tells_the_same(tmp_path: Path, call: Call) -> None:
    layers = [layer(file("a", A)), layer(file("a", B)), layer(file("a", B, uid=1))]
    archive, layout = docker_archive(tmp_path / "shop.tar", *layers), oci_layout(tmp_path / "layout", *layers)
    assert call("why", archive, "/a").out == call("why", f"oci:{layout}", "/a").out


def test_hostile_names_stay_on_their_line(tmp_path: Path, call: Call) -> None:
    name = "x\x1b[2J\u202e\ny"
    archive = docker_archive(
        tmp_path / "shop.tar", layer(file(name, A), symlink("s", "\x1b]0;\x07")), history=["RUN \x1b[31m"]
    )
    out = call("why", archive, name).text + call("why", archive, "/s").text + call("why", archive, name + "z").err
    assert set() == {c for c in out if c != "\n" and not c.isprintable()}
    assert r"/x\e[2J\u202e\ny is a file of 1.0 kB" in out


def test_secrets_of_the_history_are_taken_out(tmp_path: Path, call: Call) -> None:
    archive = docker_archive(
        tmp_path / "shop.tar", layer(file("a")), history=["RUN |1 NPM_TOKEN=abcdefgh /bin/sh -c x"]
    )
    for form in ("text", "json"):
        assert "abcdefgh" not in call("why", archive, "/a", "--format", form).text


DOCKERFILE = """# the shop
FROM scratch
COPY a /
ENV X=1

COPY --chown=1 \\
    a /
"""


def with_lines(tmp_path: Path) -> Path:
    """An image of BuildKit's, with the Dockerfile beside it."""
    rows = [("COPY a /", False), ("ENV X=1", True), ("COPY --chown=1 a /", False)]
    history = [
        {"created_by": f"{text} # buildkit", "comment": "buildkit.dockerfile.v0", "empty_layer": empty}
        for text, empty in rows
    ]
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    layers = layer(file("a", A)), layer(file("a", A, uid=1))
    return docker_archive(tmp_path / "shop.tar", *layers, rows=history)


@pytest.mark.parametrize("where", ["Dockerfile", "."])
def test_the_lines_of_a_dockerfile_are_named(tmp_path: Path, call: Call, where: str) -> None:
    archive = with_lines(tmp_path)
    ended = call("why", archive, "/a", "-f", tmp_path / where, "--format", "json")
    assert [3, 6] == [each["line"] for each in json.loads(ended.out)["events"]]
    text = call("why", archive, "/a", "-f", tmp_path / where).text
    assert ["Dockerfile:3  COPY a /", "Dockerfile:6  COPY --chown=1 a /"] == [
        line.strip() for line in text.splitlines() if "Dockerfile:" in line
    ]


def test_a_dockerfile_of_another_image_names_no_line_and_says_so(tmp_path: Path, call: Call) -> None:
    archive = with_lines(tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY a /\nRUN b\nRUN c\n")
    ended = call("why", archive, "/a", "-f", tmp_path)
    assert 0 == ended.code
    assert "no lines of Dockerfile are known: " in ended.text
    assert "Dockerfile:" not in ended.text.replace("Dockerfile are", "")


def test_a_dockerfile_that_is_not_there_or_a_target_without_one_is_wrong_use(tmp_path: Path, call: Call) -> None:
    archive = with_lines(tmp_path)
    assert 2 == call("why", archive, "/a", "-f", tmp_path / "nothing").code
    assert 2 == call("why", archive, "/a", "--target", "x").code
    assert 2 == call("why", archive, "/a", "-f", tmp_path, "--target", "x").code


def test_a_report_goes_to_a_file(tmp_path: Path, call: Call) -> None:
    archive = docker_archive(tmp_path / "shop.tar", layer(file("a", A)))
    said = call("why", archive, "/a").text
    ended = call("why", archive, "/a", "-o", tmp_path / "out")
    assert (0, b"", said) == (ended.code, ended.out, (tmp_path / "out").read_text())


def test_the_text_says_the_answer_first(tmp_path: Path, call: Call) -> None:
    layers = [layer(file("root/.npmrc", A)), layer(file("x")), layer(gone("root"))]
    archive = docker_archive(
        tmp_path / "shop.tar", *layers, history=["COPY .npmrc /root/", "RUN npm ci", "RUN rm -r /root"]
    )
    assert [
        "/root/.npmrc is gone: layer 2 removed it; 1.0 kB of it still ship",
        "",
        "  0  added         1.0 kB  file, mode 0644, owner 0:0",
        "     COPY .npmrc /root/",
        "  2  removed               /root was removed",
        "     RUN rm -r /root",
    ] == call("why", archive, "/root/.npmrc").text.splitlines()
