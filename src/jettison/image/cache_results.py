"""Whole results kept: what was made of an image before, so that nothing of its layers needs to be looked at again.

A result is known by the image's digest, by what vouches for each of its layers, and by the program that made it: of
another version, or of sources that were changed since, it is forgotten. Where nothing vouches for a layer (an archive
that came through a pipe), nothing is kept.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

import jettison
from jettison import __version__
from jettison.image.cache import user_cache
from jettison.image.cache_pack import SCANNER
from jettison.image.model import Image


def recalled(image: Image, what: str) -> bytes | None:
    """What was kept under this name for this image.

    `what` names all that the result depends on besides the image: which document, its version, options, other images.
    """
    cache, key = user_cache(), _key(image, what)
    found = cache.get(key) if cache is not None and key else None
    return None if found is None else bytes(found)


def remember(image: Image, what: str, result: bytes) -> bool:
    """Keep a result; whether that was possible. Call it after the layers have been read."""
    cache, key = user_cache(), _key(image, what)
    if cache is None or key is None or not cache.put(key, result):
        return False
    cache.trim()
    return True


def _key(image: Image, what: str) -> str | None:
    layers = [
        (layer.diff_id, layer.digest, layer.media_type, layer.transfer, layer.source.proof) for layer in image.layers
    ]
    if any(proof is None for *_, proof in layers):
        return None
    told = repr((image.digest, image.config_size, image.platform, layers))
    made_by = f"{__version__} {SCANNER} {sources_mark(Path(jettison.__file__).parent)}"
    return f"result {made_by} {what} {hashlib.sha256(told.encode()).hexdigest()}"


@cache
def sources_mark(root: Path) -> str:
    """Something that changes with every change of a program's files; 4 ms for four hundred.

    A number to be raised by hand would be forgotten.
    """
    seen = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(each for each in folders if each != "__pycache__")
        for name in sorted(files):
            path = Path(folder, name)
            status = path.stat()
            seen.append((str(path.relative_to(root)), status.st_size, status.st_mtime_ns))
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]
