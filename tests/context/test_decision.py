"""Who decides on a file: the line with the last word, those that are overruled, those that are in vain."""

from __future__ import annotations

from pathlib import Path

import pytest

from jettison.context.copies import copies
from jettison.context.decision import Decision, Role, decide, follow
from jettison.context.ignore import Dialect, Ignore
from jettison.context.walk import Totals, filtered, walk
from jettison.dockerfile.parse import parse


def decision(
    root: Path, ignore: str, path: str, text: str = "FROM a\n", dialect: Dialect = Dialect.BUILDKIT
) -> Decision:
    dockerfile, everything = parse(text), walk(root)
    parsed = Ignore.parse(ignore, dialect)
    left = filtered(everything, parsed)
    takings = [copies(dockerfile, dockerfile.stages, each) for each in (left, everything)]
    return decide((everything, left), parsed, path, (takings[0], takings[1]))


def roles(found: Decision) -> list[tuple[int, str, Role]]:
    return [(each.line, each.names, each.role) for each in found.namings]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("docs/api/a.md", "docs/b.md", "src/a.js", "README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def test_the_last_line_decides_and_the_others_are_told(root: Path) -> None:
    found = decision(root, "# all\n*\n!docs\ndocs/api\n", "docs/api/a.md")
    assert found.excluded
    assert [(2, "docs", Role.AGREES), (3, "docs", Role.OVERRULED), (4, "docs/api", Role.DECIDES)] == roles(found)
    assert ("docs/api", 4) == (found.decider and found.decider.written, found.decider and found.decider.line)


def test_an_exception_that_comes_too_early_is_overruled(root: Path) -> None:
    found = decision(root, "!README.md\n*.md\n", "README.md")
    assert [(1, "README.md", Role.OVERRULED), (2, "README.md", Role.DECIDES)] == roles(found)
    assert found.excluded


def test_an_exception_with_nothing_to_bring_back_decides_nothing(root: Path) -> None:
    found = decision(root, "docs\n!README.md\n", "README.md")
    assert ([(2, "README.md", Role.AGREES)], None, False) == (roles(found), found.decider, found.excluded)


def test_an_exception_in_a_folder_that_the_builder_stays_out_of_is_in_vain(root: Path) -> None:
    text = "*\n!**/b.md\n"
    assert not decision(root, text, "docs/b.md").excluded
    classic = decision(root, text, "docs/b.md", dialect=Dialect.CLASSIC)
    assert [(1, "docs", Role.DECIDES), (2, "docs/b.md", Role.IN_VAIN)] == roles(classic)
    assert not decision(root, "*\n!docs/b.md\n", "docs/b.md", dialect=Dialect.CLASSIC).excluded


def test_who_takes_a_file_and_who_goes_without(root: Path) -> None:
    text = "FROM a\nCOPY README.md /\nCOPY . /x\nCOPY src /s\n"
    there = decision(root, "docs\n", "README.md", text)
    assert ([2, 3], []) == ([each.instruction.line for each in there.taken_by], list(there.missed_by))
    gone = decision(root, "*.md\n", "README.md", text)
    assert ([], [2, 3]) == (list(gone.taken_by), [each.instruction.line for each in gone.missed_by])
    assert [True, False] == [gone.is_named_by(each) for each in gone.missed_by]


def test_of_a_folder_what_is_in_it_is_told(root: Path) -> None:
    found = decision(root, "docs\n!docs/b.md\n", "docs", "FROM a\nCOPY . .\n")
    assert (True, (Totals(1, 9), Totals(1, 13))) == (found.excluded, found.inside)
    assert [2] == [each.instruction.line for each in found.taken_by]  # b.md, and with it the folder


def test_a_file_that_is_not_there_is_decided_on_by_its_name(root: Path) -> None:
    found = decision(root, "*.log\n", "x.log", "FROM a\nCOPY . .\n")
    assert (None, True, ()) == (found.kind, found.excluded, found.missed_by)


def test_links_among_the_folders_are_followed_and_the_last_is_not(root: Path) -> None:
    (root / "folder").symlink_to("docs")
    (root / "deep").symlink_to("./folder/api")
    (root / "out").symlink_to("../elsewhere")
    (root / "far").symlink_to("/etc")
    (root / "circle").symlink_to("circle")
    everything = walk(root)
    assert ("docs/b.md", (("folder", "docs"),)) == follow(everything, "folder/b.md")
    assert ("docs/api/a.md", (("deep", "./folder/api"), ("folder", "docs"))) == follow(everything, "deep/a.md")
    assert ("folder", ()) == follow(everything, "folder")
    assert ("new/x", ()) == follow(everything, "new/x")
    assert [None, None, None, None] == [
        follow(everything, each) for each in ("out/x", "far/passwd", "circle/x", "folder/../../x")
    ]


@pytest.mark.parametrize("dialect", Dialect)
def test_without_an_ignore_file_nothing_decides(root: Path, dialect: Dialect) -> None:
    everything = walk(root)
    found = decide((everything, everything), None, "README.md", ((), ()))
    assert (False, (), None) == (found.excluded, found.namings, found.decider)
