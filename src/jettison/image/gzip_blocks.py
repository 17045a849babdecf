"""gzip in several threads, always the same bytes: blocks compressed each by itself, as pgzip does.

Source: RFC 1952 (gzip), RFC 1951 (deflate); zlib manual, Z_SYNC_FLUSH: what is flushed so ends with an empty block, at
a whole byte, and streams of which the last alone is finished are one stream.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

LEVEL = 6
BLOCK = 4 * 2**20  # bytes; about 0.2 % more comes out than in one piece
_AHEAD = 8  # blocks: what bounds the memory
_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # deflate, no name, no time, no system
_TRAILER = struct.Struct("<II")


def deflated(block: bytes) -> bytes:
    """One block compressed, others may follow."""
    compressor = zlib.compressobj(LEVEL, wbits=-15)
    return compressor.compress(block) + compressor.flush(zlib.Z_SYNC_FLUSH)


def gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The gzip of these bytes: the same for the same bytes, however they come in pieces and with however many threads.

    Another zlib may make others.
    """
    checksum, size = 0, 0
    yield _HEADER
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # zlib lets other threads run
        pending: deque[Future[bytes]] = deque()
        try:
            for block in _blocks(pieces):
                checksum, size = zlib.crc32(block, checksum), size + len(block)
                pending.append(pool.submit(deflated, block))
                while len(pending) > _AHEAD:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for each in pending:
                each.cancel()
    yield b"\x03\0" + _TRAILER.pack(checksum, size & 0xFFFFFFFF)  # the last block, an empty one


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks of BLOCK; only the last is shorter."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= BLOCK:
            yield bytes(held[:BLOCK])
            del held[:BLOCK]
    if held:
        yield bytes(held)
