"""Every cause of waste, with the layer that brought the bytes and the layer that took their last name."""

from __future__ import annotations

import io
import tarfile
from typing import Any, BinaryIO

import pytest

from jettison.image.merge import Merge
from jettison.image.model import Columns, Entry, Layer, LayerSource
from jettison.image.tar import walk
from jettison.image.tree import sizes
from jettison.waste.rows import Cause, waste_rows

Member = tuple[str, bytes | str | None]  # content of a file, target of a hard link, None for a directory


class Bytes(LayerSource):
    """A layer held in memory; counts how often it is read."""

    def __init__(self, members: tuple[Member, ...]) -> None:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            for name, told in members:
                info = tarfile.TarInfo(name)
                if isinstance(told, bytes):
                    info.size = len(told)
                elif told is None:
                    info.type = tarfile.DIRTYPE
                else:
                    info.type, info.linkname = tarfile.LNKTYPE, told
                archive.addfile(info, io.BytesIO(told if isinstance(told, bytes) else b""))
        self.data, self.opened, self.passes = out.getvalue(), 0, 0

    def columns(self) -> Columns:
        return walk(io.BytesIO(self.data))

    def open(self, entry: Entry) -> BinaryIO:
        self.opened += 1
        return io.BytesIO(self.data[entry.offset : entry.offset + entry.size])

    def hashed(self, entries: Any) -> list[bytes]:
        self.passes += 1
        return super().hashed(entries)


def stack(*layers: tuple[Member, ...]) -> list[Layer]:
    return [Layer(f"sha256:{number}", Bytes(members)) for number, members in enumerate(layers)]


BASE: tuple[Member, ...] = (("d", None), ("d/a", b"12345"), ("b", b"123"))
CASES: dict[str, tuple[list[tuple[Member, ...]], list[tuple[bytes, int, Cause, int, int]]]] = {
    "nothing is wasted": ([BASE, (("c", b"1"),)], []),
    "deleted later": ([BASE, (), ((".wh.b", b""),)], [(b"b", 3, Cause.DELETED_LATER, 0, 2)]),
    "deleted with its directory": ([BASE, ((".wh.d", b""),)], [(b"d/a", 5, Cause.DELETED_LATER, 0, 1)]),
    "below an opaque directory": (
        [BASE, (("d", None), ("d/.wh..wh..opq", b""), ("d/a", b"12345"))],
        [(b"d/a", 5, Cause.OPAQUE_DIRECTORY, 0, 1)],
    ),
    "only its metadata changed": ([BASE, (("b", b"123"),)], [(b"b", 3, Cause.METADATA_ONLY, 0, 1)]),
    "overwritten by as many bytes": ([BASE, (("b", b"321"),)], [(b"b", 3, Cause.OVERWRITTEN_LATER, 0, 1)]),
    "overwritten by fewer": ([BASE, (("b", b"1"),)], [(b"b", 3, Cause.OVERWRITTEN_LATER, 0, 1)]),
    "replaced by a directory": ([BASE, (("b", None),)], [(b"b", 3, Cause.OVERWRITTEN_LATER, 0, 1)]),
    "its directory replaced by a file": ([BASE, (("d", b"x"),)], [(b"d/a", 5, Cause.OVERWRITTEN_LATER, 0, 1)]),
    "twice in one layer": (
        [(("a", b"1"), ("a", b"1"), ("a", b"333"))],
        [(b"a", 1, Cause.REPLACED_IN_SAME_LAYER, 0, 0)] * 2,
    ),
    "copied three times, N copies waste N-1": (
        [BASE, (("b", b"123"),), (("b", b"123"),)],
        [(b"b", 3, Cause.METADATA_ONLY, 0, 1), (b"b", 3, Cause.METADATA_ONLY, 1, 2)],
    ),
    "the last of two names decides": (
        [(("a", b"123"), ("h", "a")), ((".wh.a", b""),), (("h", b"1"),)],
        [(b"a", 3, Cause.OVERWRITTEN_LATER, 0, 2)],
    ),
    "one of two names lives": ([(("a", b"123"), ("h", "a")), ((".wh.a", b""),)], []),
    "replaced by a hard link to another": (
        [BASE, (("n", b"123"), ("b", "n"))],
        [(b"b", 3, Cause.METADATA_ONLY, 0, 1)],
    ),
    "deleted, then there again": (
        [BASE, ((".wh.b", b""),), (("b", b"123"),)],
        [(b"b", 3, Cause.DELETED_LATER, 0, 1)],
    ),
    "empty files weigh nothing": ([(("e", b""),), ((".wh.e", b""),)], []),
}


@pytest.mark.parametrize("name", CASES)
def test_a_dead_payload_is_told_with_its_cause(name: str) -> None:
    members, expected = CASES[name]
    layers = stack(*members)
    rows = waste_rows(layers)
    assert expected == [row[:5] for row in rows]
    assert sizes(layers).waste == sum(row.bytes for row in rows)
    assert rows == waste_rows(layers, Merge(layers))
    assert [row.path for row in rows] == [layers[row.layer].columns.paths[row.entry] for row in rows]


def test_contents_are_compared_only_where_sizes_are_equal_and_in_one_pass_a_layer() -> None:
    many = tuple((f"f{number}", b"%03d" % number) for number in range(50))
    layers = stack(many, (*many[:49], ("f49", b"longer")), ((".wh.f1", b""),))
    waste_rows(layers)
    assert [1, 1, 0] == [layer.source.passes for layer in layers]  # type: ignore[attr-defined]
    assert [49, 49, 0] == [layer.source.opened for layer in layers]  # type: ignore[attr-defined]
