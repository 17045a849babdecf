"""Images made of others: nothing changes, they are made anew.

Source: OCI image-spec v1.1 `config.md` (rootfs, history).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from jettison.image.layer_blob import BlobSource
from jettison.image.model import Image, Layer
from jettison.image.parcel import digest_of
from jettison.image.readable import Readable
from jettison.image.shipment import config_of
from jettison.image.spool import spool


def layer_of(pieces: Iterable[bytes]) -> Layer:
    """A layer of a tar that is being made, put down on disk in a file without a name. Raises DiskError."""
    state = hashlib.sha256()
    blob = spool(_Hashed(iter(pieces), state))
    return Layer(f"sha256:{state.hexdigest()}", BlobSource(blob))


def with_layers(image: Image, layers: Sequence[Layer], history: Sequence[Mapping[str, Any]] = ()) -> Image:
    """The image with these layers, lowest first, in the place of its own; `history` tells of them, as a config has it.

    Everything else of the config stays. Raises ValueError where the history's rows do not make as many layers.
    """
    if history and sum(not row.get("empty_layer") for row in history) != len(layers):
        raise ValueError("the history does not make the layers")
    rootfs = {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]}
    config = {**image.config, "rootfs": rootfs, "history": [dict(row) for row in history]}
    return _made(image, config, tuple(layers))


def configured(image: Image, **keys: Any) -> Image:
    """The image with these keys of its config's `config` (Env, User, Labels ...); None takes one away."""
    runtime = {key: value for key, value in {**image.runtime, **keys}.items() if value is not None}
    return _made(image, {**image.config, "config": runtime}, image.layers)


def _made(image: Image, config: Mapping[str, Any], layers: tuple[Layer, ...]) -> Image:
    """Known by its config from now on, as it has no manifest yet."""
    made = Image(image.reference, "", config, layers)
    data = config_of(made)
    return replace(made, digest=digest_of(data), config_size=len(data))


class _Hashed(Readable):
    """Pieces as a stream, hashed as they pass; a read gives the next one, whatever count is asked."""

    def __init__(self, pieces: Iterator[bytes], state: Any) -> None:
        self._pieces, self._state = pieces, state

    def read(self, count: int | None = -1) -> bytes:
        piece = next((piece for piece in self._pieces if piece), b"")
        self._state.update(piece)
        return piece
