"""Image, Layer, Columns: frozen, lazy views over somebody else's bytes.

Source: OCI image-spec v1.1 `config.md`, `layer.md`; terms are theirs.
"""

from __future__ import annotations

import enum
import hashlib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from jettison.core.reference import Reference

if TYPE_CHECKING:
    from jettison.image.merge import Merge
    from jettison.image.tree import Tree


class Kind(enum.IntEnum):
    """What a layer entry is."""

    FILE = 0
    DIRECTORY = 1
    SYMLINK = 2
    HARDLINK = 3
    CHARACTER = 4
    BLOCK = 5
    FIFO = 6
    WHITEOUT = 7  # path is the path that is removed, without `.wh.`
    OPAQUE = 8  # path is the directory that becomes opaque


class Entry(NamedTuple):
    """One member of a layer. Paths are bytes without leading or trailing slash; the root is b""."""

    path: bytes
    kind: Kind
    mode: int  # permission bits with setuid, setgid, sticky
    uid: int
    gid: int
    mtime: int  # nanoseconds since the epoch
    size: int  # payload bytes: logical size of a FILE, else 0
    link: bytes  # target of a SYMLINK (as stored) or HARDLINK (normalised path)
    offset: int  # where the payload starts in the uncompressed stream; -1 where there is none
    device: tuple[int, int]
    xattrs: tuple[tuple[bytes, bytes], ...]
    extents: tuple[tuple[int, int], ...] = ()  # of a sparse FILE: (logical offset, length) of what is stored


@dataclass(frozen=True)
class Columns:
    """All entries of a layer, in stream order, a column a field; never a million Python objects."""

    paths: list[bytes] = field(default_factory=list)
    kinds: array[int] = field(default_factory=lambda: array("B"))
    modes: array[int] = field(default_factory=lambda: array("L"))
    uids: array[int] = field(default_factory=lambda: array("q"))
    gids: array[int] = field(default_factory=lambda: array("q"))
    mtimes: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("q"))
    offsets: array[int] = field(default_factory=lambda: array("q"))
    links: dict[int, bytes] = field(default_factory=dict)
    devices: dict[int, tuple[int, int]] = field(default_factory=dict)
    xattrs: dict[int, tuple[tuple[bytes, bytes], ...]] = field(default_factory=dict)
    extents: dict[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    overhead: int = 0  # headers and padding, bytes

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Entry:
        return Entry(
            self.paths[index],
            Kind(self.kinds[index]),
            self.modes[index],
            self.uids[index],
            self.gids[index],
            self.mtimes[index],
            self.sizes[index],
            self.links.get(index, b""),
            self.offsets[index],
            self.devices.get(index, (0, 0)),
            self.xattrs.get(index, ()),
            self.extents.get(index, ()),
        )

    def __iter__(self) -> Iterator[Entry]:
        return (self[index] for index in range(len(self)))

    def append(self, entry: Entry) -> None:
        """Add one entry at the end; for walkers only, before anybody else holds the columns."""
        index = len(self.paths)
        self.paths.append(entry.path)
        self.kinds.append(entry.kind)
        self.modes.append(entry.mode)
        self.uids.append(entry.uid)
        self.gids.append(entry.gid)
        self.mtimes.append(entry.mtime)
        self.sizes.append(entry.size)
        self.offsets.append(entry.offset)
        if entry.link:
            self.links[index] = entry.link
        if entry.device != (0, 0):
            self.devices[index] = entry.device
        if entry.xattrs:
            self.xattrs[index] = entry.xattrs
        if entry.extents:
            self.extents[index] = entry.extents


class LayerSource:
    """Where a layer's bytes come from; one subclass a medium (stream in an archive, storage directory)."""

    def columns(self) -> Columns:
        """Walk the layer once."""
        raise NotImplementedError

    def open(self, entry: Entry) -> BinaryIO:
        """The payload of a FILE entry of this layer."""
        raise NotImplementedError

    def stored(self, entry: Entry) -> BinaryIO:
        """The same; of a sparse FILE its stored pieces alone, one after another."""
        return self.open(entry)

    def digests(self, entries: Sequence[Entry]) -> list[bytes]:
        """SHA-256 of these FILEs' payloads, in the order asked; a source that only streams reads once for all."""
        found = []
        for entry in entries:
            with self.open(entry) as stream:
                found.append(digest_of(stream))
        return found


def digest_of(stream: BinaryIO) -> bytes:
    """SHA-256 of what is left in a stream."""
    state = hashlib.sha256()
    while chunk := stream.read(2**20):
        state.update(chunk)
    return state.digest()


@dataclass(frozen=True)
class Layer:
    """One layer. `transfer` is its blob's size as stored at this source, None where no blob is stored."""

    diff_id: str
    source: LayerSource
    digest: str | None = None
    media_type: str | None = None
    transfer: int | None = None

    @cached_property
    def columns(self) -> Columns:
        return self.source.columns()

    @cached_property
    def unpacked(self) -> int:
        """Sum of all payloads, bytes; a path twice counts twice."""
        return sum(self.columns.sizes)

    def read(self, entry: Entry, limit: int = 64 * 2**20) -> bytes:
        """At most `limit` bytes of a FILE's payload."""
        with self.source.open(entry) as stream:
            return stream.read(limit)


@dataclass(frozen=True)
class HistoryRow:
    """A row of the config's history."""

    created_by: str
    empty_layer: bool
    comment: str = ""
    created: str = ""


@dataclass(frozen=True)
class Image:
    """An image: its config as it stands, its layers bottom first."""

    reference: Reference
    digest: str  # of the manifest where there is one, else of the config
    config: Mapping[str, Any]
    layers: tuple[Layer, ...]
    config_size: int = 0
    daemon_size: int | None = None  # what this engine's own list prints
    other_platforms: tuple[str, ...] = ()  # what else the index holds that this image was chosen from

    @cached_property
    def merged(self) -> Merge:
        """The stack of its layers, merged once for all who ask. Raises ImageError."""
        from jettison.image.merge import Merge

        return Merge(self.layers)

    @cached_property
    def tree(self) -> Tree:
        """What a container sees. Raises ImageError."""
        from jettison.image.tree import merge

        return merge(self.layers, self.merged)

    @cached_property
    def sizes(self) -> Sizes:
        """The five numbers. Raises ImageError."""
        from jettison.image.tree import sizes

        return sizes(self.layers, config_size=self.config_size, daemon=self.daemon_size, merged=self.merged)

    @property
    def platform(self) -> str:
        """`os/architecture[/variant]` as the config tells it."""
        return "/".join(self.config[key] for key in ("os", "architecture", "variant") if self.config.get(key))

    @property
    def runtime(self) -> Mapping[str, Any]:
        """The `config` object of the image config: Env, Cmd, Entrypoint, User ..."""
        value = self.config.get("config")
        return value if isinstance(value, dict) else {}

    @property
    def history(self) -> tuple[HistoryRow, ...]:
        return tuple(
            HistoryRow(
                row.get("created_by") or "",
                bool(row.get("empty_layer")),
                row.get("comment") or "",
                row.get("created") or "",
            )
            for row in self.config.get("history") or []
        )


@dataclass(frozen=True)
class Sizes:
    """The five numbers of INTERFACE, bytes; None where this source cannot tell."""

    transfer: int | None
    unpacked: int
    effective: int
    waste: int
    unique: int | None = None
    daemon: int | None = None
