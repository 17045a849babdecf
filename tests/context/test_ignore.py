"""The ignore file read as the builders read it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ignore_cases import TREE, plant, recorded

from jettison.context.ignore import Dialect, Ignore, find_ignore_file, read_ignore
from jettison.context.walk import walk
from jettison.core.errors import UsageError


def left_out(text: str, dialect: Dialect) -> set[str] | str:
    """What our reading leaves out, or "refused": at once, or when the pattern is asked."""
    try:
        ignore = Ignore.parse(text, dialect)
    except UsageError:
        return "refused"
    return "refused" if ignore.problems else {path for path in TREE if ignore.excludes(path)}


@pytest.mark.parametrize("dialect", Dialect)
def test_every_builder_is_followed_in_what_it_leaves_out(dialect: Dialect) -> None:
    expected = recorded(dialect.value)
    actual = {text: left_out(text, dialect) for text in expected}
    if dialect is Dialect.CLASSIC:  # its walk ends at a pattern that it cannot compile, and the build goes on
        expected |= {text: "refused" for text, found in actual.items() if found == "refused"}
    assert expected == actual
    assert len(expected) > 150


@pytest.mark.parametrize("dialect", Dialect)
def test_a_walk_and_a_question_about_one_path_say_the_same(dialect: Dialect, tmp_path: Path) -> None:
    root = plant(tmp_path)
    for text, expected in recorded(dialect.value).items():
        if expected != "refused" and left_out(text, dialect) != "refused":
            entries = walk(root, Ignore.parse(text, dialect)).entries
            assert set(TREE) - {each.path for each in entries} == expected, text


def test_the_builders_differ() -> None:
    buildkit, classic, buildah = (recorded(each.value) for each in Dialect)
    assert "docs/README.md" not in buildkit["**\n!**/README.md"]
    assert "docs/README.md" in classic["**\n!**/README.md"]
    assert "foo" in buildkit["\ufefffoo"]
    assert "barfoo" in buildkit["**foo"]
    assert "barfoo" not in buildah["**foo"]
    assert "a.d/b.d/x.log" in buildkit["a.d/b.d\n!a.d"]
    assert "a.d/b.d/x.log" not in buildah["a.d/b.d\n!a.d"]


def test_the_decider_is_the_last_line_that_names_the_path_or_a_parent() -> None:
    ignore = Ignore.parse("# all\n\n*\n!docs\n  docs/*.md  \n!docs/a.md\n")
    assert (3, "*") == ignore.decider("foo")
    assert (4, "!docs") == ignore.decider("docs/sub/b.md")
    assert (5, "docs/*.md") == ignore.decider("docs/README.md")
    assert (6, "!docs/a.md") == ignore.decider("docs/a.md")
    assert None is Ignore.parse("foo").decider("bar")


def test_a_directory_that_is_left_out_decides_on_what_is_below() -> None:
    ignore = Ignore.parse("other\nnode_modules\n")
    assert (2, "node_modules") == ignore.decider("node_modules/a/b/c.js")
    assert not ignore.excludes("src/node_modules/a")


def test_the_root_of_the_context_is_never_left_out() -> None:
    assert not Ignore.parse("*\n**\n.\n").excludes(".")


def test_what_a_builder_refuses_is_refused_with_its_line() -> None:
    for text, line in (("a\n\n!", 3), ("[", 1), ("ok\n[]a]", 2), ("x" * 70_000, 1)):
        with pytest.raises(UsageError, match=f"line {line} "):
            Ignore.parse(text)


def test_a_pattern_that_fails_only_when_it_is_asked_is_told_and_names_nothing() -> None:
    ignore = Ignore.parse("src\nfoo*[\n")
    assert [(2, "foo*[")] == [(line, text) for line, text, _ in ignore.problems]
    assert ignore.excludes("src/a")
    assert not ignore.excludes("foo[")


def test_a_file_that_is_not_utf8_is_read(tmp_path: Path) -> None:
    (tmp_path / "ignore").write_bytes(b"caf\xe9\nfoo\n")
    ignore = read_ignore(tmp_path / "ignore")
    assert ignore.excludes("caf\udce9")
    assert ignore.excludes("foo")


def test_an_ignore_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        read_ignore(tmp_path)


BUILDKIT = ("{dockerfile}.dockerignore", ".dockerignore")
BUILDAH = (".containerignore", ".dockerignore")


def test_the_file_that_counts_is_the_first_that_is_there(tmp_path: Path) -> None:
    context, elsewhere = tmp_path / "context", tmp_path / "elsewhere"
    context.mkdir()
    elsewhere.mkdir()
    dockerfile = elsewhere / "web.Dockerfile"
    assert None is find_ignore_file(context, dockerfile, BUILDKIT)
    (context / ".dockerignore").touch()
    assert context / ".dockerignore" == find_ignore_file(context, dockerfile, BUILDKIT)
    assert context / ".dockerignore" == find_ignore_file(context, dockerfile, BUILDAH)
    (context / ".containerignore").touch()
    assert context / ".dockerignore" == find_ignore_file(context, dockerfile, BUILDKIT)
    assert context / ".containerignore" == find_ignore_file(context, dockerfile, BUILDAH)
    (context / "web.Dockerfile.dockerignore").touch()
    assert context / ".dockerignore" == find_ignore_file(context, dockerfile, BUILDKIT)
    (elsewhere / "web.Dockerfile.dockerignore").touch()
    assert elsewhere / "web.Dockerfile.dockerignore" == find_ignore_file(context, dockerfile, BUILDKIT)


def test_a_directory_of_that_name_is_no_ignore_file(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").mkdir()
    assert None is find_ignore_file(tmp_path, tmp_path / "Dockerfile", BUILDKIT)
