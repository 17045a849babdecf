"""What engines will say an image's SIZE is, and why it is none of the five numbers.

Source: moby `layer/layer.go` (Size: the sum of what each layer's tar unpacks to; links count by their targets'
length), seen with Docker 20.10; Docker 29's `image list` with the containerd store (content and snapshots); Buildah
and Podman count the bytes of the tars, headers and padding among them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from jettison.core.reference import Transport
from jettison.image.model import Columns, Image, Kind

_BLOCK = 4096  # bytes of a file system's block
_RECORD = 512  # bytes of a tar's record


@dataclass(frozen=True)
class EngineSizes:
    """Bytes: `docker` with overlay2, `containerd` the same daemon with the containerd store (an estimate: blocks of
    the disk count there; None where the blobs are not known), `podman` for Buildah too (an estimate where the layers
    are read as directories, and nobody has their tars)."""

    docker: int
    containerd: int | None
    podman: int


def engine_sizes(image: Image) -> EngineSizes:
    """What each would print."""
    unpacked = sum(layer.unpacked for layer in image.layers)
    links = blocks = overhead = 0
    for layer in image.layers:
        columns = layer.columns
        overhead += columns.overhead or _tar_overhead(columns)
        links += sum(len(link) for at, link in columns.links.items() if columns.kinds[at] == Kind.SYMLINK)
        blocks += sum(-(-size // _BLOCK) for size in columns.sizes if size)
        blocks += sum(kind == Kind.DIRECTORY for kind in columns.kinds)
    packed = image.sizes.transfer
    snapshots = packed + blocks * _BLOCK if packed is not None else None
    found = EngineSizes(unpacked + links, snapshots, unpacked + overhead)
    told, transport = image.daemon_size, image.reference.transport
    if told is not None and transport is Transport.CONTAINERS_STORAGE:
        return replace(found, podman=told)
    return found


def _tar_overhead(columns: Columns) -> int:
    """Headers, padding and the end of a tar of these members, without extended headers."""
    if not len(columns):
        return 0
    return _RECORD * (len(columns) + 2) + sum(-size % _RECORD for size in columns.sizes)
