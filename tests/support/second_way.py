"""An image weighed a second way: copied to an OCI layout by skopeo, its layers summed by tarfile.

Imports nothing of jettison: what it says is independent of what it checks.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import tarfile
from pathlib import Path


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


def unpacked(directory: Path) -> int:
    """The sum of all regular members' sizes in all layers."""
    total = 0
    for blob in layer_files(directory):
        with gzip.open(blob) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            total += sum(member.size for member in archive if member.isreg())
    return total


def effective(directory: Path) -> int:
    """The sum of the distinct payloads that a path of the merged tree names."""
    tree: dict[str, tuple[int, int, int]] = {}  # path -> (layer, member index, size) of its payload, size -1: none
    for number, blob in enumerate(layer_files(directory)):
        added: dict[str, tuple[int, int, int]] = {}
        removed: list[tuple[str, bool]] = []
        with gzip.open(blob) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            for index, member in enumerate(archive):
                path = member.name.removeprefix("./").strip("/")
                parent, _, last = path.rpartition("/")
                if last == ".wh..wh..opq":
                    removed.append((parent, True))
                elif last.startswith(".wh."):
                    removed.append((f"{parent}/{last[4:]}".lstrip("/"), False))
                elif member.islnk():
                    target = member.linkname.removeprefix("./").strip("/")
                    added[path] = added.get(target) or tree[target]
                else:
                    added[path] = (number, index, member.size if member.isreg() else -1)
                    if not member.isdir():
                        removed.append((path, True))
        for path, children_only in removed:
            below = [p for p in tree if p.startswith(path + "/") or (p == path and not children_only)]
            for each in below:
                del tree[each]
        tree |= added
    return sum(size for _, _, size in set(tree.values()) if size > 0)
