"""Layers of the Docker daemon read where its overlay2 driver keeps them: no export, no second copy on the disk.

Source: moby `daemon/graphdriver/overlay2` (GraphDriver.Data of an inspect: LowerDir topmost first, UpperDir above),
`image/store.go` (configs below `image/overlay2/imagedb/content/sha256`). Layer by layer the folders were found equal
to the tars of `docker save`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jettison.core.reference import Reference
from jettison.image.directory import CachedSource, DirectorySource
from jettison.image.model import Documents, Image, Layer
from jettison.image.transports import config as configs
from jettison.image.transports.config import chain_id
from jettison.image.transports.documents import digest_parts


def stored_in_place(facts: Mapping[str, Any]) -> bool:
    """Whether an inspect speaks of folders that may be read."""
    driver = facts.get("GraphDriver")
    return (
        isinstance(driver, dict)
        and driver.get("Name") == "overlay2"
        and bool((driver.get("Data") or {}).get("UpperDir"))
    )


def read(reference: Reference, facts: Mapping[str, Any], root: str) -> Image | None:
    """The image of an inspect's `facts`, from the daemon's data directory `root`; None where that cannot be read."""
    data = facts["GraphDriver"]["Data"]
    folders = [Path(data["UpperDir"]), *map(Path, filter(None, (data.get("LowerDir") or "").split(":")))][::-1]
    try:
        algorithm, value = digest_parts(facts.get("Id"), "the image")
        text = (Path(root) / "image" / "overlay2" / "imagedb" / "content" / algorithm / value).read_bytes()
        if not all(folder.is_dir() for folder in folders):
            return None
    except OSError:
        return None
    config, ids = configs.checked(json.loads(text), "the config", len(folders))
    return Image(
        reference=reference,
        digest=f"{algorithm}:{value}",
        config=config,
        layers=tuple(
            Layer(each, _folder(folder, _split(Path(root), ids[: at + 1])))
            for at, (each, folder) in enumerate(zip(ids, folders, strict=True))
        ),
        config_size=len(text),
        documents=Documents(text),
        daemon_size=facts.get("Size") if isinstance(facts.get("Size"), int) else None,
    )


def _split(root: Path, ids: list[str]) -> Path:
    """Where the layer store keeps how the topmost of these layers was packed."""
    algorithm, _, value = chain_id(ids).partition(":")
    return root / "image" / "overlay2" / "layerdb" / algorithm / value / "tar-split.json.gz"


@lru_cache(maxsize=256)
def _folder(path: Path, split: Path) -> DirectorySource:
    """A layer's folder, walked once: the daemon names each folder anew, and changes none."""
    return CachedSource(path, split)
