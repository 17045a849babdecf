"""An image weighed a second way, by tarfile and by what `second_merge` makes of its layers.

Imports nothing of jettison: what it says is independent of what it checks.
"""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zstandard
from second_merge import OPAQUE, Inode, Refused, merged, parts_of

__all__ = ["Inode", "Refused", "merged"]

Tree = dict[str, Any]


def copy_to_layout(name: str, directory: Path) -> Path:
    """`containers-storage:name` as an OCI layout in `directory`."""
    subprocess.run(
        ["skopeo", "copy", "-q", f"containers-storage:{name}", f"oci:{directory}:it"], check=True, capture_output=True
    )
    return directory


def layer_files(directory: Path) -> list[Path]:
    """The layer blobs, bottom first."""
    return [_blob(directory, layer["digest"]) for layer in _manifest(directory)["layers"]]


def _manifest(directory: Path) -> dict[str, Any]:
    index = json.loads((directory / "index.json").read_bytes())
    found: dict[str, Any] = json.loads(_blob(directory, index["manifests"][0]["digest"]).read_bytes())
    return found


def _blob(directory: Path, digest: str) -> Path:
    algorithm, _, value = digest.partition(":")
    return directory / "blobs" / algorithm / value


def _plain(blob: Path) -> bytes:
    data = blob.read_bytes()
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    if data[:4] == b"\x28\xb5\x2f\xfd":
        return zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read()
    return data


def unpacked(directory: Path) -> int:
    """The sum of all regular members' sizes in all layers."""
    return sum(size for blob in layer_files(directory) for size in payload_sizes(_plain(blob)))


def effective(directory: Path) -> int:
    """The sum of the distinct payloads that a path of the merged tree names."""
    return weigh(merged([_plain(blob) for blob in layer_files(directory)]))


def payload_sizes(layer: bytes) -> list[int]:
    """Of the regular members of a layer."""
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        return [m.size for m in archive if m.isreg() and not parts_of(m.name)[-1:][0].startswith(".wh.")]


def weigh(tree: Tree) -> int:
    """Bytes of the distinct inodes of a tree."""
    return sum(inode.size for inode in {inode for _, inode in walk(tree) if isinstance(inode, Inode)})


def walk(tree: Tree, above: str = "") -> Iterator[tuple[str, Any]]:
    """(path, inode or dictionary) of everything in a tree."""
    for name, node in tree.items():
        if name != OPAQUE:
            yield above + name, node
            if isinstance(node, dict):
                yield from walk(node, f"{above}{name}/")


def transfer(directory: Path) -> int:
    """Bytes of the config and of each distinct layer blob."""
    manifest = _manifest(directory)
    blobs = {each["digest"]: each["size"] for each in [manifest["config"], *manifest["layers"]]}
    return sum(blobs.values())


def packed(directory: Path) -> int:
    """Bytes of the config and of each distinct layer, packed by zlib in one piece at level 6."""
    manifest = _manifest(directory)
    layers = {each["digest"]: _plain(_blob(directory, each["digest"])) for each in manifest["layers"]}
    return manifest["config"]["size"] + sum(len(gzip.compress(layer, 6)) for layer in layers.values())
