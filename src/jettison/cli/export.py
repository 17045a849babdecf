"""`jettison export`: the merged tree as a tar."""

from __future__ import annotations

import os
import signal
import stat
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import BinaryIO

import click

from jettison.cli.options import layer_of, layer_option, opened, platform_option
from jettison.core.errors import Interrupted, UsageError
from jettison.core.state import disk_errors
from jettison.core.units import show_bytes
from jettison.image.export import export_layer, export_tree

_EVERY = 0.2  # seconds between two looks at the progress


@click.command("export")
@click.argument("image")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write here instead of stdout.")
@layer_option("Only what this layer holds, its whiteouts as `.wh.` files")
@platform_option()
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(image: str, output: Path | None, layer: int | None, platform: str | None, quiet: bool) -> int:
    """Write the file system of IMAGE as a tar, as `docker export` does, without an engine.

    The same image always gives the same bytes. Hard links, extended attributes, fractions of seconds and holes in
    sparse files are kept; the empty mount points that engines add (/.dockerenv, /dev/console, /etc/hosts ...) are not
    there.
    """
    if output is None and sys.stdout.isatty():
        raise UsageError("a tar is nothing for a terminal", hint=f"write `-o FILE`, or `jettison export {image} | ...`")
    found = opened(image, platform, whole=layer is None)
    data = export_tree(found) if layer is None else export_layer(layer_of(found, layer)[1])
    if not quiet and sys.stderr.isatty() and not (output is None and not _is_file(sys.stdout.buffer)):
        data = _told(data)
    if output is None:
        _write(data, sys.stdout.buffer)
    else:
        with disk_errors("write", output), _new_file(output) as stream:
            _write(data, stream)
    return 0


def _write(data: Iterable[bytes], stream: BinaryIO) -> None:
    """Headers are small and many: they go out in one piece with what follows."""
    held = bytearray()
    for piece in data:
        held += piece
        if len(held) >= 2**18:
            stream.write(held)
            held = bytearray()
    stream.write(held)
    stream.flush()


def _is_file(stream: BinaryIO) -> bool:
    return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that stands at `path` once it is whole; devices and pipes are written to as they are."""
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:
            yield stream
        return
    real = path.resolve()
    before = signal.signal(signal.SIGTERM, _stopped)
    descriptor, temporary = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name[:100]}.", suffix=".jettison")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            mask = os.umask(0o077)
            os.umask(mask)
            os.fchmod(descriptor, 0o666 & ~mask)
        Path(temporary).replace(real)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _stopped(number: int, _frame: FrameType | None) -> None:
    raise Interrupted(number)


def _told(data: Iterable[bytes]) -> Iterator[bytes]:
    """The same, with one live line of what is done."""
    count, started = 0, time.monotonic()
    shown = started
    try:
        for piece in data:
            count += len(piece)
            now = time.monotonic()
            if now - shown > _EVERY:
                sys.stderr.write(
                    f"\r\x1b[2K  {show_bytes(count)} written, {show_bytes(int(count / (now - started)))}/s"
                )
                sys.stderr.flush()
                shown = now
            yield piece
    finally:
        if shown != started:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
