"""Where live bytes lie: folders, none counted twice, and programs."""

from __future__ import annotations

from handmade_tree import Piece, executable, image, symlink

from jettison.image.model import Kind
from jettison.waste.classes import live_payloads
from jettison.waste.folders import Executables, Folder, Heap, executables, folders, heaps

FILES = {
    "usr/lib/big": b"b" * 600,
    "usr/lib/python/x": b"x" * 250,
    "usr/bin/sh": executable("s" * 100),
    "app": b"a" * 50,
    "usr/share/tiny": b"t",
}


def found(files: dict[str, Piece | bytes]) -> tuple[Folder, ...]:
    made = image(files)
    return folders(made.layers, live_payloads(made.layers, made.merged))


def test_a_folder_has_all_that_is_below_it() -> None:
    expected = [
        (b"", 1001, 5),
        (b"usr", 951, 4),
        (b"usr/bin", 100, 1),
        (b"usr/lib", 850, 2),
        (b"usr/lib/python", 250, 1),
    ]
    assert expected == [(each.path, each.bytes, each.files) for each in found(FILES)]


def test_heaps_count_no_byte_twice() -> None:
    heaped = heaps(found(FILES))
    assert (
        Heap(b"usr/lib", 600, True),
        Heap(b"usr/lib/python", 250, False),
        Heap(b"usr/bin", 100, False),
    ) == heaped
    assert () == heaps(())


def test_a_payload_with_two_names_counts_under_the_first() -> None:
    files = {"b/x": b"x" * 100, "a/x": Piece(kind=Kind.HARDLINK, link=b"b/x")}
    assert [(b"", 100), (b"a", 100)] == [(each.path, each.bytes) for each in found(files)]


def test_programs_are_counted_once_and_only_in_path() -> None:
    files = {
        "usr/bin/a": executable("a"),
        "usr/bin/b": Piece(kind=Kind.HARDLINK, link=b"usr/bin/a"),
        "usr/bin/c": symlink("a"),
        "usr/bin/data": b"not a program",
        "bin": symlink("usr/bin"),
        "opt/tool": executable("t"),
        "usr/lib/x.so": executable("x"),
    }
    made = image(files)
    live = live_payloads(made.layers, made.merged)
    assert Executables(1, 3) == executables(made.layers, live, made.tree, None)
    assert Executables(2, 3) == executables(made.layers, live, made.tree, ["A=b", "PATH=/opt:/bin:/nowhere"])
