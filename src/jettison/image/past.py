"""The past of one path: what each layer did to it.

The stack is merged as `merge` does it, and the path is looked at after each layer; so whiteouts, opaque directories,
files over directories, hard links and symbolic links on the way there mean what they mean to an engine.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from jettison.image.listing import located
from jettison.image.merge import Merge, Place
from jettison.image.model import Columns, Entry, Image, Kind, Layer
from jettison.image.tar_fields import normalise
from jettison.image.tree import Tree

WHITEOUT, OPAQUE, REPLACED = "whiteout", "opaque", "replaced"  # how a path was taken away


class Change(enum.Enum):
    """What a layer did to a path."""

    ADDED = "added"
    CONTENT = "content"
    METADATA = "metadata"
    REMOVED = "removed"  # by a whiteout of it, or of a folder above it
    HIDDEN = "hidden"  # by an opaque folder, or by something else in the place of a folder above it


@dataclass(frozen=True)
class Below:
    """Regular files below a directory: how many, and their payloads' bytes."""

    files: int = 0
    size: int = 0

    def __sub__(self, other: Below) -> Below:
        return Below(self.files - other.files, self.size - other.size)

    def __add__(self, other: Below) -> Below:
        return Below(self.files + other.files, self.size + other.size)


@dataclass(frozen=True)
class Event:
    """`size` is what the layer stores for the path, bytes; of a directory, for all below it.

    `entry` is what stands there afterwards, `before` what stood there. `link` is the name whose payload a hard link
    shares. Where the path went: `how`, and `by` which member. `aspects` are what differs in the metadata.
    `brought` and `gone` count a directory's files.
    """

    layer: int
    change: Change
    path: bytes
    size: int = 0
    entry: Entry | None = None
    before: Entry | None = None
    link: bytes = b""
    how: str = ""
    by: bytes = b""
    aspects: tuple[str, ...] = ()
    brought: Below = Below()
    gone: Below = Below()


@dataclass(frozen=True)
class Past:
    """All events of `path`, oldest first. `real` is where it leads to, through the symbolic links `through`.

    `now` is what a container sees there, `target` where that leads if it is a symbolic link; `below` of a directory.
    """

    path: bytes
    real: bytes
    events: tuple[Event, ...]
    now: Entry | None = None
    target: bytes | None = None
    through: tuple[tuple[bytes, bytes], ...] = ()
    below: Below | None = None

    @property
    def stored(self) -> int:
        """Bytes that ship because of it, in all layers."""
        return sum(event.size for event in self.events)


def past_of(image: Image, path: bytes) -> Past:
    """What every layer did to `path`, or to what it leads to. No events where it never was. Raises ImageError."""
    given = normalise(path)
    watched = [given]
    while True:  # a second time where a symbolic link on the way led elsewhere meanwhile
        watch = _Watch(image.layers, given, watched)
        if watch.places <= set(watched):
            break
        watched += sorted(watch.places - set(watched))
    tree = image.tree
    real = located(tree, given) or next((each.path for each in reversed(watch.events)), given)
    now = tree.get(real)
    target = tree.resolve(real) if now is not None and now.kind is Kind.SYMLINK else None
    is_directory = now is not None and now.kind is Kind.DIRECTORY
    below = _weigh(tree, image.layers, real, 0)[0] if is_directory else None
    return Past(given, real, tuple(watch.events), now, target, tuple(_links(tree, given)), below)


