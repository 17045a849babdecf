"""The image config, checked for what readers rely on.

Source: OCI image-spec v1.1 `config.md`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from jettison.core.errors import ImageError
from jettison.image.transports.documents import AGAIN, digest_parts, mapping, sequence

MOST_LAYERS = 10_000


def checked(value: Any, what: str, layers: int) -> tuple[dict[str, Any], list[str]]:
    """The config and its diff IDs, one for each of the layers. Raises ImageError."""
    config = mapping(value, what)
    if "rootfs" not in config:
        raise ImageError(
            f"{what} describes no file system: this is an artifact (a chart, a signature, a model), no container image",
            hint="give the image itself",
        )
    if config.get("os") == "windows":
        raise ImageError("this is a Windows image", hint="only Linux images can be read")
    rootfs = mapping(config["rootfs"], f"rootfs of {what}")
    ids = sequence(rootfs.get("diff_ids"), f"diff_ids of {what}")
    for each in ids:
        digest_parts(each, f"a diff ID of {what}")
    if len(ids) != layers or layers > MOST_LAYERS:
        raise ImageError(f"{what} tells of {len(ids)} layers, and the image has {layers}", hint=AGAIN)
    _check_shapes(config, what)
    return config, ids


def chain_id(ids: Sequence[str]) -> str:
    """Of a stack of layers, by their diff IDs, lowest first ("Layer ChainID")."""
    chain = ids[0]
    for each in ids[1:]:
        chain = "sha256:" + hashlib.sha256(f"{chain} {each}".encode()).hexdigest()
    return chain


def _check_shapes(config: dict[str, Any], what: str) -> None:
    for key in ("os", "architecture", "variant"):
        if not isinstance(config.get(key, ""), str):
            raise ImageError(f"{key} of {what} is not a JSON string", hint=AGAIN)
    for row in sequence(config.get("history"), f"history of {what}"):
        fields = mapping(row, f"a history row of {what}")
        for key in ("created_by", "comment", "created"):
            if not isinstance(fields.get(key) or "", str):
                raise ImageError(f"{key} in the history of {what} is not a JSON string", hint=AGAIN)
