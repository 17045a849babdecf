"""Compressed bytes shared out: the parts of a blob always add up to it."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
from pathlib import Path

import pytest
import zstandard
from random_layers import image_of, random_layers

from jettison.image.model import Columns, Entry, Image, Kind
from jettison.waste.account import account, shares, waste_transfer
from jettison.waste.packed import Curve, line, measure, total

NOISE = random.Random(1).randbytes(2_000_000)


def tar(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def packed(data: bytes, how: str) -> bytes:
    return gzip.compress(data, 6, mtime=0) if how == "gzip" else zstandard.compress(data) if how == "zstd" else data


def stored(layers: list[bytes], folder: Path, how: str) -> Image:
    return image_of(layers, folder, [packed(layer, how) for layer in layers])


@pytest.mark.parametrize("how", ["gzip", "zstd", "plain"])
@pytest.mark.parametrize("seed", range(10))
def test_the_parts_of_a_blob_add_up_to_it(seed: int, how: str, tmp_path: Path) -> None:
    made = stored(random_layers(seed), tmp_path, how)
    for exact in (False, True):
        for layer in made.layers:
            curve = measure(layer) if exact else line(layer)
            assert curve is not None
            assert (0, layer.transfer) == (curve.at(0), curve.at(layer.unpacked + layer.columns.overhead))
            places = sorted(range(len(layer.columns)), key=lambda at: layer.columns.offsets[at])
            costs = [curve.cost(layer.columns, at) for at in places]
            assert min(costs) >= 0
            assert sum(costs) <= curve.packed[-1]
        assert sum(layer.transfer or 0 for layer in made.layers) == total(map(measure, made.layers))


def test_files_of_a_store_have_no_position_and_cost_by_their_size() -> None:
    """containers-storage remembers how large the blob was, and keeps the files alone."""
    columns = Columns()
    for name, size in ((b"a", 300), (b"b", 100), (b"d", 0)):
        columns.append(Entry(name, Kind.FILE, 0o644, 0, 0, 0, size, b"", -1, (0, 0), ()))
    curve = Curve((0, 500), (0, 50))
    assert [30, 10, 0] == [curve.cost(columns, at) for at in range(3)]


@pytest.mark.parametrize("how", ["gzip", "zstd"])
def test_a_measured_position_knows_what_compresses_and_what_does_not(how: str, tmp_path: Path) -> None:
    made = stored([tar(("noise", NOISE), ("zeros", bytes(len(NOISE))))], tmp_path, how)
    layer = made.layers[0]
    curve, straight = measure(layer), line(layer)
    assert curve is not None and straight is not None and layer.transfer is not None
    assert curve.measured
    assert not straight.measured
    assert len(NOISE) * 0.9 < curve.cost(layer.columns, 0) <= layer.transfer
    assert len(NOISE) * 0.1 > curve.cost(layer.columns, 1)
    assert straight.cost(layer.columns, 0) == pytest.approx(straight.cost(layer.columns, 1), rel=0.01)


def test_dead_and_live_bytes_have_their_share(tmp_path: Path) -> None:
    layers = [tar(("app", NOISE), ("usr/share/doc/x", NOISE[::-1])), tar(("app", NOISE[:10]))]
    made = stored(layers, tmp_path, "gzip")
    for exact in (False, True):
        found = account(made, exact=exact)
        dead = waste_transfer(found, made.layers)
        (documentation,) = shares(found, made.layers).values()
        assert exact == found.measured
        assert [pytest.approx(len(NOISE), rel=0.04)] * 2 == [*dead, documentation.transfer]


def test_where_no_blob_is_stored_nothing_is_estimated(tmp_path: Path) -> None:
    made = image_of(random_layers(3), tmp_path)
    assert [None] * len(made.layers) == [measure(layer) for layer in made.layers]
    assert (False, None) == (account(made, exact=True).packed, total(map(line, made.layers)))


def test_an_empty_layer_costs_its_blob(tmp_path: Path) -> None:
    made = stored([tar()], tmp_path, "gzip")
    curve = measure(made.layers[0])
    assert curve is not None
    assert made.layers[0].transfer == curve.at(10**9)


def test_a_straight_line_between_two_measurements() -> None:
    curve = Curve((0, 100, 300), (0, 10, 110))
    assert [0, 5, 10, 60, 110, 110] == [curve.at(at) for at in (0, 50, 100, 200, 300, 301)]
