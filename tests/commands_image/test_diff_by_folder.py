"""Thousands of changed paths as a few rows."""

from __future__ import annotations

from jettison.compare.folders import FolderChange, fold
from jettison.compare.paths import Change, PathChange


def change(path: str, old: int, new: int, how: Change = Change.CONTENT, *, directory: bool = False) -> PathChange:
    return PathChange(path.encode(), how, old, new, ("content",), directory)


def rows(*changes: PathChange, share: int = 10) -> list[tuple[str, int, int]]:
    return [(row.path.decode(), row.net, row.paths) for row in fold(changes, share=share)]


def test_what_is_much_by_itself_is_a_row_and_the_rest_is_its_folders() -> None:
    many = [change(f"usr/share/doc/{n}", 10, 0) for n in range(50)]
    few = [change(f"usr/lib/{n}", 1, 0) for n in range(20)]
    assert [("usr/bin/node", 1000, 1), ("usr/share/doc", -500, 50), ("usr/lib", -20, 20)] == rows(
        *many, *few, change("usr/bin/node", 0, 1000)
    )


def test_a_folder_that_came_or_went_is_one_row_however_much_is_in_its_parts() -> None:
    gone = [change("a/b", 0, 0, Change.REMOVED, directory=True), change("a/b/c", 0, 0, Change.REMOVED, directory=True)]
    gone += [change(f"a/b/c/{n}", 100, 0, Change.REMOVED) for n in range(3)]
    assert [("a/b", -300, 3)] == rows(*gone)
    assert (Change.REMOVED, True) == ((row := fold(gone)[0]).whole, row.is_directory)


def test_a_name_that_begins_like_a_folder_is_not_in_it() -> None:
    gone = [change("a", 0, 0, Change.REMOVED, directory=True), change("a/x", 100, 0, Change.REMOVED)]
    assert [("a", -100, 1), ("a-b", -100, 1)] == rows(*gone, change("a-b", 100, 0, Change.REMOVED))


def test_growing_and_shrinking_in_a_folder_do_not_hide_each_other() -> None:
    both = [change(f"lib/{n}", 0, 10) for n in range(10)] + [change(f"lib/old{n}", 10, 0) for n in range(10)]
    assert (FolderChange(b"lib", 100, 100, 20),) == fold(both, share=5)


def test_one_path_stands_for_itself_however_small() -> None:
    assert [("big", 1000, 1), ("etc/deep/small", 1, 1)] == rows(change("big", 0, 1000), change("etc/deep/small", 0, 1))


def test_what_is_left_over_everywhere_is_one_row() -> None:
    little = [change(f"d{n}/f", 0, 1) for n in range(5)]
    assert [("big", 1000, 1), ("", 5, 5)] == rows(change("big", 0, 1000), *little)


def test_changes_without_bytes_make_no_row() -> None:
    assert () == fold([change("a", 5, 5), change("b", 0, 0, Change.ADDED)])
    assert () == fold([])


def test_there_are_few_rows_of_many_paths() -> None:
    many = [change(f"{n % 7}/{n % 11}/{n % 13}/{n}", n % 5, n % 9) for n in range(20_000)]
    found = fold(many)
    assert len(found) <= 33
    assert sum(each.grown for each in many) == sum(row.net for row in found)
