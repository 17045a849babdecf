"""One image with one big layer, and how a test reads it through a proxy that does it wrong."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest
from faulty_proxy import Exchange, Fault, Proxy
from handmade import Made, entry, tar
from registry_server import digest_of

from jettison.core.errors import RegistryError
from jettison.image.model import Image
from jettison.image.transports import registry as transport
from jettison.registry.patience import Patience

BIG = os.urandom(3_000_000)
APP = Made((tar(entry("big", BIG)),), compression="plain")
LAYER = digest_of(APP.blobs[0])
Faulty = Callable[..., Proxy]
Push = Callable[..., str]


def layer(fault: Callable[[Exchange], bool | None]) -> Fault:
    """The fault, for the layer's blob alone."""
    return lambda one: fault(one) if one.path.endswith(LAYER) else None


def read(proxy: Proxy, quick: Patience) -> Image:
    """The image with its layer, all of it."""
    image = transport.read(f"{proxy.host}/app:1", patience=quick)
    assert len(BIG) == image.sizes.unpacked
    assert BIG == image.tree.read(b"big")
    return image


def refused(proxy: Proxy, quick: Patience, within: float = 15) -> RegistryError:
    """The error, in bounded time and with a hint."""
    started = time.monotonic()
    with pytest.raises(RegistryError) as caught:
        read(proxy, quick)
    assert within > time.monotonic() - started
    assert caught.value.hint
    return caught.value
