"""Image, Layer, Columns: frozen, lazy views over somebody else's bytes.

Source: OCI image-spec v1.1 `config.md`, `layer.md`; terms are theirs.
"""

from __future__ import annotations

import enum
import hashlib
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol

from jettison.core.errors import ImageError
from jettison.core.reference import Reference
from jettison.image.shapes import misshapen

if TYPE_CHECKING:
    from jettison.image.blob import Blob
    from jettison.image.merge import Merge
    from jettison.image.outline import Outline
    from jettison.image.tree import Tree


HASH = 16  # bytes of a fingerprint
_UNKNOWN = (b"", bytes(HASH))


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
    modes: array[int] = field(default_factory=lambda: array("H"))
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
    hashes: bytearray = field(
        default_factory=bytearray, compare=False
    )  # HASH bytes an entry, zeros: not known; or none

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

    def fingerprint(self, index: int) -> bytes | None:
        """XXH3-128 of a FILE's payload; None where whoever walked the layer did not read it."""
        found = bytes(self.hashes[index * HASH : (index + 1) * HASH])
        return None if found in _UNKNOWN else found

    @cached_property
    def unpacked(self) -> int:
        """Sum of all payloads, bytes; a path twice counts twice."""
        return sum(self.sizes)

    @cached_property
    def outline(self) -> Outline:
        """What a merge asks of a layer before it looks at its entries."""
        from jettison.image.outline import outline_of

        return outline_of(self)

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

    def walk(self, report: Callable[[int], object]) -> Columns:
        """The same; `report` is told now and then how many bytes of `weight` have been passed."""
        return self.columns()

    @property
    def weight(self) -> int:
        """Bytes that a walk has to pass at this source, 0 where that is not known."""
        return 0

    def bring(self, others: Sequence[LayerSource]) -> Iterator[int]:
        """Have the bytes of all these layers of its image on this machine, from afar several at once.

        Yields the bytes that came so far; nothing where they are here. Raises ImageError.
        """
        return iter(())

    @property
    def effort(self) -> float:
        """Seconds that a walk may take, roughly; 0 where that is not known."""
        return 0.0

    @property
    def proof(self) -> str | None:
        """What vouches for the bytes being the same when read again; None where nothing does.

        Together with the diff ID it is the name under which columns may be kept. The diff ID alone would not do: it
        is what an image says of itself, and a hostile one could have its own columns shown for another's layer.
        """
        return None

    def open(self, entry: Entry) -> BinaryIO:
        """The payload of a FILE entry of this layer."""
        raise NotImplementedError

    def stored(self, entry: Entry) -> BinaryIO:
        """The same; of a sparse FILE its stored pieces alone, one after another."""
        return self.open(entry)

    def plain(self) -> Blob | None:
        """The uncompressed tar that `offset` counts in, put down on disk where it must be; None where there is none.

        For who reads most of a layer in an order of his own.
        """
        return None

    def as_stored(self) -> Blob | None:
        """The layer's blob as this source stores it, a plain tar or a compressed one; None where it stores none."""
        return None

    def tar(self) -> Iterator[bytes]:
        """The layer's own uncompressed tar, whose SHA-256 its diff ID is. Raises ImageError where it is not kept."""
        raise ImageError(
            "this source keeps the files of a layer, and not the tar that they came in",
            hint="save the image to an archive with its own engine, and give that",
        )

    def digests(self, entries: Sequence[Entry]) -> list[bytes]:
        """SHA-256 of these FILEs' payloads, in the order asked; a source that only streams reads once for all."""
        return self._hash(entries, hashlib.sha256)

    def hashed(self, entries: Sequence[Entry]) -> list[bytes]:
        """XXH3-128 likewise."""
        if not entries:
            return []
        from xxhash import xxh3_128

        return self._hash(entries, xxh3_128)

    def _hash(self, entries: Sequence[Entry], method: Callable[[], Hash]) -> list[bytes]:
        found = []
        for entry in entries:
            with self.open(entry) as stream:
                found.append(digest_of(stream, method))
        return found


class Hash(Protocol):
    """A hash of hashlib or xxhash."""

    def update(self, data: bytes | memoryview, /) -> object:
        """Take more bytes."""
        ...

    def digest(self) -> bytes:
        """Of all bytes taken."""
        ...


def digest_of(stream: BinaryIO, method: Callable[[], Hash] = hashlib.sha256) -> bytes:
    """The hash of what is left in a stream."""
    state = method()
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
        from jettison.image.walking import columns_of

        return columns_of(self)

    @cached_property
    def unpacked(self) -> int:
        """Sum of all payloads, bytes; a path twice counts twice."""
        return self.columns.unpacked

    def fingerprints(self, indices: Sequence[int]) -> list[bytes]:
        """XXH3-128 of these FILEs' payloads; what the walk did not read is read now, at once.

        For finding equal content. It is no proof against who forges equality: before anything is thrown away, compare
        `source.digests`.
        """
        columns = self.columns
        found = {index: columns.fingerprint(index) for index in indices}
        missing = [index for index, known in found.items() if known is None]
        if missing:
            from jettison.image.walking import keep_again

            if len(columns.hashes) != len(columns) * HASH:
                columns.hashes[:] = bytes(len(columns) * HASH)
            for index, one in zip(missing, self.source.hashed([columns[at] for at in missing]), strict=True):
                found[index] = columns.hashes[index * HASH : (index + 1) * HASH] = one
            keep_again(self)
        return [found[index] or b"" for index in indices]

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
class Documents:
    """What an image was read from, byte for byte: so that a copy of it has the same digest.

    No manifest, and no media type of it, where the source has none that was read (`docker save`, engines' stores).
    """

    config: bytes
    manifest: bytes = b""
    media_type: str = ""


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
    documents: Documents | None = field(default=None, repr=False)  # None where it was made here

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

    @cached_property
    def runtime(self) -> Mapping[str, Any]:
        """The `config` object of the image config: Env, Cmd, Entrypoint, User ...

        What has not the shape that image-spec `config.md` asks for is left out; `inspect --validate` tells of it.
        """
        value = self.config.get("config")
        if not isinstance(value, dict):
            return {}
        wrong = misshapen(value)
        return {key: each for key, each in value.items() if key not in wrong} if wrong else value

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
    """The five numbers that are told of an image, bytes; None where this source cannot tell."""

    transfer: int | None
    unpacked: int
    effective: int
    waste: int
    unique: int | None = None
    daemon: int | None = None
