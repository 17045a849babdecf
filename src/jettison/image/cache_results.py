"""Whole results kept: what was made of an image before, so that nothing of its layers needs to be looked at again.

A result is known by the image's digest and by what vouches for each of its layers; where nothing vouches for one (an
archive that came through a pipe), nothing is kept.
"""

from __future__ import annotations

import hashlib

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
    return f"result {__version__} {SCANNER} {what} {hashlib.sha256(told.encode()).hexdigest()}"
