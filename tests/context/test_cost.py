"""What a context costs: by folder, by file, by instruction; what leaves the directory, and what nobody takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from jettison.context.copies import copies
from jettison.context.cost import Cost, Part, cost
from jettison.context.ignore import Dialect, Ignore
from jettison.context.walk import Totals, filtered, walk
from jettison.dockerfile.parse import parse


def costs(root: Path, text: str, ignore: str = "", dialect: Dialect = Dialect.BUILDKIT) -> Cost:
    dockerfile = parse(text)
    context = filtered(walk(root), Ignore.parse(ignore, dialect))
    return cost(context, copies(dockerfile, dockerfile.stages, context), dialect)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    sizes = {
        "node_modules/a/index.js": 3000,
        "node_modules/b/index.js": 2000,
        "packages/web/big.bin": 9000,
        "packages/web/small": 5,
        "packages/api/x": 10,
        "main.py": 100,
        "docs/a": 300,
    }
    for name, size in sizes.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * size)
    return tmp_path


def test_folders_are_as_deep_as_they_are_much_and_add_up(root: Path) -> None:
    found = costs(root, "FROM a\nCOPY . .\n")
    assert (
        Part("packages/web", 2, 9005),
        Part("node_modules/a", 1, 3000),
        Part("node_modules/b", 1, 2000),
        Part("", 3, 410),
    ) == found.folders
    assert Totals(7, 14415) == found.left
    assert (found.left.files, found.left.bytes) == (
        sum(each.files for each in found.folders),
        sum(each.bytes for each in found.folders),
    )


def test_the_largest_files_are_named(root: Path) -> None:
    assert ["packages/web/big.bin", "node_modules/a/index.js"] == [
        each.path for each in costs(root, "FROM a\n").worst[:2]
    ]
    for number in range(20):
        (root / f"{number:02}").write_bytes(b"x" * 400)
    assert 10 == len(costs(root, "FROM a\n").worst)


def test_what_is_kept_back_is_no_part_of_what_is_left(root: Path) -> None:
    found = costs(root, "FROM a\nCOPY . .\n", "node_modules\n")
    assert (Totals(2, 5000), Totals(5, 9415)) == (found.ignored, found.left)
    assert 9415 == found.takings[0].bytes


def test_each_builder_is_sent_something_else(root: Path) -> None:
    text = "FROM a\nCOPY main.py /\nCOPY docs /d\n"
    assert {
        Dialect.BUILDKIT: Totals(2, 400),  # the sources of its instructions
        Dialect.CLASSIC: Totals(7, 14415),  # all that is left
        Dialect.BUILDAH: Totals(0, 0),  # it reads in place
    } == {dialect: costs(root, text, dialect=dialect).sent for dialect in Dialect}


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("COPY . .", Totals(7, 14415)),
        ("COPY --exclude=docs packages /p", Totals(3, 9015)),
        ("COPY --exclude=web packages /p", Totals(3, 9015)),
        ("RUN --mount=type=bind,target=/s make", Totals(7, 14415)),
        ("RUN --mount=type=bind,source=docs,target=/s make", Totals(1, 300)),
        ("COPY *.py docs/* /", Totals(2, 400)),
        ("COPY main.py main.py /x/", Totals(1, 100)),
        ("RUN make", Totals(0, 0)),
        ("COPY $WHAT /", None),
        ("COPY --from=other . .", Totals(0, 0)),
    ],
)
def test_buildkit_asks_for_the_sources_of_the_instructions(root: Path, text: str, sent: Totals | None) -> None:
    assert sent == costs(root, f"FROM a\n{text}\n").sent


def test_what_nothing_takes_is_told_unless_a_source_is_not_known(root: Path) -> None:
    found = costs(root, "FROM a\nCOPY packages main.py /\n")
    assert Totals(3, 5300) == found.untaken
    assert [("node_modules/a", 3000), ("node_modules/b", 2000), ("docs", 300)] == [
        (each.path, each.bytes) for each in found.untaken_folders
    ]
    assert None is costs(root, "FROM a\nCOPY packages /\nCOPY $WHAT /\n").untaken


def test_an_empty_directory_costs_nothing(tmp_path: Path) -> None:
    found = costs(tmp_path, "FROM a\nCOPY . .\n")
    assert (Totals(), (), (), Totals()) == (found.left, found.folders, found.worst, found.untaken)


def test_a_context_that_is_filtered_is_the_one_that_is_walked(root: Path) -> None:
    for text in (
        "",
        "node_modules",
        "**\n!packages/*/small",
        "*\n!docs",
        "packages/web/big.bin\n**/x",
        "docs\nmain.py",
    ):
        for dialect in Dialect:
            ignore = Ignore.parse(text, dialect)
            walked, taken = walk(root, ignore), filtered(walk(root), ignore)
            assert (walked.entries, walked.ignored) == (taken.entries, taken.ignored), text
