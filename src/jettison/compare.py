"""Two images held side by side: their merged trees and their configs.

What LOSSLESS means is decided here: path, type, mode, uid, gid, content, link target, hard-link groups, xattrs,
devices and mtimes, outside the noise: what two builds of the same text differed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jettison.image.model import Entry, Image, Kind
from jettison.image.tree import Place, Tree, merge
from jettison.waste.rows import same_content

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
    before, after = merge(old.layers), merge(new.layers)
    shared = _shared_layers(old, new)
    groups_before, groups_after = _groups(before), _groups(after)
    for path in sorted(set(before) | set(after)):
        if path not in after:
            yield path, "removed"
        elif path not in before:
            yield path, "added"
        else:
            place, other = before.payload(path), after.payload(path)
            if place != other or place[0] >= shared:
                yield from _aspects(path, (old, before, place), (new, after, other))
            if groups_before.get(path) != groups_after.get(path):
                yield path, "hard links"


def _shared_layers(old: Image, new: Image) -> int:
    """How many of the lowest layers are the same by diff ID."""
    count = 0
    for one, other in zip(old.layers, new.layers, strict=False):
        if one.diff_id != other.diff_id:
            break
        count += 1
    return count


def _aspects(path: bytes, old: tuple[Image, Tree, Place], new: tuple[Image, Tree, Place]) -> Iterator[Difference]:
    one, other = old[1].get(path), new[1].get(path)
    assert one is not None
    assert other is not None
    if one.kind is not other.kind:
        yield path, "type"
        return
    for aspect, first, second in _metadata(one, other):
        if first != second:
            yield path, aspect
    if one.kind is Kind.FILE and not _equal_content(old, new, one, other):
        yield path, "content"


def _metadata(one: Entry, other: Entry) -> Iterator[tuple[str, Any, Any]]:
    yield "mode", one.mode, other.mode
    yield "uid", one.uid, other.uid
    yield "gid", one.gid, other.gid
    yield "link", one.link, other.link
    yield "xattrs", one.xattrs, other.xattrs
    yield "device", one.device, other.device
    if one.kind is not Kind.DIRECTORY:  # a directory's time is that of the last build step that touched a name in it
        yield "mtime", one.mtime // 10**9, other.mtime // 10**9


def _equal_content(old: tuple[Image, Tree, Place], new: tuple[Image, Tree, Place], one: Entry, other: Entry) -> bool:
    if one.size != other.size:
        return False
    (image, _, place), (image_2, _, place_2) = old, new
    if image.layers[place[0]].diff_id == image_2.layers[place_2[0]].diff_id and place[1] == place_2[1]:
        return True
    layers = (image.layers[place[0]], image_2.layers[place_2[0]])
    return same_content(layers, (0, place[1]), (1, place_2[1]))


def _groups(tree: Tree) -> dict[bytes, frozenset[bytes]]:
    """Paths that share an inode with another path, each with its whole group."""
    names: dict[Place, list[bytes]] = {}
    for path in tree:
        names.setdefault(tree.payload(path), []).append(path)
    return {path: frozenset(group) for group in names.values() if len(group) > 1 for path in group}


def compare_config(old: Image, new: Image) -> tuple[str, ...]:
    """Keys of the config in which two images differ, history, times and layers aside, in order."""
    before, after = _normal(old.runtime), _normal(new.runtime)
    keys = [key for key in sorted(set(before) | set(after)) if before.get(key) != after.get(key)]
    keys += [
        key for key in ("os", "architecture", "variant") if (old.config.get(key) or "") != (new.config.get(key) or "")
    ]
    return tuple(keys)


_IGNORED = {"Hostname", "Domainname", "Image", "AttachStdin", "AttachStdout", "AttachStderr"}


def _normal(config: Mapping[str, Any]) -> dict[str, Any]:
    """A config in which spellings of the same thing are equal: null is empty, root is "", Env has no order."""
    result = {key: value for key, value in config.items() if value not in (None, "", [], {}, False)}
    for key in _IGNORED & set(result):
        del result[key]
    if str(result.get("User", "")) in ("0", "root", "0:0", "root:root"):
        del result["User"]
    if "Env" in result:
        result["Env"] = sorted(result["Env"])
    labels = {k: v for k, v in (result.get("Labels") or {}).items() if not k.startswith("io.buildah.")}
    result.pop("Labels", None)
    if labels:
        result["Labels"] = labels
    return result
