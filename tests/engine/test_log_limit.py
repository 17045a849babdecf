"""A program that prints without end fills no disk, and its first and last words are still there."""

from __future__ import annotations

import os
import time
from pathlib import Path

from jettison.engine.log_limit import KEPT_FIRST, KEPT_LAST, LogLimit, punch

PIECE = bytes(range(256)) * 4096  # 1 MiB


def blocks(file: Path) -> int:
    return file.stat().st_blocks * 512


def test_the_middle_of_a_long_log_gives_its_blocks_back(tmp_path: Path) -> None:
    file = tmp_path / "log"
    with file.open("wb") as writer:
        for _ in range(40):
            writer.write(PIECE)
        writer.flush()
        os.fsync(writer.fileno())
        assert (True, 40 * len(PIECE)) == (punch(file), file.stat().st_size)
        assert KEPT_FIRST + KEPT_LAST <= blocks(file) <= KEPT_FIRST + KEPT_LAST + 2**17
        writer.write(b"the end")  # the writer goes on where it was
    data = file.read_bytes()
    assert (PIECE * 4, 40 * len(PIECE) + 7) == (data[:KEPT_FIRST], len(data))
    assert (PIECE + b"the end") == data[-KEPT_LAST - 7 :]
    assert not punch(file)


def test_a_short_log_stays_whole(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(PIECE * 9)
    assert (False, PIECE * 9) == (punch(file), file.read_bytes())


def test_a_log_is_watched_while_it_grows(tmp_path: Path) -> None:
    file, other = tmp_path / "main.out", tmp_path / "command-1.env"
    other.write_bytes(PIECE * 20)
    limit = LogLimit(tmp_path)
    try:
        with file.open("wb", buffering=0) as writer:
            for _ in range(64):
                writer.write(PIECE)
            deadline = time.monotonic() + 20
            while blocks(file) > 2 * (KEPT_FIRST + KEPT_LAST) and time.monotonic() < deadline:
                time.sleep(0.05)
    finally:
        limit.end()
    assert (64 * len(PIECE), True) == (file.stat().st_size, blocks(file) <= 2 * (KEPT_FIRST + KEPT_LAST))
    assert PIECE * 20 == other.read_bytes()
