"""Blobs are opened for what their first bytes say, members and frames after each other, and a cut one is noticed."""

from __future__ import annotations

import gzip
import io
import struct

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.core.errors import ImageError
from jettison.image.compression import compression_of, decompress

PLAIN = b"the same words again and again " * 5000


def zstd(data: bytes, **options: bool) -> bytes:
    return zstandard.ZstdCompressor(**options).compress(data)


def streamed(data: bytes) -> bytes:
    """A frame that does not tell its size, as pipes make it."""
    state = zstandard.ZstdCompressor().compressobj()
    return state.compress(data) + state.flush()


SKIPPABLE = struct.pack("<II", 0x184D2A53, 5) + b"chunk"  # as zstd:chunked and pzstd put between frames
FORMS = {
    "plain": PLAIN,
    "gzip": gzip.compress(PLAIN),
    "gzip of many members": b"".join(gzip.compress(PLAIN[at : at + 1000]) for at in range(0, len(PLAIN), 1000)),
    "gzip with padding": gzip.compress(PLAIN) + bytes(512),
    "zstd": zstd(PLAIN),
    "zstd with a checksum": zstd(PLAIN, write_checksum=True),
    "zstd that tells no size": streamed(PLAIN),
    "zstd of many frames": zstd(PLAIN[:70_000]) + SKIPPABLE + zstd(PLAIN[70_000:]),
    "zstd behind a skippable frame": SKIPPABLE + zstd(PLAIN) + SKIPPABLE,
    "zstd of nothing, then something": zstd(b"") + zstd(PLAIN),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_bytes(form: str) -> None:
    with decompress(io.BytesIO(FORMS[form])) as stream:
        assert PLAIN == b"".join(iter(lambda: stream.read(4096), b""))
    with decompress(io.BytesIO(FORMS[form])) as stream:
        assert PLAIN == stream.read()


@pytest.mark.parametrize("form", [form for form in FORMS if form != "plain"])
def test_a_blob_that_is_cut_is_never_taken_for_a_whole_one(form: str) -> None:
    data = FORMS[form].rstrip(b"\0")
    for cut in {*range(len(data) - 40, len(data)), len(data) // 2, len(data) // 3}:
        try:
            with decompress(io.BytesIO(data[:cut])) as stream:
                found = stream.read()
        except ImageError as error:
            assert error.hint
        else:
            assert PLAIN[: len(found)] == found
            assert any(data[:cut] == whole for whole in _whole_prefixes(form)), cut


def _whole_prefixes(form: str) -> list[bytes]:
    """Cuts that fall between two members or frames, which nothing can tell from an end."""
    if form == "gzip of many members":
        members = [gzip.compress(PLAIN[at : at + 1000]) for at in range(0, len(PLAIN), 1000)]
        return [b"".join(members[:count]) for count in range(len(members))]
    return [SKIPPABLE + zstd(PLAIN)] if form == "zstd behind a skippable frame" else []


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(FORMS)), st.integers(0, 400), st.binary(min_size=1, max_size=5))
def test_changed_blobs_are_refused_or_read_and_never_crash(form: str, at: int, change: bytes) -> None:
    data = FORMS[form][:at] + change + FORMS[form][at + len(change) :]
    try:
        with decompress(io.BytesIO(data)) as stream:
            while stream.read(2**16):
                pass
    except ImageError as error:
        assert error.hint


def test_ten_gigabytes_in_little_are_read_in_little_memory() -> None:
    """What is read is what is asked for: neither engine unpacks ahead of the reader."""
    import tracemalloc

    for data in (gzip.compress(bytes(200 * 2**20), 1), zstd(bytes(200 * 2**20))):
        tracemalloc.start()
        try:
            with decompress(io.BytesIO(data)) as stream:
                for _ in range(50):
                    assert 2**20 >= len(stream.read(2**20))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 16 * 2**20


def test_a_window_of_gigabytes_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=True)
    state = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    data = state.compress(PLAIN) + state.flush()
    with pytest.raises(ImageError), decompress(io.BytesIO(data)) as stream:
        stream.read()


@pytest.mark.parametrize(("head", "name"), [(b"BZh91AY", "bzip2"), (b"\xfd7zXZ\0", "xz")])
def test_what_no_registry_takes_is_refused_by_its_name(head: bytes, name: str) -> None:
    with pytest.raises(ImageError, match=name):
        compression_of(head)


def test_what_is_not_compressed_is_given_back_itself() -> None:
    blob = io.BytesIO(b"plain")
    assert decompress(blob) is blob
    assert None is compression_of(b"") is compression_of(b"\x1f")
