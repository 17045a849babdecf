"""What is in a tree, or in a layer, by name: what `ls` shows.

A pattern is as in a shell: `*`, `?`, `[...]` within a name, `**` over folders. One without a slash names files
wherever they are, as `find -name` does; one with a slash begins at the root.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.core.errors import UsageError
from jettison.core.escape import show_path
from jettison.image.export import in_order
from jettison.image.model import Entry, Image, Kind, Layer
from jettison.image.tar_fields import normalise
from jettison.image.tree import Tree

_WILD = re.compile(rb"[*?\[]")


@dataclass(frozen=True)
class Row:
    """An entry with the layer that shows it. `below` is what lies in a directory, bytes; None where not counted."""

    entry: Entry
    layer: int
    below: int | None = None
    hard_link: bytes = b""  # the name that the same payload has had before


def is_wild(pattern: bytes) -> bool:
    """Whether it holds anything else than a path."""
    return _WILD.search(pattern) is not None


def list_tree(image: Image, pattern: bytes, *, recursive: bool) -> Iterator[Row]:
    """Rows of the merged tree in the order of their paths; none where nothing is of that name.

    A directory is listed: its children, each folder with what lies below it, or all below it where `recursive`.
    Symbolic links that lead to it are followed.
    """
    tree, names = image.tree, _Names(image)
    top, here = tree.resolve(pattern), located(tree, pattern)
    if is_wild(pattern) and here is None:  # else it is a name as it stands: `[id].js`
        folder, fits = _narrowed(tree, pattern)
        start, weigh = len(folder) + 1 if folder else 0, b"**" not in pattern
        yield from (names.row(path, weigh=weigh) for path in in_order(tree, folder) if fits.match(path, start))
        return
    if here and (top is None or not _is_directory(image, top)):
        yield names.row(here)
    elif top is None:
        return
    elif recursive:
        yield from (names.row(path) for path in in_order(tree, top))
    else:
        yield from (names.row(path, weigh=True) for path in tree.children(top))


def list_layer(layer: Layer, number: int, pattern: bytes) -> Iterator[Row]:
    """Rows of one layer in the order of their paths, whiteouts and all; a directory stands for all below it."""
    columns, here = layer.columns, normalise(pattern)
    fits = compiled(pattern) if is_wild(pattern) and here not in columns.paths else None
    for index in sorted(range(len(columns)), key=columns.paths.__getitem__):
        path = columns.paths[index]
        if fits.match(path) if fits else not here or path == here or path.startswith(here + b"/"):
            yield Row(columns[index], number)


def _narrowed(tree: Tree, pattern: bytes) -> tuple[bytes, re.Pattern[bytes]]:
    """The folder that a pattern is about, symbolic links followed, and what fits the names below it."""
    folder, slash, _ = _WILD.split(pattern.strip(b"/"), maxsplit=1)[0].rpartition(b"/")
    real = tree.resolve(folder) if folder else None
    if not real:
        return b"", compiled(pattern)
    return real, compiled(slash + pattern.strip(b"/")[len(folder) + 1 :])


def located(tree: Tree, path: bytes) -> bytes | None:
    """Where a path leads: symbolic links before its last name followed, the last not. None where nothing is."""
    folder, _, last = path.strip(b"/").rpartition(b"/")
    if last in (b"", b".", b".."):
        return tree.resolve(path)
    real = tree.resolve(folder)
    found = real + b"/" + last if real else last
    return found if real is not None and found in tree else None


def compiled(pattern: bytes) -> re.Pattern[bytes]:
    """The expression that matches whole paths. Raises UsageError."""
    anchored = b"/" in pattern.rstrip(b"/")
    text = (b"" if anchored else rb"(?:.*/)?") + _translated(pattern.strip(b"/")) + rb"\Z"
    try:
        return re.compile(text, re.DOTALL)
    except re.error:
        shown = show_path(pattern)
        raise UsageError(f"{shown} is no pattern: its range is none", hint="write [a-z], the lower end first") from None


def _translated(pattern: bytes) -> bytes:
    out, at = [], 0
    for match in re.finditer(rb"(?:(?<=/)|\A)\*\*/|\*\*+|\*|\?|\[!?\]?[^\]]*\]", pattern):
        out.append(re.escape(pattern[at : match.start()]))
        token, at = match[0], match.end()
        if token.startswith(b"**"):
            out.append(rb"(?:.*/)?" if token.endswith(b"/") else rb".*")
        elif token in (b"*", b"?"):
            out.append(rb"[^/]*" if token == b"*" else rb"[^/]")
        else:
            inside = re.sub(rb"([\\\[&~|])", rb"\\\1", token[1:-1])
            out.append(b"[" + (b"^" + inside[1:] if inside[:1] == b"!" else inside.replace(b"^", rb"\^", 1)) + b"]")
    return b"".join(out) + re.escape(pattern[at:])


def _is_directory(image: Image, path: bytes) -> bool:
    entry = image.tree.get(path)
    return not path or (entry is not None and entry.kind is Kind.DIRECTORY)


class _Names:
    """Rows of an image's tree; knows which payloads have several names."""

    def __init__(self, image: Image) -> None:
        self._image, self._tree = image, image.tree
        self._shared: dict[tuple[int, int], bytes] = {}
        for path in sorted(image.merged.linked):
            place = self._tree.payload(path)
            if place not in self._shared:
                first = image.layers[place[0]].columns.paths[place[1]]
                is_there = first in self._tree and self._tree.payload(first) == place
                self._shared[place] = first if is_there else path

    def row(self, path: bytes, *, weigh: bool = False) -> Row:
        entry = self._tree.get(path)
        assert entry is not None
        other = self._shared.get(self._tree.payload(path), b"")
        below = self._below(path) if weigh and entry.kind is Kind.DIRECTORY else None
        return Row(entry, self._tree.layer_of(path), below, other if other != path else b"")

    def _below(self, path: bytes) -> int:
        """Bytes of the payloads that are named below a directory, each once."""
        tree, shared, seen, total = self._tree, self._shared, set(), 0
        sizes = [layer.columns.sizes for layer in self._image.layers]
        for each in tree.under(path):
            place = tree.payload(each)
            if place[1] < 0 or (place in shared and place in seen):
                continue
            if place in shared:
                seen.add(place)
            total += sizes[place[0]][place[1]]
        return total
