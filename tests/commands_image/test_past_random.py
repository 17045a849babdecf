"""The past of every path of random stacks, held against what the stack is after each layer."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stacked_image import Member, docker_archive, file, folder, gone, layer, link, opaque, symlink

from jettison.core.errors import ImageError
from jettison.image.model import Kind
from jettison.image.open import open_image
from jettison.image.past import Change, past_of
from jettison.image.tree import Tree, merge
from jettison.waste.rows import Cause, waste_rows

NAMES = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
DATA = st.sampled_from([b"", b"1", b"2", b"333"])
MEMBERS: st.SearchStrategy[Member] = st.one_of(
    *[st.builds(file, NAMES, DATA)] * 4,
    st.builds(folder, NAMES, mode=st.sampled_from([0o755, 0o700])),
    *[st.builds(gone, NAMES)] * 2,
    st.builds(opaque, NAMES),
    *[st.builds(link, NAMES, st.sampled_from(["", "", "", "a"]))] * 2,
    st.builds(symlink, NAMES, st.sampled_from(["a", "b", "/a/b", "../c", ".."])),
)
STACKS = st.lists(st.lists(MEMBERS, min_size=1, max_size=6), min_size=1, max_size=4)


def linked(members: list[Member]) -> list[Member]:
    """A hard link without a target takes the file before it, and is a file where there is none."""
    found: list[Member] = []
    last = ""
    for info, data in members:
        if info.islnk() and not info.linkname:
            found.append(link(info.name, last) if last and last != info.name else file(info.name, b"1"))
            continue
        last = info.name if info.isreg() and ".wh." not in info.name else last
        found.append((info, data))
    return found


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STACKS)
def test_the_past_of_every_path_agrees_with_every_layer(tmp_path: Path, stack: list[list[Member]]) -> None:
    image = open_image(str(docker_archive(tmp_path / "random.tar", *(layer(*linked(members)) for members in stack))))
    try:
        trees = [merge(image.layers[: count + 1]) for count in range(len(image.layers))]
    except ImageError:  # a hard link to nothing, a file below a file
        return
    stored = 0
    for path in sorted({path for tree in trees for path in tree}):
        past = past_of(image, path)
        own = [event for event in past.events if event.path == path]
        changed = {event.layer: event for event in own}
        assert len(changed) == len(own)
        for number, tree in enumerate(trees):
            before = trees[number - 1] if number else None
            _check(path, changed.get(number), before, tree)
        stored += sum(event.size - event.brought.size for event in own)
    rows = waste_rows(image.layers, image.merged)
    never = sum(row.bytes for row in rows if row.cause is Cause.REPLACED_IN_SAME_LAYER or row.layer == row.by_layer)
    assert image.sizes.unpacked - never == stored


def _check(path: bytes, event: object, before: Tree | None, after: Tree) -> None:
    """One layer's event says what became of the path in it."""
    was = before is not None and path in before
    change = getattr(event, "change", None)
    if not was or path not in after:
        expected = {
            (True, False): {Change.REMOVED, Change.HIDDEN},
            (False, True): {Change.ADDED},
            (False, False): {None},
        }
        assert change in expected[was, path in after]
        return
    assert before is not None
    assert change in (None, Change.CONTENT, Change.METADATA)
    one, two = before.get(path), after.get(path)
    assert one is not None
    assert two is not None
    if change is None:
        assert (one.kind, one.mode, one.size, one.link) == (two.kind, two.mode, two.size, two.link)
        assert before.payload(path) == after.payload(path) or one.kind is Kind.DIRECTORY
    elif one.kind is not Kind.DIRECTORY or two.kind is not Kind.DIRECTORY:
        same = one.kind is two.kind and one.link == two.link and _data(before, path) == _data(after, path)
        assert (Change.METADATA if same else Change.CONTENT) is change


def _data(tree: Tree, path: bytes) -> bytes:
    entry = tree.get(path)
    return tree.read(path) if entry is not None and entry.kind is Kind.FILE else b""
