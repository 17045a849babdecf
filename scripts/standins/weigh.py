"""What an image in the mirror weighs: read from the very blobs that a pull fetches."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass

from standins.mirror import Mirror


@dataclass(frozen=True)
class Weight:
    """`unpacked`: bytes of regular files, hard links once, layer by layer. `transfer`: bytes of the blobs."""

    unpacked: int
    transfer: int
    layers: int


def weigh(mirror: Mirror, repository: str, tag: str) -> Weight:
    """The image's weight. An index (of a pulled image) is followed to its one manifest."""
    manifest = mirror.manifest(repository, tag)
    if "manifests" in manifest:
        manifest = mirror.manifest(repository, manifest["manifests"][0]["digest"])
    unpacked = 0
    for layer in manifest["layers"]:
        with (
            mirror.get(f"{repository}/blobs/{layer['digest']}") as blob,
            tarfile.open(fileobj=blob, mode="r|*") as archive,
        ):
            for entry in archive:
                unpacked += entry.size if entry.isreg() else 0
    transfer = manifest["config"]["size"] + sum(layer["size"] for layer in manifest["layers"])
    return Weight(unpacked, transfer, len(manifest["layers"]))
