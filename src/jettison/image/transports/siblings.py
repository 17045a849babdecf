"""The other images of a store, by name and diff IDs: what bases are recognised by, and what is shared counted by.

Source: containers/storage `images.go`, `layers.go`; Docker Engine API, `GET /images/json` and `/images/{name}/json`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jettison.core.reference import Transport
from jettison.image.model import Image
from jettison.image.transports.storage import graph_root

if TYPE_CHECKING:
    from jettison.core.unix_http import DaemonConnection

_MOST = 500  # images of a daemon that are asked for their layers, each by a request of its own
_SECONDS = 10.0


@dataclass(frozen=True)
class Sibling:
    """An image of the same store; `names` may be empty. `diff_ids` of its layers, the lowest first."""

    identity: str
    names: tuple[str, ...]
    diff_ids: tuple[str, ...]


def siblings(image: Image) -> tuple[Sibling, ...] | None:
    """All other images of the store that this one is in; None where it is in none, or where the store does not tell."""
    match image.reference.transport:
        case Transport.CONTAINERS_STORAGE:
            found = _told(_stored)
        case Transport.DOCKER_DAEMON:
            found = _told(_listed)
        case _:
            return None
    if found is None:
        return None
    own = tuple(layer.diff_id for layer in image.layers)
    alike = sorted((each for each in found if each.diff_ids == own), key=lambda each: not each.names)
    itself = alike[0] if alike else None  # a build's cache may hold the same layers, without a name
    return tuple(each for each in found if each is not itself)


def neighbours() -> tuple[Sibling, ...]:
    """The images of this user's containers-storage: what an image from elsewhere may stand on."""
    return tuple(_told(_stored) or ())


def neighbours_mark() -> str:
    """Something that changes when those do."""
    try:
        told = _images(graph_root()).stat()
    except OSError:
        return ""
    return f"{told.st_mtime_ns} {told.st_size} {told.st_ino}"


def _told(which: Callable[[], Iterator[Sibling]]) -> list[Sibling] | None:
    """None where a store does not tell."""
    from http.client import HTTPException

    try:
        return list(which())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, HTTPException):
        return None


def _images(root: Path) -> Path:
    return root / "overlay-images" / "images.json"


def _stored() -> Iterator[Sibling]:
    root = graph_root()
    layers = {each["id"]: each for each in json.loads((root / "overlay-layers" / "layers.json").read_bytes())}
    for image in json.loads(_images(root).read_bytes()):
        chain: list[str] = []
        at = image.get("layer", "")
        while at and at in layers and len(chain) < 1000:
            chain.insert(0, layers[at].get("diff-digest", at))
            at = layers[at].get("parent", "")
        if not at:
            yield Sibling(image["id"], tuple(image.get("names") or ()), tuple(chain))


def _listed() -> Iterator[Sibling]:
    from jettison.core.unix_http import DaemonConnection, docker_endpoint

    place = docker_endpoint()
    if place.problem:
        raise ValueError(place.problem)
    daemon = DaemonConnection(place.address, _SECONDS)
    try:
        listed = _get(daemon, "/images/json")
        if len(listed) > _MOST:
            raise ValueError("too many images")
        for each in listed:
            names = tuple(name for name in each.get("RepoTags") or () if name != "<none>:<none>")
            facts = _get(daemon, f"/images/{each['Id']}/json")
            yield Sibling(each["Id"], names, tuple(facts["RootFS"].get("Layers") or ()))
    finally:
        daemon.close()


def _get(daemon: DaemonConnection, path: str) -> Any:
    daemon.request("GET", path, headers={"Host": "docker"})
    answer = daemon.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise ValueError(f"{path}: {answer.status}")
    return json.loads(body)
