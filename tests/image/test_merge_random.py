"""Random stacks of layers, merged by jettison and by the second way."""

from __future__ import annotations

import io
import tarfile
from typing import Any

import pytest
import second_way
from handmade import directory, entry, hard_link, symlink, tar
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.core.errors import ImageError
from jettison.image.merge import Merge
from jettison.image.model import Columns, Entry, Kind, Layer, LayerSource
from jettison.image.tar import walk
from jettison.image.tree import merge, sizes
from jettison.waste.rows import Cause, waste_rows

FOLDERS = st.sampled_from(["", "a/", "b/", "a/b/", "c/a/"])
TAME = st.builds("".join, st.tuples(FOLDERS, st.sampled_from("xyz")))
WILD = st.lists(st.sampled_from("abx"), min_size=1, max_size=3).map("/".join)  # files where others have directories
PATHS = st.one_of(*[TAME] * 9, WILD)
DATA = st.sampled_from([b"", b"1", b"2", b"33", b"4444"])
TARGETS = st.sampled_from(["a", "b", "/a/b", "../b", "x", "..", "c/a", "/", "a/../b", "b/x"])

Member = tuple[str, str, str | bytes]  # what, path, content or target
MEMBERS: st.SearchStrategy[Member] = st.one_of(
    *[st.tuples(st.just("file"), PATHS, DATA)] * 4,
    st.tuples(st.just("directory"), st.one_of(FOLDERS.filter(bool), WILD), st.just("")),
    st.tuples(st.just("link"), PATHS, st.sampled_from(["", "", "", "", "", "a/x"])),
    st.tuples(st.just("symlink"), st.one_of(PATHS, FOLDERS.filter(bool)), TARGETS),
    st.tuples(st.just("fifo"), PATHS, st.just("")),
    *[st.tuples(st.just("whiteout"), st.one_of(TAME, FOLDERS.filter(bool), WILD), st.just(""))] * 2,
    st.tuples(st.just("opaque"), st.one_of(FOLDERS, WILD), st.just("")),
)
STACKS = st.lists(st.lists(MEMBERS, min_size=1, max_size=6), min_size=2, max_size=4)


def layer(members: list[Member]) -> bytes:
    """A hard link without a target takes the file before it, and is a file where there is none."""
    made, last = [], ""
    for what, path, more in members:
        if what == "link" and not (more or last):
            what, more = "file", b"1"
        made.append(_made(what, path, more or last if what == "link" else more))
        last = path if what == "file" else last
    return tar(*made)


def _made(what: str, path: str, more: Any) -> tuple[tarfile.TarInfo, bytes]:
    parent, slash, last = path.rstrip("/").rpartition("/")
    if what == "file":
        return entry(path, more)
    if what == "directory":
        return directory(path)
    if what == "link":
        return hard_link(path, more)
    if what == "symlink":
        return symlink(path.rstrip("/"), more)
    if what == "fifo":
        return entry(path, type=tarfile.FIFOTYPE)
    return entry(f"{parent}{slash}.wh.{last}" if what == "whiteout" else f"{path.rstrip('/')}/.wh..wh..opq")


class Bytes(LayerSource):
    """A layer that is held in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def columns(self) -> Columns:
        return walk(io.BytesIO(self.data))

    def open(self, entry: Entry) -> Any:
        return io.BytesIO(self.data[entry.offset : entry.offset + entry.size])


def stack(*layers: bytes) -> list[Layer]:
    return [Layer(f"sha256:{number}", Bytes(each)) for number, each in enumerate(layers)]


def _expected(layers: list[bytes]) -> second_way.Tree | None:
    try:
        return second_way.merged(layers)
    except second_way.Refused:
        return None


@settings(max_examples=200, deadline=None)
@given(STACKS)
def test_two_ways_of_merging_give_one_tree(members: list[list[Member]]) -> None:
    layers = [layer(each) for each in members]
    expected = _expected(layers)
    try:
        tree = merge(stack(*layers))
    except ImageError:
        assert expected is None
        return
    assert expected is not None
    seen = {path.decode(): tree.payload(path) if tree.get(path).kind is not Kind.DIRECTORY else "/" for path in tree}
    told = {
        path: "/" if isinstance(node, dict) else (node.layer, node.member) for path, node in second_way.walk(expected)
    }
    assert told == seen


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(STACKS)
def test_waste_is_unpacked_less_effective_and_each_row_names_the_layer_that_took_it(
    members: list[list[Member]],
) -> None:
    layers = [layer(each) for each in members]
    if _expected(layers) is None:
        return
    made = stack(*layers)
    weighed, rows = sizes(made), waste_rows(made)
    expected = second_way.weigh(second_way.merged(layers))
    assert sum(size for each in layers for size in second_way.payload_sizes(each)) == weighed.unpacked
    assert expected == weighed.effective
    assert weighed.unpacked - expected == weighed.waste == sum(row.bytes for row in rows)
    assert _deaths(layers) == sorted((row.layer, row.by_layer, row.path.decode(), row.bytes) for row in rows)


def _deaths(layers: list[bytes]) -> list[tuple[int, int, str, int]]:
    """(layer, layer after which it is no more, path, size) of every dead payload, from the trees of all prefixes."""
    alive = []
    for count in range(1, len(layers) + 1):
        tree = second_way.merged(layers[:count])
        alive.append({(n.layer, n.member) for _, n in second_way.walk(tree) if isinstance(n, second_way.Inode)})
    found = []
    for number, each in enumerate(layers):
        with tarfile.open(fileobj=io.BytesIO(each)) as archive:
            for at, member in enumerate(archive):
                gone = next((k for k in range(number, len(layers)) if (number, at) not in alive[k]), None)
                if member.isreg() and member.size and gone is not None:
                    found.append((number, gone, member.name, member.size))
    return sorted(found)


@settings(max_examples=100, deadline=None)
@given(STACKS)
def test_a_payload_is_dead_or_alive_and_never_both(members: list[list[Member]]) -> None:
    layers = [layer(each) for each in members]
    if _expected(layers) is None:
        return
    merged = Merge(stack(*layers))
    alive = set(merged.nodes.values())
    assert set() == alive & set(merged.lost)
    assert {path for path in merged.nodes if path.rpartition(b"/")[0] not in merged.children} == set()
    below = {child for children in merged.children.values() for child in children}
    assert set(merged.nodes) == below


@pytest.mark.slow
def test_the_random_layers_are_hard_enough() -> None:
    """All causes come up, and most stacks are not refused, so that the properties above are about something."""
    seen: set[Cause] = set()
    outcomes = {True: 0, False: 0}

    @settings(max_examples=400, deadline=None, database=None, derandomize=True)
    @given(STACKS)
    def look(members: list[list[Member]]) -> None:
        layers = [layer(each) for each in members]
        accepted = _expected(layers) is not None
        outcomes[accepted] += 1
        if accepted:
            seen.update(row.cause for row in waste_rows(stack(*layers)))

    look()
    assert set(Cause) == seen
    assert outcomes[True] > outcomes[False] > 20
