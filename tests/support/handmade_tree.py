"""Images whose files are written down in a test: layers in memory, with real content."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from jettison.core.reference import Reference, Transport
from jettison.image.model import Columns, Entry, Image, Kind, Layer, LayerSource
from jettison.image.tree import Tree, merge


@dataclass(frozen=True)
class Piece:
    """What stands at a path."""

    data: bytes = b""
    mode: int = 0o644
    kind: Kind = Kind.FILE
    link: bytes = b""
    uid: int = 0
    gid: int = 0


def executable(data: bytes | str) -> Piece:
    return Piece(data.encode() if isinstance(data, str) else data, 0o755)


def symlink(target: str) -> Piece:
    return Piece(mode=0o777, kind=Kind.SYMLINK, link=target.encode())


def directory(mode: int = 0o755, uid: int = 0, gid: int = 0) -> Piece:
    return Piece(mode=mode, kind=Kind.DIRECTORY, uid=uid, gid=gid)


GONE = Piece(kind=Kind.WHITEOUT)
Files = Mapping[str, Piece | bytes | str]


@dataclass(frozen=True)
class MemorySource(LayerSource):
    """A layer whose payloads are here."""

    pieces: Mapping[bytes, Piece]
    opened: list[bytes] = field(default_factory=list)  # paths, each time that one was opened

    def columns(self) -> Columns:
        columns = Columns()
        for path, piece in self.pieces.items():
            size = len(piece.data) if piece.kind is Kind.FILE else 0
            owner = (piece.mode, piece.uid, piece.gid, 0)
            columns.append(Entry(path, piece.kind, *owner, size, piece.link, -1, (0, 0), ()))
        return columns

    def open(self, entry: Entry) -> BinaryIO:
        self.opened.append(entry.path)
        return io.BytesIO(self.pieces[entry.path].data)


def layer(files: Files) -> Layer:
    pieces = {path.strip("/").encode("utf-8", "surrogateescape"): _piece(value) for path, value in files.items()}
    told = repr(sorted(pieces.items(), key=lambda pair: pair[0])).encode()
    return Layer(f"sha256:{hashlib.sha256(told).hexdigest()}", MemorySource(pieces))


def _piece(value: Piece | bytes | str) -> Piece:
    if isinstance(value, Piece):
        return value
    return Piece(value.encode() if isinstance(value, str) else value)


def image(*layers: Files, config: Mapping[str, Any] | None = None) -> Image:
    made = tuple(map(layer, layers))
    digest = hashlib.sha256(repr(([each.diff_id for each in made], config)).encode()).hexdigest()
    return Image(Reference(Transport.OCI, "handmade"), f"sha256:{digest}", {"config": dict(config or {})}, made)


def tree(*layers: Files) -> Tree:
    return merge(tuple(map(layer, layers)))


def without(files: Files, *paths: str) -> Files:
    """The same files less these paths and what lies below them; each must have been there."""
    for path in paths:
        assert any(each == path or each.startswith(path + "/") for each in files), path
    return {
        each: value
        for each, value in files.items()
        if not any(each == path or each.startswith(path + "/") for path in paths)
    }
