"""`jettison export`: the merged tree as a tar."""

from __future__ import annotations

import os
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import BinaryIO

import click

from jettison.cli.options import insecure, layer_of, layer_option, opened, platform_option
from jettison.core.errors import Interrupted, UsageError
from jettison.core.escape import terminal
from jettison.core.state import disk_errors
from jettison.core.units import show_bytes
from jettison.core.whole_file import whole_file
from jettison.image.export import export_layer, export_tree

_PLACES = "oci:DIRECTORY, oci-archive:FILE, docker-archive:FILE, docker://HOST/NAME:TAG or docker-daemon:NAME:TAG"
_EVERY = 0.2  # seconds between two looks at the progress


@click.command("export")
@click.argument("image")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write here instead of stdout.")
@layer_option("Only what this layer holds, its whiteouts as `.wh.` files")
@click.option("--to", metavar="REFERENCE", help="Write the image itself, with its layers, to TRANSPORT:PLACE.")
@platform_option()
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(
    image: str, output: Path | None, layer: int | None, to: str | None, platform: str | None, quiet: bool
) -> int:
    """Write the file system of IMAGE as a tar, as `docker export` does, without an engine.

    The same image always gives the same bytes. Hard links, extended attributes, fractions of seconds and holes in
    sparse files are kept; the empty mount points that engines add (/.dockerenv, /dev/console, /etc/hosts ...) are not
    there.

    With --to it is the image that is written, its layers and its config: to docker-archive:FILE[:NAME:TAG],
    oci:DIRECTORY[:TAG] (beside the images that are there), oci-archive:FILE[:TAG], docker://HOST/NAME:TAG or
    docker-daemon:NAME:TAG. An image that came with a manifest keeps it, and so its digest.
    """
    if to is not None:
        if output is not None or layer is not None:
            raise UsageError("--to writes the whole image", hint="leave out -o and --layer")
        return _send(image, to, platform, quiet)
    if output is None and sys.stdout.isatty():
        raise UsageError("a tar is nothing for a terminal", hint=f"write `-o FILE`, or `jettison export {image} | ...`")
    found = opened(image, platform, whole=layer is None)
    data = export_tree(found) if layer is None else export_layer(layer_of(found, layer)[1])
    if not quiet and sys.stderr.isatty() and not (output is None and not _is_file(sys.stdout.buffer)):
        data = _told(data)
    if output is None:
        _write(data, sys.stdout.buffer)
    else:
        with _ended_by_signals(), disk_errors("write", output), whole_file(output) as stream:
            _write(data, stream)
    return 0


def _send(image: str, to: str, platform: str | None, quiet: bool) -> int:
    """The image itself, into another place; what it is called there, and its digest, on standard output."""
    from jettison.core.reference import parse
    from jettison.image.write import write

    place = parse(to)
    if place is None:
        raise UsageError(f"'{to}' names no transport", hint=f"write --to {_PLACES}")
    to_pipe = place.where.partition(":")[0] in ("-", "/dev/stdout")
    if to_pipe and sys.stdout.isatty():
        raise UsageError(
            "an archive is nothing for a terminal", hint=f"write `jettison export --to {to} {image} | ...`"
        )
    found = opened(image, platform, whole=False)
    live = not quiet and sys.stderr.isatty()
    with _ended_by_signals(), _shown("packed and written") if live else nullcontext() as report:
        digest = write(found, place, report, insecure=insecure())
    click.echo(f"{terminal(str(place))} {digest}", err=to_pipe)
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
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does, so that it can clean up."""
    before = signal.signal(signal.SIGTERM, _stopped)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stopped(number: int, _frame: FrameType | None) -> None:
    raise Interrupted(number)


def _told(data: Iterable[bytes]) -> Iterator[bytes]:
    """The same, with one live line of what is done."""
    with _shown("written") as count:
        for piece in data:
            count(len(piece))
            yield piece


@contextmanager
def _shown(done: str) -> Iterator[Callable[[int], None]]:
    """Takes numbers of bytes, and shows their sum and their rate in one live line, which is gone afterwards."""
    total, started = 0, time.monotonic()
    shown = started

    def count(more: int) -> None:
        nonlocal total, shown
        total += more
        now = time.monotonic()
        if now - shown > _EVERY:
            rate = show_bytes(int(total / (now - started)))
            sys.stderr.write(f"\r\x1b[2K  {show_bytes(total)} {done}, {rate}/s")
            sys.stderr.flush()
            shown = now

    try:
        yield count
    finally:
        if shown != started:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
