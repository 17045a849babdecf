"""`open_image("app:1")`: the one door to every transport."""

from __future__ import annotations

import re
from pathlib import Path

from jettison.core.errors import ImageError, UsageError
from jettison.core.platform import Platform
from jettison.core.reference import Reference, Transport, parse
from jettison.image.blob import is_there
from jettison.image.model import Image

_LOCAL = (Transport.CONTAINERS_STORAGE, Transport.DOCKER_DAEMON, Transport.CONTAINERD)
# what is meant for a file that is not there, or for an id: no registry is asked for it
_NO_NAME = re.compile(r"[./~].*|.*\.(?:tar|tgz|tar\.\w+)|(?:sha256:)?[0-9a-f]{64}", re.DOTALL)


def open_image(text: str | Reference, platform: Platform | None = None, *, insecure: bool = False) -> Image:
    """The image that a reference names, lazily: bytes are read when they are asked for.

    Without a transport: an existing path is opened for what it is, else the engines' stores are asked in turn, then
    the registry. Without a platform, of an index: linux on this machine's architecture. `insecure` lets a registry
    speak plain HTTP and show a certificate that nobody vouches for. Raises ImageError, UsageError.
    """
    image = _find(text, platform, insecure)
    told = Platform(*(image.config.get(key) or "" for key in ("os", "architecture", "variant")))
    if platform is not None and not told.fits(platform):
        raise ImageError(f"{image.reference} is an image for {told}, not for {platform}", hint=f"ask for {told}")
    return image


def _find(text: str | Reference, platform: Platform | None, insecure: bool) -> Image:
    reference = text if isinstance(text, Reference) else parse(text)
    if reference is not None:
        return _read(reference, platform, insecure=insecure)
    assert isinstance(text, str)
    if not text:
        raise UsageError("no image was named", hint="give a name, or transport:place")
    if text == "-":
        from jettison.image.transports import sniff

        return sniff.read(text, platform)
    if "://" in text:
        place = text.partition("://")[2]
        raise UsageError(f"'{text}' names no transport that we know", hint=f"a registry's image is docker://{place}")
    chosen = _chosen(text)
    if chosen is not None:
        return _read(chosen, platform, insecure=insecure)
    reasons = []
    if is_there(Path(text)):
        from jettison.image.transports import sniff

        try:
            return sniff.read(text, platform)
        except ImageError as error:
            if "/" in text or not Path(text).is_dir():
                raise
            reasons.append(error.message)  # a folder that happens to be called like the image
    elif _NO_NAME.fullmatch(text):
        reasons.append(f"there is no file {text}")
    elsewhere = () if _NO_NAME.fullmatch(text) else (Transport.DOCKER,)
    for transport in (*_LOCAL, *elsewhere):
        try:
            return _read(Reference(transport, text), platform, insecure=insecure)
        except (ImageError, UsageError) as error:  # the latter for what no registry takes for a name
            reasons.append(f"{error.message}: {error.hint}" if transport is Transport.DOCKER else error.message)
    raise ImageError(f"no image called {text} was found", hint="; ".join(reasons))


def _chosen(text: str) -> Reference | None:
    """One of several images in a file or layout, `PATH:NAME`, where PATH is there; None where it is no such thing."""
    if is_there(Path(text)):
        return None
    for at in (at for at, each in enumerate(text) if each == ":" and at):
        path = Path(text[:at])
        if is_there(path):
            from jettison.image.transports import sniff

            transport = sniff.transport_of(path)  # None: a file or folder that happens to be called like the image
            return None if transport is None else Reference(transport, text)
    return None


def _read(reference: Reference, platform: Platform | None, *, insecure: bool = False) -> Image:
    """Each transport is imported when it is asked for, so that none costs the start-up of another."""
    where = reference.where
    match reference.transport:
        case Transport.CONTAINERS_STORAGE:
            from jettison.image.transports import storage

            return storage.read(where)
        case Transport.DOCKER_ARCHIVE:
            from jettison.image.transports import archive

            return archive.read(where)
        case Transport.OCI:
            from jettison.image.transports import layout

            return layout.read_directory(where, platform)
        case Transport.OCI_ARCHIVE:
            from jettison.image.transports import layout

            return layout.read_archive(where, platform)
        case Transport.CONTAINERD:
            from jettison.image.transports import containerd

            return containerd.read(where, platform)
        case Transport.DOCKER_DAEMON:
            from jettison.image.transports import daemon

            return daemon.read(where)
        case Transport.DOCKER:
            from jettison.image.transports import registry

            return registry.read(where, platform, insecure=insecure)
