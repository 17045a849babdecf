"""Transfer sizes, measured by packing."""

from __future__ import annotations

import gzip
import io
import os
import random
import tarfile
from pathlib import Path

import pytest
from handmade_tree import GONE, directory, image, symlink
from zlib_ng import gzip_ng

from jettison.image.transfer import transfer_size


def tar_of(files):
    """A tar of these files, made by the standard library alone."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def noise(count):
    return random.Random(1).randbytes(count)


@pytest.mark.parametrize(
    "files",
    [
        {"a": noise(9_000_000)},
        {"a": b"words and more words\n" * 500_000},
        {f"dir/{number}": noise(1000) for number in range(500)},
        {"empty": b""},
    ],
    ids=["noise", "text", "many", "empty"],
)
def test_a_layer_weighs_what_its_gzipped_tar_weighs(files):
    in_one_piece = len(gzip_ng.compress(tar_of(files), 6))
    assert in_one_piece == pytest.approx(transfer_size(image(files), {}), rel=0.02, abs=200)


def test_sources_weigh_nearly_what_they_do_with_zlib():
    files = {path.name: path.read_bytes() for path in Path(os.__file__).parent.glob("*.py")}
    assert 1.0 == pytest.approx(transfer_size(image(files), {}) / len(gzip.compress(tar_of(files), 6)), abs=0.03)


def test_layers_are_packed_once_and_equal_ones_counted_once():
    known = {}
    one = {"a": noise(100_000)}
    once, twice = transfer_size(image(one), known), transfer_size(image(one, one), known)
    assert (once, 1) == (twice, len(known))


def test_every_kind_of_entry_can_be_packed():
    files = {"link": symlink("a"), "dir": directory(), "gone": GONE, "caf\udce9": b"x"}
    assert 0 < transfer_size(image(files), {}) < 1000
