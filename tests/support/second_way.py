"""An image weighed a second way: its layers unpacked by tarfile into dictionaries, laid one over the other.

Imports nothing of jettison: what it says is independent of what it checks. A directory is a dictionary, everything
else an Inode; a layer becomes a tree of its own, as in an overlay's upper directory, which then is merged down.
"""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zstandard

Tree = dict[str, Any]
OPAQUE = "\0opaque"  # a key of directories that hide what is below


class Refused(Exception):
    """No engine unpacks this layer."""


@dataclass(frozen=True)
class Inode:
    """What a member brought; equal only to itself."""

    layer: int
    member: int
    size: int = 0
    kind: str = "file"


WHITEOUT = Inode(-1, -1)


def copy_to_layout(name: str, directory: Path) -> Path:
    """`containers-storage:name` as an OCI layout in `directory`."""
    subprocess.run(
        ["skopeo", "copy", "-q", f"containers-storage:{name}", f"oci:{directory}:it"], check=True, capture_output=True
    )
    return directory


def layer_files(directory: Path) -> list[Path]:
    """The layer blobs, bottom first."""
    index = json.loads((directory / "index.json").read_bytes())
    manifest = json.loads(_blob(directory, index["manifests"][0]["digest"]).read_bytes())
    return [_blob(directory, layer["digest"]) for layer in manifest["layers"]]


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
        return [m.size for m in archive if m.isreg() and not _parts(m.name)[-1:][0].startswith(".wh.")]


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


def merged(layers: Sequence[bytes]) -> Tree:
    """The tree of a stack of plain layers. Raises Refused."""
    tree: Tree = {}
    for number, layer in enumerate(layers):
        with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
            members = [(at, _parts(member.name), member) for at, member in enumerate(archive)]
        markers: Tree = {}
        for _, parts, _ in members:
            if parts and parts[-1].startswith(".wh."):
                _mark(markers, parts)
        lay_over(tree, markers)
        upper: Tree = {}
        for at, parts, member in members:
            if parts and not parts[-1].startswith(".wh."):
                _add(upper, tree, parts, (number, at, member))
        lay_over(tree, upper)
    return tree


def _parts(name: str) -> list[str]:
    return [part for part in name.split("/") if part not in ("", ".")]


def _mark(markers: Tree, parts: list[str]) -> None:
    here = markers
    for part in parts[:-1]:
        if not isinstance(here.get(part), dict):
            here[part] = {OPAQUE: True} if part in here else {}
        here = here[part]
    removed = parts[-1][4:]
    if parts[-1] == ".wh..wh..opq":
        here[OPAQUE] = True
    elif isinstance(here.get(removed), dict):
        here[removed][OPAQUE] = True
    else:
        here[removed] = WHITEOUT


def _add(upper: Tree, lower: Tree, parts: list[str], brought: tuple[int, int, tarfile.TarInfo]) -> None:
    number, at, member = brought
    here, last = upper, parts[-1]
    for part in parts[:-1]:
        here = here.setdefault(part, {})
        if not isinstance(here, dict):
            raise Refused(member.name)
    if member.isdir():
        if not isinstance(here.get(last), dict):
            here[last] = {OPAQUE: True} if last in here else {}
    elif member.islnk():
        target = _parts(member.linkname)
        if target[: len(parts)] == parts:
            raise Refused(member.name)
        here[last] = _find(upper, lower, target)
    else:
        here[last] = Inode(number, at, member.size if member.isreg() else 0, "file" if member.isreg() else "other")


def _find(upper: Any, lower: Any, parts: list[str]) -> Inode:
    """What a path names while a layer lies over the others."""
    for part in parts:
        if not isinstance(upper, dict) and not isinstance(lower, dict):
            raise Refused("/".join(parts))
        above = upper.get(part) if isinstance(upper, dict) else None
        below = lower.get(part) if isinstance(lower, dict) else None
        hidden = above is not None and not (isinstance(above, dict) and OPAQUE not in above)
        upper, lower = above, None if hidden else below
    found = upper if upper is not None else lower
    if not isinstance(found, Inode):
        raise Refused("/".join(parts))
    return found


def lay_over(lower: Tree, upper: Tree) -> None:
    """Change the lower tree to what is seen with the upper one over it."""
    if OPAQUE in upper:
        lower.clear()
    for name, node in upper.items():
        if name == OPAQUE:
            continue
        if node is WHITEOUT:
            lower.pop(name, None)
        elif isinstance(node, dict):
            if not isinstance(lower.get(name), dict):
                lower[name] = {}
            lay_over(lower[name], node)
        else:
            lower[name] = node


def transfer(directory: Path) -> int:
    """Bytes of the config and of each distinct layer blob."""
    index = json.loads((directory / "index.json").read_bytes())
    manifest = json.loads(_blob(directory, index["manifests"][0]["digest"]).read_bytes())
    blobs = {each["digest"]: each["size"] for each in [manifest["config"], *manifest["layers"]]}
    return sum(blobs.values())
