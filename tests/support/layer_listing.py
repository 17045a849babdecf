"""A little language for layers, and the subject that it makes with a Dockerfile.

One member a line: the line number of the instruction that brought it, its path, its size; `-path` is a whiteout,
`path/` a directory, `link=TARGET` makes a symbolic link; `uid=N`, `gid=N`, `mode=OCTAL`, `content=WORD` set what
differs. Equal path and size mean equal content, unless `content=` says otherwise; `text=NAME` gives the file the text
that the caller passes by that name.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from jettison.align import Alignment
from jettison.core.reference import Reference, Transport
from jettison.dockerfile.parse import parse
from jettison.image.model import Columns, Entry, Image, Kind, Layer, LayerSource
from jettison.subject import Subject


class RepeatedBytes(io.RawIOBase):
    """A seed repeated up to a size, without holding it."""

    def __init__(self, seed: bytes, size: int) -> None:
        self.seed, self.left = seed * 1024, size

    def readable(self) -> bool:
        return True

    def read(self, count: int = -1) -> bytes:
        count = self.left if count < 0 else min(count, self.left)
        self.left -= count
        return (self.seed * (count // len(self.seed) + 1))[:count]


@dataclass(frozen=True)
class ListedSource(LayerSource):
    """A layer from a listing."""

    entries: tuple[tuple[Entry, str | bytes], ...]

    def columns(self) -> Columns:
        columns = Columns()
        for entry, _ in self.entries:
            columns.append(entry)
        return columns

    def open(self, entry: Entry) -> BinaryIO:
        content = next(content for listed, content in self.entries if listed.path == entry.path)
        if isinstance(content, bytes):
            return io.BytesIO(content)
        return RepeatedBytes(hashlib.sha256(content.encode()).digest(), entry.size)  # type: ignore[return-value]


NO_TEXTS: Mapping[str, str] = {}


def subject_of(text: str, listing: str, texts: Mapping[str, str] = NO_TEXTS) -> Subject:
    """The subject of a Dockerfile whose layers are listed; instructions without members make no layer."""
    dockerfile = parse(text)
    by_line: dict[int, list[tuple[Entry, str | bytes]]] = {}
    for line in listing.splitlines():
        if line.strip():
            number, entry, content = _member(line, texts)
            by_line.setdefault(number, []).append((entry, content))
    layers = [_layer(0, [])]
    instruction_of = {}
    for instruction in dockerfile.instructions:
        if instruction.line in by_line:
            instruction_of[len(layers)] = instruction
            layers.append(_layer(instruction.line, by_line[instruction.line]))
    image = Image(Reference(Transport.OCI, "listed"), "sha256:0", {}, tuple(layers))
    alignment = Alignment(True, 1, instruction_of)
    return Subject(dockerfile, Path("/nonexistent"), image, alignment, dockerfile.stages[-1])


def subject_upon(text: str, listing: str, texts: Mapping[str, str] = NO_TEXTS) -> Subject:
    """The same where the layer of line 1, the FROM, is the base's."""
    subject = subject_of(text, listing, texts)
    above = {layer: each for layer, each in subject.alignment.instruction_of.items() if each.keyword != "FROM"}
    return replace(subject, alignment=replace(subject.alignment, base_layers=2, instruction_of=above))


def _member(line: str, texts: Mapping[str, str]) -> tuple[int, Entry, str | bytes]:
    number, path, *rest = line.split()
    settings = dict(each.split("=", 1) for each in rest if "=" in each)
    size = next((int(each) for each in rest if "=" not in each), 0)
    content: str | bytes = settings.get("content", path)
    if "text" in settings:
        content = texts[settings["text"]].encode()
        size = len(content)
    kind = Kind.WHITEOUT if path.startswith("-") else Kind.DIRECTORY if path.endswith("/") else Kind.FILE
    kind = Kind.SYMLINK if "link" in settings else kind
    name = path.removeprefix("-").rstrip("/").encode()
    mode, uid, gid = int(settings.get("mode", "644"), 8), int(settings.get("uid", 0)), int(settings.get("gid", 0))
    entry = Entry(name, kind, mode, uid, gid, 0, size, settings.get("link", "").encode(), -1, (0, 0), ())
    return int(number), entry, content


def _layer(number: int, members: list[tuple[Entry, str | bytes]]) -> Layer:
    return Layer(f"sha256:{number}", ListedSource(tuple(members)))
