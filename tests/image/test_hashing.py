"""Streams held against their digests: by whoever reads them, or in a thread beside."""

from __future__ import annotations

import hashlib
import io
import random
import threading
import time
from typing import Any

import pytest

from jettison.core.errors import ImageError
from jettison.image.hashing import _AHEAD, _WORTH_A_THREAD, Hashing

DATA = random.Random(1).randbytes(5 * _WORTH_A_THREAD + 7)
COUNTS = (100, _WORTH_A_THREAD, 2 * _WORTH_A_THREAD)


def hashing(data: bytes, of: bytes = DATA) -> Hashing:
    return Hashing(io.BytesIO(data), f"sha256:{hashlib.sha256(of).hexdigest()}")


@pytest.mark.parametrize("count", COUNTS)
def test_what_is_read_is_what_was_there_and_its_hash_is_right(count: int) -> None:
    with hashing(DATA) as stream:
        read = b"".join(stream.read(count) for _ in range(3))
        stream.finish()
    assert DATA[: 3 * count] == read


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("at", [0, _WORTH_A_THREAD, len(DATA) - 1])
def test_one_changed_byte_is_noticed_wherever_it_is(count: int, at: int) -> None:
    changed = DATA[:at] + bytes([DATA[at] ^ 1]) + DATA[at + 1 :]
    with hashing(changed) as stream, pytest.raises(ImageError, match="not what its digest says"):
        stream.read(count)
        stream.finish()


@pytest.mark.parametrize("count", COUNTS)
def test_what_is_read_again_counts_once(count: int) -> None:
    with hashing(DATA) as stream:
        stream.read(count)
        stream.seek(count // 2)
        stream.read(count)
        stream.seek(0)
        stream.finish()
        assert len(DATA) == stream.tell()


@pytest.mark.parametrize("finished", [False, True])
def test_no_thread_is_left_behind(finished: bool) -> None:
    before = threading.active_count()
    with hashing(DATA) as stream:
        stream.read(_WORTH_A_THREAD)
        assert before + 1 == threading.active_count()
        if finished:
            stream.finish()
            assert before == threading.active_count()
    assert before == threading.active_count()


def test_small_pieces_start_no_thread() -> None:
    before = threading.active_count()
    with hashing(DATA) as stream:
        stream.read(_WORTH_A_THREAD - 1)
        assert before == threading.active_count()


@pytest.mark.parametrize("data", [DATA, DATA[:-1]])
def test_where_no_thread_can_be_started_the_reader_hashes_itself(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with hashing(data) as stream:
        if data == DATA:
            stream.finish()
        else:
            with pytest.raises(ImageError, match="not what its digest says"):
                stream.finish()


def test_a_reader_does_not_run_far_ahead_of_the_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a fast reader would hold all of a layer in memory."""
    held, go = [0], threading.Event()

    class Slow:
        name = "sha256"

        def update(self, piece: Any) -> None:
            go.wait(60)
            held[0] += 1

        def hexdigest(self) -> str:
            return ""

    monkeypatch.setattr(hashlib, "new", lambda _: Slow())
    taken: list[int] = []
    with Hashing(io.BytesIO(DATA), "sha256:") as stream:
        reader = threading.Thread(target=lambda: [taken.append(len(stream.read(_WORTH_A_THREAD))) for _ in range(5)])
        reader.start()
        while len(taken) < _AHEAD:
            time.sleep(0.001)
        reader.join(0.1)
        assert (_AHEAD, True) == (len(taken), reader.is_alive())
        go.set()
        reader.join()
        stream.finish()
    assert (5, 6) == (len(taken), held[0])


def test_what_goes_wrong_in_the_thread_is_told_and_the_reader_does_not_wait_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Failing:
        name = "sha256"

        def update(self, piece: Any) -> None:
            raise MemoryError("no room")

    monkeypatch.setattr(hashlib, "new", lambda _: Failing())
    below, told = io.BytesIO(DATA * 2), []

    def read() -> None:
        stream = Hashing(below, "sha256:")
        try:
            stream.finish()
        except MemoryError as error:
            told.append(str(error))
        stream.close()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(10)
    assert (False, ["no room"], True) == (reader.is_alive(), told, below.closed)
