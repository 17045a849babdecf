"""What engines will say an image's SIZE is, and why it is none of the five numbers.

Source: moby `layer/layer.go` (Size: the sum of what each layer's tar unpacks to; links count by their targets'
length), seen with Docker 20.10; Docker 29's `image list` with the containerd store (content and snapshots); Buildah
and Podman count the bytes of the tars, headers and padding among them.
"""

from __future__ import annotations

from dataclasses import dataclass

from jettison.image.model import Image, Kind

_BLOCK = 4096  # bytes of a file system's block


@dataclass(frozen=True)
class EngineSizes:
    """Bytes: `docker` with overlay2, `containerd` the same daemon with the containerd store (an estimate: blocks of
    the disk count there; None where the blobs are not known), `podman` for Buildah too."""

    docker: int
    containerd: int | None
    podman: int


def engine_sizes(image: Image) -> EngineSizes:
    """What each would print."""
    unpacked = sum(layer.unpacked for layer in image.layers)
    links = blocks = overhead = 0
    for layer in image.layers:
        columns = layer.columns
        overhead += columns.overhead
        links += sum(len(link) for at, link in columns.links.items() if columns.kinds[at] == Kind.SYMLINK)
        blocks += sum(-(-size // _BLOCK) for size in columns.sizes if size)
        blocks += sum(kind == Kind.DIRECTORY for kind in columns.kinds)
    packed = image.sizes.transfer
    snapshots = packed + blocks * _BLOCK if packed is not None else None
    return EngineSizes(unpacked + links, snapshots, unpacked + overhead)
