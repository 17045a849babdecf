"""Hard cases of stacking layers, each named after what it is hard for; what umoci makes of them beside it.

`buildah` and `umoci` were asked for every case; where they part (a layer's names below a lower layer's link or file)
the overlay engines are followed, and the case says so.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from handmade import Made, directory, entry, hard_link, layout_files, symlink, tar, write_layout
from test_merge_random import stack

from jettison.core.errors import ImageError
from jettison.image.model import Kind
from jettison.image.tree import Tree, merge, sizes

BASE = tar(
    directory("d"),
    entry("d/x", b"low"),
    entry("low", b"low"),
    directory("real"),
    symlink("s", "real"),
    entry("file", b"low"),
)
BELOW = "d/ d/x=low file=low low=low real/ s->real"


@dataclass(frozen=True)
class Case:
    """Layers, and the names that are seen; `umoci` where it sees others."""

    layers: tuple[bytes, ...]
    seen: str
    umoci: str = ""


def over(*members: object) -> tuple[bytes, ...]:
    return (BASE, tar(*members))  # type: ignore[arg-type]


CASES = {
    "a whiteout": Case(over(entry(".wh.low")), "d/ d/x=low file=low real/ s->real"),
    "a whiteout of a directory": Case(over(entry(".wh.d")), "file=low low=low real/ s->real"),
    "a whiteout of what never was": Case(over(entry(".wh.nope")), BELOW),
    "a whiteout, then its name": Case(
        over(entry(".wh.low"), entry("low", b"new")), BELOW.replace("low=low", "low=new")
    ),
    "a name, then its whiteout": Case(
        over(entry("low", b"new"), entry(".wh.low")), BELOW.replace("low=low", "low=new")
    ),
    "a whiteout of a directory, then a file in it": Case(
        over(entry(".wh.d"), entry("d/y", b"new")), BELOW.replace("d/x=low", "d/y=new")
    ),
    "a file in a directory, then its whiteout": Case(
        over(entry("d/y", b"new"), entry(".wh.d")), BELOW.replace("d/x=low", "d/y=new")
    ),
    "opaque, then a file": Case(over(entry("d/.wh..wh..opq"), entry("d/y", b"1")), BELOW.replace("d/x=low", "d/y=1")),
    "a file, then opaque": Case(over(entry("d/y", b"1"), entry("d/.wh..wh..opq")), BELOW.replace("d/x=low", "d/y=1")),
    "opaque at the root": Case(over(entry(".wh..wh..opq"), entry("y", b"1")), "y=1"),
    "a directory over a file": Case(over(directory("file")), BELOW.replace("file=low", "file/")),
    "a file over a directory": Case(over(entry("d", b"1")), "d=1 file=low low=low real/ s->real"),
    "a link over a directory": Case(over(symlink("d", "real")), "d->real file=low low=low real/ s->real"),
    "a directory over a link": Case(over(directory("s")), BELOW.replace("s->real", "s/")),
    "a directory again": Case(over(directory("d", mode=0o700)), BELOW),
    "a path twice in one layer": Case((tar(entry("a", b"1"), hard_link("h", "a"), entry("a", b"22")),), "a=22 h=1"),
    "a hard link to a lower layer": Case(over(hard_link("b", "low")), "b=low " + BELOW),
    "a hard link over a file": Case(
        over(entry("n", b"1"), hard_link("low", "n")), BELOW.replace("low=low", "low=1 n=1")
    ),
    "a hard link to a link": Case((tar(symlink("l", "x"), hard_link("h", "l")),), "h->x l->x"),
    "a hard link through a link of its layer": Case(
        (tar(directory("c"), entry("c/t", b"1"), symlink("k", "c"), hard_link("h", "k/t")),), "c/ c/t=1 h=1 k->c"
    ),
    "a link's target removed, the other name lives": Case(
        (tar(entry("a", b"1"), hard_link("b", "a")), tar(entry(".wh.a"))), "b=1"
    ),
    "directories that nobody describes": Case((tar(entry("p/q/r", b"1")),), "p/ p/q/ p/q/r=1"),
    "a whiteout of a directory that nobody describes": Case((tar(entry("p/q/r", b"1")), tar(entry(".wh.p"))), ""),
    "opaque above directories that nobody describes": Case(
        (tar(entry("p/q/r", b"1")), tar(entry("p/.wh..wh..opq"))), "p/"
    ),
    "a file below a link of its own layer": Case(
        over(directory("c"), symlink("k", "c"), entry("k/x", b"1")),
        "c/ c/x=1 d/ d/x=low file=low k->c low=low real/ s->real",
    ),
    "a file below an absolute link of its own layer": Case(
        over(directory("c"), symlink("k", "/c"), entry("k/x", b"1")),
        "c/ c/x=1 d/ d/x=low file=low k->/c low=low real/ s->real",
    ),
    "a file below a link of a lower layer": Case(
        over(entry("s/x", b"1")),
        BELOW.replace("s->real", "s/ s/x=1"),
        umoci=BELOW.replace("real/ s->real", "real/ real/x=1 s->real"),
    ),
    "a file below a file of a lower layer": Case(
        over(entry("file/x", b"1")), BELOW.replace("file=low", "file/ file/x=1"), umoci="refused"
    ),
    "a whiteout in a directory that nobody has": Case(
        over(entry("no/.wh.x")), BELOW.replace("real/", "no/ real/"), BELOW
    ),
    "names that lead out of the root": Case((tar(entry("../../a", b"1"), entry("x/../b", b"2")),), "a=1 b=2"),
    "a name that only begins like a whiteout": Case((tar(entry("d/.wh.q/x", b"1")),), "d/ d/.wh.q/ d/.wh.q/x=1"),
    "a layer of nothing": Case((BASE, tar(), b""), BELOW, umoci="not asked: an empty blob"),
    "the same layer twice": Case((BASE, BASE), BELOW),
    "all removed": Case((BASE, tar(*(entry(f".wh.{name}") for name in ("d", "low", "real", "s", "file")))), ""),
    "removed and brought back": Case((BASE, tar(entry(".wh.d")), BASE), BELOW),
}

REFUSED = {
    "a hard link to nothing": over(hard_link("b", "nothing")),
    "a hard link before its target": (tar(hard_link("b", "a"), entry("a", b"1")),),
    "a hard link to what the layer removes": over(entry(".wh.low"), hard_link("b", "low")),
    "a hard link to a directory": over(hard_link("b", "d")),
    "a hard link to itself": over(entry("q"), hard_link("q", "q")),
    "a hard link over the directory of its target": (tar(entry("d/x", b"1"), hard_link("d", "d/x")),),
    "a file below a file of its own layer": over(entry("k"), entry("k/x", b"1")),
    "a file below links in a circle": over(symlink("k", "l"), symlink("l", "k"), entry("k/x", b"1")),
}


def listing(tree: Tree, layers: object) -> str:
    """`name/`, `name->target`, `name=content`."""
    told = []
    for path in tree:
        entry_, name = tree.get(path), path.decode()
        if entry_.kind is Kind.DIRECTORY:
            told.append(f"{name}/")
        elif entry_.kind is Kind.SYMLINK:
            told.append(f"{name}->{entry_.link.decode()}")
        else:
            told.append(f"{name}={tree.read(path).decode()}")
    return " ".join(sorted(told))


@pytest.mark.parametrize("name", CASES)
def test_a_stack_is_seen_as_engines_show_it(name: str) -> None:
    layers = stack(*CASES[name].layers)
    assert CASES[name].seen == listing(merge(layers), layers)


@pytest.mark.parametrize("name", REFUSED)
def test_a_layer_that_no_engine_unpacks_is_refused(name: str) -> None:
    with pytest.raises(ImageError, match=r"layer [01] ") as caught:
        merge(stack(*REFUSED[name]))
    assert caught.value.hint


def _umoci(layers: tuple[bytes, ...], root: Path) -> str:
    write_layout(layout_files(Made(layers)), root / "layout")
    command = ["umoci", "unpack", "--image", f"{root}/layout:1", str(root / "bundle")]
    if subprocess.run(command, capture_output=True).returncode:
        return "refused"
    told = []
    top = root / "bundle" / "rootfs"
    for folder, folders, files in os.walk(top):
        for each in folders + files:
            path = Path(folder) / each
            name = str(path.relative_to(top))
            if path.is_symlink():
                told.append(f"{name}->{path.readlink()}")
            else:
                told.append(f"{name}/" if path.is_dir() else f"{name}={path.read_text()}")
    return " ".join(sorted(told))


@pytest.mark.engine
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.umoci.startswith("not asked")])
def test_umoci_sees_the_same(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    assert (case.umoci or case.seen) == _umoci(case.layers, tmp_path)


@pytest.mark.engine
@pytest.mark.parametrize("name", [name for name in REFUSED if "below links in a circle" not in name])
def test_umoci_refuses_the_same(name: str, tmp_path: Path) -> None:
    assert "refused" == _umoci(REFUSED[name], tmp_path)


def test_children_and_everything_below_are_listed_through_directories_that_nobody_describes() -> None:
    tree = merge(stack(tar(entry("p/q/r"), entry("p/a"), entry("z"))))
    assert [b"p", b"z"] == list(tree.children(b""))
    assert [b"p/a", b"p/q"] == list(tree.children(b"p"))
    assert {b"p", b"p/a", b"p/q", b"p/q/r"} == set(tree.under(b"p"))
    assert Kind.DIRECTORY is tree.get(b"p/q").kind
    assert 0o755 == tree.get(b"p/q").mode


def test_links_are_followed_inside_the_tree_and_never_out_of_it() -> None:
    tree = merge(
        stack(
            tar(
                directory("usr"),
                directory("usr/lib"),
                entry("usr/lib/x", b"1"),
                symlink("lib", "usr/lib"),
                symlink("up", "../../../lib/x"),
                symlink("loop", "loop"),
                symlink("gone", "nothing"),
            )
        )
    )
    found = {path: tree.resolve(path) for path in (b"lib/x", b"up", b"loop", b"gone", b"lib/../x", b"usr/lib/x/y")}
    assert {
        b"lib/x": b"usr/lib/x",
        b"up": b"usr/lib/x",
        b"loop": None,
        b"gone": None,
        b"lib/../x": None,
        b"usr/lib/x/y": None,
    } == found
    assert b"1" == tree.read(b"up")
    with pytest.raises(KeyError):
        tree.read(b"usr/lib")


def test_a_path_of_ten_thousand_directories_is_merged_and_removed() -> None:
    """No recursion: Python would give up at a thousand."""
    deep = "/".join("d" * 10_000)
    layers = stack(tar(entry(deep, b"1")), tar(entry(".wh.d")))
    assert 10_000 == len(merge(layers[:1]))
    assert (1, 0, 1) == (sizes(layers).unpacked, sizes(layers).effective, sizes(layers).waste)


def test_hard_links_of_one_inode_share_their_payload() -> None:
    layers = stack(tar(entry("a", b"12345"), hard_link("b", "a")), tar(hard_link("c", "b"), entry("a", b"1")))
    tree = merge(layers)
    assert tree.payload(b"b") == tree.payload(b"c") == (0, 0)
    assert (6, 6, 0) == (sizes(layers).unpacked, sizes(layers).effective, sizes(layers).waste)
    assert (1, 0) == (tree.layer_of(b"c"), tree.layer_of(b"b"))
