"""Where the live bytes are: folders with all that is below them, and the programs that can be called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jettison.image.merge import Place
from jettison.image.model import Kind, Layer
from jettison.image.tree import Tree

_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_HEAVY = 0.01  # of all live bytes, so much must be in a folder that is told
_ALMOST_ALL = 0.9  # a folder that has most of it from one child is told as that child


@dataclass(frozen=True)
class Folder:
    """`bytes` of the payloads below it, each counted under the first of its names."""

    path: bytes
    bytes: int
    files: int


def folders(layers: Sequence[Layer], payloads: dict[Place, list[bytes]]) -> tuple[Folder, ...]:
    """Folders that hold a hundredth of the live bytes and more, the root first, each before what is in it."""
    size: Counter[bytes] = Counter()
    count: Counter[bytes] = Counter()
    for (layer, index), paths in payloads.items():
        parent = min(paths).rpartition(b"/")[0]
        size[parent] += layers[layer].columns.sizes[index]
        count[parent] += 1
    for path in sorted(_with_parents(size), key=lambda path: -path.count(b"/")):
        if path:
            parent = path.rpartition(b"/")[0]
            size[parent] += size[path]
            count[parent] += count[path]
    least = size[b""] * _HEAVY
    heavy = (Folder(path, each, count[path]) for path, each in size.items() if each >= least and each)
    return tuple(sorted(heavy, key=lambda folder: folder.path.split(b"/") if folder.path else []))


def _with_parents(paths: Iterable[bytes]) -> set[bytes]:
    found = set()
    for path in paths:
        while path not in found:
            found.add(path)
            path = path.rpartition(b"/")[0]
    return found


def heaviest(found: Sequence[Folder], most: int) -> tuple[Folder, ...]:
    """At most so many folders that have bytes of their own to answer for, the heaviest first, the root left out."""
    by_path = {folder.path: folder for folder in found}
    children: dict[bytes, list[Folder]] = {}
    for folder in found:
        if folder.path:
            children.setdefault(folder.path.rpartition(b"/")[0], []).append(folder)
    telling = [
        folder
        for folder in found
        if folder.path
        and sum(child.bytes for child in children.get(folder.path, ())) < folder.bytes * _ALMOST_ALL
        and folder.path in by_path
    ]
    return tuple(sorted(telling, key=lambda folder: (-folder.bytes, folder.path))[:most])


@dataclass(frozen=True)
class Executables:
    """`in_path`: programs that a command line finds; `all`: regular files that may be executed by anybody."""

    in_path: int
    all: int


def executables(layers: Sequence[Layer], tree: Tree, environment: Sequence[str] | None) -> Executables:
    """How many there are; `environment` is the config's Env, of which PATH is asked."""
    told = [each.partition("=")[2] for each in environment or () if each.startswith("PATH=")]
    where = {tree.resolve(each.strip("/").encode()) for each in (told or [_DEFAULT_PATH])[-1].split(":") if each}
    found, called = set(), set()
    for path in tree:
        place = tree.payload(path)
        if place[1] < 0:
            continue
        columns = layers[place[0]].columns
        if columns.kinds[place[1]] == Kind.FILE and columns.modes[place[1]] & 0o111:
            found.add(place)
            if path.rpartition(b"/")[0] in where:
                called.add(place)
    return Executables(len(called), len(found))
