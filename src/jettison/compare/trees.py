"""Two merged trees held side by side.

What LOSSLESS means is decided here: path, type, mode, uid, gid, content, link target, hard-link groups, xattrs,
devices and mtimes, outside the noise: what two builds of the same text differed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jettison.image.model import Columns, Entry, Image, Kind
from jettison.image.tree import Place, Tree

Difference = tuple[bytes, str]  # path, aspect


@dataclass(frozen=True)
class Noise:
    """Differences that came by themselves, as (path, aspect)."""

    differences: frozenset[Difference] = frozenset()

    @property
    def paths(self) -> frozenset[bytes]:
        return frozenset(path for path, _ in self.differences)

    def covers(self, difference: Difference) -> bool:
        """Whether this difference is noise: it was seen between two builds of one text.

        A path that appeared in only one of the two builds, or whose content differed, is noise in every aspect.
        """
        path, _ = difference
        return (
            difference in self.differences
            or (path, "content") in self.differences
            or (path, "added") in self.differences
            or (path, "removed") in self.differences
        )


def noise_to_json(noise: Noise) -> list[list[str]]:
    """Differences as JSON, in order; names that are not UTF-8 keep their bytes as surrogates."""
    return [[path.decode("utf-8", "surrogateescape"), aspect] for path, aspect in sorted(noise.differences)]


def noise_from_json(rows: Iterable[Sequence[str]]) -> Noise:
    """The noise that `noise_to_json` wrote."""
    return Noise(frozenset((path.encode("utf-8", "surrogateescape"), aspect) for path, aspect in rows))


@dataclass(frozen=True)
class TreeDifference:
    """What differs outside the noise; falsy where nothing does."""

    differences: tuple[Difference, ...]

    def __bool__(self) -> bool:
        return bool(self.differences)

    def summary(self) -> str:
        """The first few, for people."""
        shown = [f"/{path.decode('utf-8', 'replace')} ({aspect})" for path, aspect in self.differences[:3]]
        more = len(self.differences) - len(shown)
        return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def compare_trees(old: Image, new: Image, *, noise: Noise | None = None) -> TreeDifference:
    """Everything in which the two merged trees differ, in path order, the noise left out.

    The mtime of a file that was made anew is judged by whether that file's mtime was steady across the two builds
    of v0: where it was (it came from an archive, a package or the sources) it must be the same now.
    """
    noise = noise or Noise()
    return TreeDifference(tuple(each for each in _differences(old, new) if not noise.covers(each)))


def noise_of(one: Image, other: Image) -> Noise:
    """What two builds of the same text differ in."""
    return Noise(frozenset(_differences(one, other)))


def _differences(old: Image, new: Image) -> Iterator[Difference]:
    for path, aspects in aspects_that_differ(old, new):
        yield from ((path, aspect) for aspect in aspects)


def aspects_that_differ(old: Image, new: Image) -> Iterator[tuple[bytes, list[str]]]:
    """Paths in which two images differ, in order, each with in what: "added" or "removed", "type", or several of
    "mode", "uid", "gid", "link", "xattrs", "device", "mtime", "content", "hard links". Raises ImageError.

    Contents are held side by side last, so that each layer is read once for all its files.
    """
    before, after = old.tree, new.tree
    found, asked = _without_contents(old, new)
    unequal = _unequal(old, new, asked)
    groups_before, groups_after = _groups(old), _groups(new)
    for path in sorted({*found, *unequal, *groups_before, *groups_after}):
        aspects = found.get(path, [])
        if path in unequal:
            aspects.append("content")
        if path in before and path in after and groups_before.get(path) != groups_after.get(path):
            aspects.append("hard links")
        if aspects:
            yield path, aspects


def _without_contents(old: Image, new: Image) -> tuple[dict[bytes, list[str]], dict[bytes, tuple[Place, Place]]]:
    """What is seen without reading a file; and the pairs of payloads, by path, that must be read to know."""
    before, after = old.tree, new.tree
    found: dict[bytes, list[str]] = {path: ["added"] for path in after if path not in before}
    asked: dict[bytes, tuple[Place, Place]] = {}
    same = {
        one.diff_id: {n for n, other in enumerate(new.layers) if other.diff_id == one.diff_id} for one in old.layers
    }
    twins = [same[layer.diff_id] for layer in old.layers]
    for path in before:
        if path not in after:
            found[path] = ["removed"]
            continue
        one, other = before.payload(path), after.payload(path)
        retold = before.is_retold(one) or after.is_retold(other)
        if one[1] == other[1] >= 0 and other[0] in twins[one[0]] and not retold:
            continue  # the same entry of the same layer
        aspects = [] if not retold and _alike(old, one, new, other) else _aspects(path, before, after)
        if aspects:
            found[path] = aspects
        if aspects != ["type"] and _is_file(old, one):
            if _size(old, one) != _size(new, other):
                found.setdefault(path, []).append("content")
            elif _size(old, one):
                asked[path] = one, other
    return found, asked


def _columns(image: Image, place: Place) -> Columns:
    return image.layers[place[0]].columns


def _is_file(image: Image, place: Place) -> bool:
    return place[1] >= 0 and _columns(image, place).kinds[place[1]] == Kind.FILE


def _size(image: Image, place: Place) -> int:
    return _columns(image, place).sizes[place[1]]


def _alike(old: Image, one: Place, new: Image, other: Place) -> bool:
    """Whether nothing of the metadata differs, seen without making entries: most of a tree is alike."""
    if one[1] < 0 or other[1] < 0:
        return False
    a, at, b, to = _columns(old, one), one[1], _columns(new, other), other[1]
    return (
        a.kinds[at] == b.kinds[to]
        and a.modes[at] == b.modes[to]
        and a.uids[at] == b.uids[to]
        and a.gids[at] == b.gids[to]
        and a.mtimes[at] // 10**9 == b.mtimes[to] // 10**9
        and a.links.get(at) == b.links.get(to)
        and a.xattrs.get(at) == b.xattrs.get(to)
        and a.devices.get(at) == b.devices.get(to)
    )


def _aspects(path: bytes, before: Tree, after: Tree) -> list[str]:
    one, other = before.get(path), after.get(path)
    assert one is not None
    assert other is not None
    if one.kind is not other.kind:
        return ["type"]
    return [aspect for aspect, first, second in _metadata(one, other) if first != second]


def _metadata(one: Entry, other: Entry) -> Iterator[tuple[str, Any, Any]]:
    yield "mode", one.mode, other.mode
    yield "uid", one.uid, other.uid
    yield "gid", one.gid, other.gid
    yield "link", one.link, other.link
    yield "xattrs", one.xattrs, other.xattrs
    yield "device", one.device, other.device
    if one.kind is not Kind.DIRECTORY:  # a directory's time is that of the last build step that touched a name in it
        yield "mtime", one.mtime // 10**9, other.mtime // 10**9


def _unequal(old: Image, new: Image, asked: Mapping[bytes, tuple[Place, Place]]) -> set[bytes]:
    """Paths whose payloads, equal in size, differ: told by SHA-256, each layer read once."""
    first = _digests(old, {one for one, _ in asked.values()})
    second = _digests(new, {other for _, other in asked.values()})
    return {path for path, (one, other) in asked.items() if first[one] != second[other]}


def _digests(image: Image, places: Iterable[Place]) -> dict[Place, bytes]:
    found: dict[Place, bytes] = {}
    wanted = sorted(places)
    for number, layer in enumerate(image.layers):
        here = [place for place in wanted if place[0] == number]
        if here:
            found.update(zip(here, layer.source.digests([layer.columns[index] for _, index in here]), strict=True))
    return found


def _groups(image: Image) -> dict[bytes, frozenset[bytes]]:
    """Paths that share an inode with another path, each with its whole group."""
    shared = {image.tree.payload(path) for path in image.merged.linked}
    names: dict[Place, list[bytes]] = {}
    for path in image.tree if shared else ():
        place = image.tree.payload(path)
        if place in shared:
            names.setdefault(place, []).append(path)
    return {path: frozenset(group) for group in names.values() if len(group) > 1 for path in group}
