"""Where the live bytes are: folders with all that is below them, and the programs that can be called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jettison.image.model import Layer
from jettison.image.tree import Tree
from jettison.waste.classes import Live

_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_HEAVY = 0.01  # of all live bytes, so much must be in a folder that is told


@dataclass(frozen=True)
class Folder:
    """`bytes` of the payloads below it, each counted under the first of its names."""

    path: bytes
    bytes: int
    files: int


def folders(layers: Sequence[Layer], live: Live) -> tuple[Folder, ...]:
    """Folders that hold a hundredth of the live bytes and more, the root first, each before what is in it."""
    size: Counter[bytes] = Counter()
    count: Counter[bytes] = Counter()
    sizes = [layer.columns.sizes for layer in layers]
    for layer, of_layer in enumerate(live.names):
        last, held, files = b"", 0, 0  # neighbours mostly lie in one folder
        for name, each in zip(of_layer, sizes[layer], strict=True):
            if name is None:
                continue
            parent = name[: max(name.rfind(b"/"), 0)]
            if parent != last:
                size[last] += held
                count[last] += files
                last, held, files = parent, 0, 0
            held += each
            files += 1
        size[last] += held
        count[last] += files
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


@dataclass(frozen=True)
class Heap:
    """Bytes below a folder that no other heap has; `rest` where others lie within it."""

    path: bytes
    bytes: int
    rest: bool


def heaps(found: Sequence[Folder], share: float = 0.03) -> tuple[Heap, ...]:
    """The folders that bytes lie in, none counted twice, the heaviest first; each has that share of all at least."""
    if not found:
        return ()
    least = found[0].bytes * share
    taken: Counter[bytes] = Counter()  # by folder: bytes of the heaps within it
    heaped = []
    for folder in sorted(found[1:], key=lambda folder: -folder.path.count(b"/")):
        left = folder.bytes - taken[folder.path]
        if left >= least:
            heaped.append(Heap(folder.path, left, taken[folder.path] > 0))
            taken[folder.path] = folder.bytes
        taken[folder.path.rpartition(b"/")[0]] += taken[folder.path]
    return tuple(sorted(heaped, key=lambda heap: (-heap.bytes, heap.path)))


@dataclass(frozen=True)
class Executables:
    """`in_path`: programs that a command line finds; `all`: regular files that may be executed by anybody."""

    in_path: int
    all: int


def executables(layers: Sequence[Layer], live: Live, tree: Tree, environment: Sequence[str] | None) -> Executables:
    """How many there are; `environment` is the config's Env, of which PATH is asked."""
    told = [each.partition("=")[2] for each in environment or () if each.startswith("PATH=")]
    where = {tree.resolve(each.strip("/").encode()) for each in (told or [_DEFAULT_PATH])[-1].split(":") if each}
    modes = [layer.columns.modes for layer in layers]
    found = called = 0
    for layer, index, name in live:
        if modes[layer][index] & 0o111:
            found += 1
            names = live.more.get((layer, index), (name,)) if live.more else (name,)
            called += any(each.rpartition(b"/")[0] in where for each in names)
    return Executables(called, found)
