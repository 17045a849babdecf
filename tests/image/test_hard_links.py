"""What hard links' own headers do to the file that they name, as containers/storage was seen to do it."""

from __future__ import annotations

import tarfile
from typing import Any

import pytest
from handmade import Made, directory, entry, layout_files, symlink, tar, write_layout
from hard_stacks import CAPABLE
from test_merge_random import stack

from jettison.image.export import export_tree
from jettison.image.merge import Merge
from jettison.image.open import open_image
from jettison.image.past import past_of
from jettison.image.tree import Tree, merge

X = "SCHILY.xattr."
Facts = tuple[int, int, int, int, tuple[tuple[bytes, bytes], ...]]


def file(name: str = "a", **more: Any) -> Any:
    return entry(name, b"1", **{"mtime": 1000, **more})


def link(name: str, to: str, **more: Any) -> Any:
    return entry(name, type=tarfile.LNKTYPE, linkname=to, **{"mtime": 1000, **more})


def xattrs(**told: str) -> dict[str, Any]:
    return {"pax_headers": {X + key.replace("__", "."): value for key, value in told.items()}}


CAP = (b"security.capability", CAPABLE.encode())
CASES: dict[str, tuple[Any, Facts]] = {
    "nothing else": ((file(), link("b", "a")), (0o644, 0, 0, 1000, ())),
    "another owner": ((file(), link("b", "a", uid=7, gid=8)), (0o644, 7, 8, 1000, ())),
    "another mode": ((file(mode=0o4755), link("b", "a", mode=0o755)), (0o755, 0, 0, 1000, ())),
    "another time": ((file(), link("b", "a", mtime=5000)), (0o644, 0, 0, 5000, ())),
    "the last of two": ((file(), link("b", "a", uid=1), link("c", "a", uid=2)), (0o644, 2, 0, 1000, ())),
    "back to what it was": ((file(uid=3), link("b", "a", uid=1), link("c", "a", uid=3)), (0o644, 3, 0, 1000, ())),
    "a chain": ((file(), link("b", "a", uid=1), link("c", "b", mode=0o600)), (0o600, 0, 0, 1000, ())),
    "an attribute more": (
        (file(**xattrs(user__a="1")), link("b", "a", **xattrs(user__b="2"))),
        (0o644, 0, 0, 1000, ((b"user.a", b"1"), (b"user.b", b"2"))),
    ),
    "an attribute's other value": (
        (file(**xattrs(user__a="1")), link("b", "a", **xattrs(user__a="2"))),
        (0o644, 0, 0, 1000, ((b"user.a", b"2"),)),
    ),
    "a capability that stays": (
        (file(**xattrs(security__capability=CAPABLE)), link("b", "a")), (0o644, 0, 0, 1000, (CAP,)),
    ),
    "a capability that goes with the owner": (
        (file(**xattrs(security__capability=CAPABLE)), link("b", "a", uid=7)), (0o644, 7, 0, 1000, ()),
    ),
}  # fmt: skip


def facts(tree: Tree, path: bytes) -> Facts:
    found = tree.get(path)
    assert found is not None
    return found.mode, found.uid, found.gid, found.mtime // 10**9, found.xattrs


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("careful", [False, True], ids=["fast", "careful"])
def test_the_file_has_what_its_last_link_told(name: str, careful: bool) -> None:
    members, expected = CASES[name]
    extra = [tar(file("z"), file("z"))] if careful else []  # a name twice wants the careful merge
    layers = stack(tar(*members), *extra)
    tree = merge(layers)
    names = [path for path in tree if path != b"z"]
    assert [expected] * len(names) == [facts(tree, path) for path in names]


def test_of_a_symbolic_link_only_the_owner_changes() -> None:
    tree = merge(stack(tar(symlink("s", "a"), link("t", "s", uid=7, mode=0o600, mtime=5000))))
    before = merge(stack(tar(symlink("s", "a"))))
    mode, _, gid, time, told = facts(before, b"s")
    assert (mode, 7, gid, time, told) == facts(tree, b"s") == facts(tree, b"t")


def test_what_a_link_told_stays_when_its_name_goes() -> None:
    tree = merge(stack(tar(file(), link("b", "a", uid=7)), tar(entry(".wh.b"))))
    assert (0o644, 7, 0, 1000, ()) == facts(tree, b"a")


def test_a_link_to_a_lower_layers_file_tells_it_nothing() -> None:
    """The engines that would give it refuse such a layer; umoci, who takes it, gives nothing."""
    tree = merge(stack(tar(file()), tar(link("b", "a", uid=7))))
    assert (0o644, 0, 0, 1000, ()) == facts(tree, b"a") == facts(tree, b"b")


def test_links_that_tell_nothing_new_cost_nothing() -> None:
    merged = Merge(stack(tar(file(), *(link(f"l{n}", "a") for n in range(50)))))
    assert {} == merged.told
    assert 50 == len(merged.linked)


def test_export_and_the_past_tell_the_same(tmp_path: Any) -> None:
    made = Made((tar(directory("d"), file("d/a"), link("d/b", "d/a", uid=7, mode=0o600, mtime=5000)),))
    image = open_image(f"oci:{write_layout(layout_files(made), tmp_path / 'x')}")
    again = merge(stack(b"".join(export_tree(image))))
    expected = (0o600, 7, 0, 5000, ())
    assert [expected] * 2 == [facts(again, path) for path in (b"d/a", b"d/b")]
    for path in (b"d/a", b"d/b"):
        (event,) = past_of(image, path).events
        assert event.entry is not None and 7 == event.entry.uid
