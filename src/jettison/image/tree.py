"""Layers stacked: what a container sees, and which payload each path names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jettison.image.model import Entry, Layer, Sizes


class Tree:
    """The merged tree. Paths are bytes without leading slash."""

    def get(self, path: bytes) -> Entry | None:
        """The entry at this exact path, symlinks not followed."""
        raise NotImplementedError

    def resolve(self, path: bytes) -> bytes | None:
        """`path` with every symlink followed inside the tree; None where it dangles or loops."""
        raise NotImplementedError

    def layer_of(self, path: bytes) -> int:
        """Index of the layer whose entry is seen at `path`; KeyError where there is none."""
        raise NotImplementedError

    def under(self, prefix: bytes) -> Iterator[bytes]:
        """Paths at and below `prefix`."""
        raise NotImplementedError

    def children(self, path: bytes) -> Iterator[bytes]:
        """Names directly in a directory, as full paths."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[bytes]:
        raise NotImplementedError

    def __contains__(self, path: bytes) -> bool:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def read(self, path: bytes, limit: int = 64 * 2**20) -> bytes:
        """Content of a regular file, hard links and symlinks followed; KeyError where there is none."""
        raise NotImplementedError


def merge(layers: Sequence[Layer]) -> Tree:
    """Apply the layers bottom first. Source: OCI image-spec v1.1 `layer.md`, "Applying Changesets"."""
    raise NotImplementedError


def sizes(layers: Sequence[Layer], *, config_size: int = 0, daemon: int | None = None) -> Sizes:
    """The five numbers of a stack."""
    raise NotImplementedError
