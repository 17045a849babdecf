"""The fast merge against the careful one: whatever it does not leave to it, it does the same."""

from __future__ import annotations

from typing import Any

import pytest
from handmade import directory, entry, hard_link, symlink
from handmade import tar as made_tar
from hypothesis import given, settings
from hypothesis import strategies as st
from test_merge_random import stack

from jettison.image.merge import Merge
from jettison.image.merge_simple import stack_up

FOLDERS = ["a", "a/b", "a/b/c", "d", "d/e"]
NAMES = st.builds("/".join, st.tuples(st.sampled_from(FOLDERS), st.sampled_from("xyz"))) | st.sampled_from("xyz")
THINGS = st.one_of(
    *[st.tuples(st.just("file"), NAMES, st.sampled_from([b"", b"1", b"22"]))] * 5,
    st.tuples(st.just("link"), NAMES, st.sampled_from(["a/x", "d/y"])),
    st.tuples(st.just("symlink"), NAMES, NAMES),
    *[st.tuples(st.just("whiteout"), NAMES | st.sampled_from(FOLDERS), st.just(b""))] * 2,
    st.tuples(st.just("opaque"), st.sampled_from(FOLDERS), st.just(b"")),
)
TOLD = st.one_of(st.just(set(FOLDERS)), st.sets(st.sampled_from(FOLDERS)))
LAYERS = st.tuples(st.lists(THINGS, max_size=8, unique_by=lambda each: each[1]), TOLD)
STACKS = st.lists(LAYERS, min_size=2, max_size=5)


class Careful(Merge):
    """What somebody makes of a merge who wants to see each step: never fast."""


def layer(things: list[Any], told: set[str]) -> bytes:
    """Folders first, as engines write them; those that are not told are left to be made."""
    members = [directory(folder) for folder in FOLDERS if folder in told]
    return made_tar(*members, *(_member(*thing) for thing in things))


def _member(what: str, path: str, more: Any) -> Any:
    parent, slash, last = path.rpartition("/")
    if what == "file":
        return entry(path, more)
    if what == "link":
        return hard_link(path, more)
    if what == "symlink":
        return symlink(path, more)
    return entry(f"{parent}{slash}.wh.{last}" if what == "whiteout" else f"{path}/.wh..wh..opq")


def found(merge: Merge) -> dict[str, Any]:
    """All that a merge tells, but for directories that nobody describes and that are no more."""
    return {
        "nodes": dict(merge.nodes),
        "linked": merge.linked,
        "children": merge.children,
        "dead": merge.dead,
        "lost": {place: how for place, how in merge.lost.items() if place[1] >= 0},
        "survivor": {one: other for one, other in merge.survivor.items() if one[1] >= 0 and other[1] >= 0},
    }


@pytest.mark.slow
def test_the_fast_merge_tells_what_the_careful_one_tells() -> None:
    fast = 0

    @settings(max_examples=500, deadline=None, database=None, derandomize=True)
    @given(STACKS)
    def look(told: list[Any]) -> None:
        nonlocal fast
        layers = stack(*(layer(*each) for each in told))
        if stack_up(layers) is not None:
            fast += 1
            assert found(Careful(layers)) == found(Merge(layers))

    look()
    assert fast > 100
