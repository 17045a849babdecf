"""`jettison cat`: the content of files."""

from __future__ import annotations

import codecs
import os
import re
import sys
from typing import BinaryIO

import click

from jettison.cli.options import layer_of, layer_option, opened, platform_option, say_absent
from jettison.core.errors import UsageError
from jettison.core.escape import show_path, terminal
from jettison.image.listing import located
from jettison.image.model import Columns, Image, Kind, Layer
from jettison.image.near import near_names
from jettison.image.tar_fields import normalise

_CHUNK = 2**20
_HARMLESS = re.compile("[\t\n\f]|\r(?=\n|$)|[\udca0-\udcff]")  # these last are bytes of other encodings, no controls
_WORDS = {
    Kind.DIRECTORY: "is a directory: see `jettison ls`",
    Kind.CHARACTER: "is a device",
    Kind.BLOCK: "is a device",
    Kind.FIFO: "is a named pipe",
    Kind.WHITEOUT: "is removed in this layer",
    Kind.OPAQUE: "is a directory: see `jettison ls`",
}


class _NoFile(Exception):
    """Nothing can be written of this path: the reason, and names that may have been meant."""

    def __init__(self, reason: str, near: list[bytes] | None = None) -> None:
        super().__init__(reason)
        self.reason, self.near = reason, near or []


@click.command("cat")
@click.argument("image")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@layer_option("From this layer, also where a later one replaced or removed the file")
@platform_option()
def command(image: str, paths: tuple[str, ...], layer: int | None, platform: str | None) -> int:
    """Write the content of the file at PATH in IMAGE, byte for byte; of several one after another.

    Symbolic links are followed within the image. What would act on a terminal is not written to one. Ends with 1
    where a path is not there or is no file; the others are written all the same.
    """
    found = opened(image, platform, whole=layer is None)
    failed = False
    for path in paths:
        try:
            where = os.fsencode(path)
            stream = _seen(found, where) if layer is None else _in_layer(layer_of(found, layer)[1], where)
        except _NoFile as missing:
            failed = True
            say_absent(f"{path} {missing.reason}", missing.near)
            continue
        with stream:
            _copy(stream, f"jettison cat {image} {path}")
    return int(failed)


def _seen(image: Image, path: bytes) -> BinaryIO:
    """The file as a container sees it. Raises _NoFile."""
    tree = image.tree
    real = tree.resolve(path)
    entry = tree.get(real) if real else None
    if entry is not None and entry.kind is Kind.FILE:
        assert real is not None
        return tree.open(real)
    if entry is not None or real == b"":
        raise _NoFile(_WORDS[entry.kind if entry is not None else Kind.DIRECTORY])
    link = located(tree, path)
    if link is not None:
        raise _NoFile(f"is a symbolic link that leads nowhere: {show_path(tree.get(link).link)}")  # type: ignore[union-attr]
    raise _NoFile(*_gone(image, path))


def _gone(image: Image, path: bytes) -> tuple[str, list[bytes]]:
    """Why nothing is there, and names that may have been meant."""
    from jettison.image.past import past_of

    past = past_of(image, path)
    events = past.events
    if not events:
        return "never was in this image", near_names(image.tree, path)
    brought = (each for each in reversed(events) if each.entry and each.entry.kind is Kind.FILE and not each.link)
    kept = next((each.layer for each in brought), None)
    real = f" /{show_path(past.real)}" if past.real != normalise(path) else ""
    still = "" if kept is None else f", and layer {kept} still has it: --layer {kept}{real}"
    return f"is gone: layer {events[-1].layer} took it away{still}", []


def _in_layer(layer: Layer, path: bytes) -> BinaryIO:
    """The file as this layer brought it, hard links within the layer followed. Raises _NoFile."""
    columns = layer.columns
    at = _last(columns, normalise(path), len(columns))
    followed: set[int] = set()
    while at is not None and columns[at].kind is Kind.HARDLINK:
        link = columns[at].link
        followed.add(at)
        target = _last(columns, link, at)  # what had that name when the link was made; a few archives have it later
        target = _last(columns, link, len(columns)) if target is None else target
        if target is None or target in followed:
            raise _NoFile(f"is a hard link to /{show_path(link)} of a lower layer")
        at = target
    entry = None if at is None else columns[at]
    if entry is None:
        raise _NoFile("is not in this layer; `jettison why` tells which have it")
    if entry.kind is Kind.SYMLINK:
        raise _NoFile(f"is a symbolic link to {show_path(entry.link)}")
    if entry.kind is not Kind.FILE:
        raise _NoFile(_WORDS[entry.kind])
    return layer.source.open(entry)


def _last(columns: Columns, path: bytes, end: int) -> int | None:
    """Index of the last member of that name before `end`: what stood then; a whiteout where nothing else is.

    Whiteouts act on lower layers alone, wherever they stand.
    """
    found = [index for index, each in enumerate(columns.paths[:end]) if each == path]
    stands = [index for index in found if columns.kinds[index] not in (Kind.WHITEOUT, Kind.OPAQUE)]
    return next(reversed(stands or found), None)


def _acts(text: str) -> bool:
    """Whether a terminal would do something else than show this: controls of C0 and C1, reordered or hidden text."""
    text = _HARMLESS.sub("", text)
    return terminal(text) != text


def _copy(stream: BinaryIO, call: str) -> None:
    out, guarded = sys.stdout.buffer, sys.stdout.isatty()
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    while data := stream.read(_CHUNK):
        if guarded and _acts(decoder.decode(data)):
            raise UsageError("this file is not text, and could act on your terminal", hint=f"{call} | less, or > FILE")
        out.write(data)
    out.flush()