def _links(tree: Tree, path: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The symbolic links among a path's folders, each with where it leads."""
    at = b""
    for part in path.split(b"/")[:-1]:
        here = at + b"/" + part if at else part
        entry = tree.get(here)
        real = tree.resolve(here)
        if entry is None or real is None:
            return
        if entry.kind is Kind.SYMLINK:
            yield here, real
        at = real


class _Watch(Merge):
    """A merge that looks at some paths after each layer. `places` are where the given one led to."""

    def __init__(self, layers: Sequence[Layer], given: bytes, watched: Sequence[bytes]) -> None:
        super().__init__(())
        self._layers = layers
        self.events: list[Event] = []
        self.places: set[bytes] = set()
        totals = dict.fromkeys(watched, Below())
        tree = Tree(layers, self)
        for number, layer in enumerate(layers):
            before = {path: self.nodes.get(path) for path in watched}
            self._remove_lower(number, layer.columns)
            self._add(number, layer.columns)
            place = located(tree, given)
            self.places |= {place} if place is not None else set()
            for path in watched:
                totals[path] = self._look(path, number, before[path], totals[path])

    def _look(self, path: bytes, number: int, before: Place | None, total: Below) -> Below:
        """Note what the layer did to the path; what is below it now."""
        after = self.nodes.get(path)
        tree = Tree(self._layers, self)
        now, brought = _weigh(tree, self._layers, path, number) if path in self.children else (Below(), Below())
        gone = total + brought - now
        event = self._event(path, number, before, after)
        if event is None and before is not None and (brought.files or gone.files):
            event = Event(number, Change.CONTENT, path, entry=tree.get(path), before=tree.get(path))
        if event is not None:
            size = event.size + brought.size
            self.events.append(replace(event, size=size, brought=brought, gone=gone))
        return now

    def _event(self, path: bytes, number: int, before: Place | None, after: Place | None) -> Event | None:
        if before == after:
            return None
        old, new = self._entry(path, before), self._entry(path, after)
        if new is None:
            how, by = _taken(self._layers[number].columns, path, self)
            change = Change.REMOVED if how == WHITEOUT else Change.HIDDEN
            return Event(number, change, path, before=old, how=how, by=by)
        assert after is not None
        link = self._hard_link(path, number)
        size = new.size if after[0] == number and (not link or self._has_the_bytes(path, after)) else 0
        if old is None:
            return Event(number, Change.ADDED, path, size, new, link=link)
        assert before is not None
        if not self._same(before, old, after, new):
            return Event(number, Change.CONTENT, path, size, new, old, link, aspects=_aspects(old, new))
        aspects = _aspects(old, new)
        if new.kind is Kind.DIRECTORY and not set(aspects) - {"mtime"}:
            return None  # told of again only because something in it changed
        return Event(number, Change.METADATA, path, size, new, old, link, aspects=aspects)

    def _entry(self, path: bytes, place: Place | None) -> Entry | None:
        if place is None:
            return None
        layer, index = place
        if index < 0:
            return Entry(path, Kind.DIRECTORY, 0o755, 0, 0, 0, 0, b"", -1, (0, 0), ())
        entry = self._layers[layer].columns[index]._replace(path=path)
        return self.told[place].of(entry) if place in self.told else entry

    def _hard_link(self, path: bytes, number: int) -> bytes:
        """What the layer's own member at `path` is a hard link to; empty where it is none."""
        layer, index = self.linked.get(path, (-1, -1))
        return self._layers[layer].columns.links.get(index, b"") if layer == number else b""

    def _has_the_bytes(self, path: bytes, inode: Place) -> bool:
        """Whether a hard link counts for the payload: the file's own name is gone, and this is its first."""
        names = [each for each, place in self.nodes.items() if place == inode]
        return path == min(names) and all(each in self.linked for each in names)

    def _same(self, before: Place, old: Entry, after: Place, new: Entry) -> bool:
        """Whether kind and content are the same."""
        if old.kind is not new.kind or old.size != new.size or old.link != new.link or old.device != new.device:
            return False
        if new.kind is not Kind.FILE or not new.size:
            return True
        contents = [
            self._layers[layer].source.digests([self._layers[layer].columns[index]]) for layer, index in (before, after)
        ]
        return contents[0] == contents[1]


def _aspects(old: Entry, new: Entry) -> tuple[str, ...]:
    """Names of the metadata that differ; times in whole seconds, for not every store keeps more."""
    found = [key for key in ("mode", "uid", "gid", "xattrs") if getattr(old, key) != getattr(new, key)]
    return (*found, "mtime") if old.mtime // 10**9 != new.mtime // 10**9 else tuple(found)


def _taken(columns: Columns, path: bytes, merge: Merge) -> tuple[str, bytes]:
    """How a layer took a path away, and by which of its members."""
    parts = path.split(b"/")
    above = {b"/".join(parts[:count]) for count in range(1, len(parts))}
    found: dict[str, bytes] = {}
    for index, kind in enumerate(columns.kinds):
        if kind >= Kind.WHITEOUT:
            name = columns.paths[index]
            if kind == Kind.WHITEOUT and (name == path or name in above):
                found[WHITEOUT] = min(found.get(WHITEOUT, name), name, key=len)
            elif kind == Kind.OPAQUE and (name in above or not name):
                found[OPAQUE] = name
    for how in (WHITEOUT, OPAQUE):
        if how in found:
            return how, found[how]
    for each in sorted(above, key=len):
        if each not in merge.children:
            return REPLACED, each
    return REPLACED, path.rpartition(b"/")[0]


def _weigh(tree: Tree, layers: Sequence[Layer], path: bytes, number: int) -> tuple[Below, Below]:
    """Payloads below a directory, each once: all of them, and those that layer `number` brought."""
    columns = [layer.columns for layer in layers]
    counts = [[0, 0], [0, 0]]
    for layer, index in {tree.payload(each) for each in tree.under(path)}:
        if index >= 0 and columns[layer].kinds[index] == Kind.FILE:
            for count in counts if layer == number else counts[:1]:
                count[0] += 1
                count[1] += columns[layer].sizes[index]
    return Below(*counts[0]), Below(*counts[1])
