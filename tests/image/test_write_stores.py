"""A layer that an engine keeps as files, written as the tar that it was."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
from handmade import directory, entry, hard_link, symlink, tar

from jettison.core.errors import ImageError
from jettison.image.directory import DirectorySource
from jettison.image.tar_split import assembled

LAYER = tar(
    directory("d"),
    entry("d/a", b"1" * 1000),
    entry("empty"),
    symlink("s", "d/a"),
    hard_link("h", "d/a"),
    entry("./" + "long/" * 30 + "name", b"23"),
    entry("caf\udce9", b"4" * 512),
    entry(".wh.gone"),
)


def split(layer: bytes) -> list[dict[str, Any]]:
    """The rows that tar-split keeps of a tar. A payload's row stands for its bytes."""
    rows: list[dict[str, Any]] = []
    at = 0
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        for member in archive:
            rows.append({"type": 2, "payload": base64.b64encode(layer[at : member.offset_data]).decode()})
            name = member.name.encode("utf-8", "surrogateescape")
            spelled = {"name_raw": base64.b64encode(name).decode()} if b"\xe9" in name else {"name": member.name}
            size = member.size if member.isreg() else 0
            rows.append({"type": 1, "size": size, "payload": "AAAAAAAAAAA=", **spelled})
            at = member.offset_data + size
    return [*rows, {"type": 2, "payload": base64.b64encode(layer[at:]).decode()}]


def kept(root: Path, layer: bytes, rows: list[dict[str, Any]] | None = None) -> DirectorySource:
    """The folder of a layer, and beside it how it was packed."""
    (root / "diff").mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(layer), errors="surrogateescape") as archive:
        archive.extractall(root / "diff", filter="tar")
    lines = [json.dumps({**row, "position": at}) for at, row in enumerate(split(layer) if rows is None else rows)]
    (root / "split.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    return DirectorySource(root / "diff", root / "split.gz")


def test_the_tar_is_the_same_to_the_byte(tmp_path: Path) -> None:
    assert LAYER == b"".join(kept(tmp_path, LAYER).tar())


def test_without_what_the_engine_kept_there_is_no_tar(tmp_path: Path) -> None:
    source = kept(tmp_path, LAYER)
    (tmp_path / "split.gz").unlink()
    for each in (source, DirectorySource(source.root)):
        with pytest.raises(ImageError) as caught:
            list(each.tar())
        assert caught.value.hint


def row(name: str, size: int = 5) -> dict[str, Any]:
    return {"type": 1, "name": name, "size": size}


@pytest.mark.parametrize(
    "rows",
    [
        [row("out/secret")], [row("out")], [row("../secret")], [row("/etc/passwd", 5000)], [row("d")], [row("no")],
        [row("pipe")], [row("a", 6)], [row("a", -1)], [row("a", "5")], [{"type": 1, "size": 5}],  # type: ignore[arg-type]
        [{"type": 2, "payload": "!"}], [{"type": 2, "payload": 7}], [7], [{}], [{"type": 1, "name": 7, "size": 1}],
    ],
)  # fmt: skip
def test_nothing_but_files_of_the_layer_is_read(rows: list[Any], tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"keep!")
    source = kept(tmp_path / "layer", tar(entry("a", b"12345"), directory("d")), [])
    (source.root / "out").symlink_to(tmp_path)
    os.mkfifo(source.root / "pipe")
    (tmp_path / "split").write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    with pytest.raises(ImageError) as caught:
        list(assembled(tmp_path / "split", source.root))
    assert caught.value.hint
    assert "keep!" not in str(caught.value)


@pytest.mark.parametrize("cut", [0, 10, 40])
def test_a_damaged_account_is_an_error(cut: int, tmp_path: Path) -> None:
    source = kept(tmp_path, LAYER)
    data = (tmp_path / "split.gz").read_bytes()
    (tmp_path / "split.gz").write_bytes(data[:cut])
    if not cut:
        assert [] == list(source.tar())  # whose digest will tell
        return
    with pytest.raises(ImageError):
        list(source.tar())
