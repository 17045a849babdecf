"""docker-daemon: an image of the Docker daemon, its layers read in place, else fetched as `docker save` would.

Source: Docker Engine API, `GET /images/{name}/json`, `GET /images/{name}/get`; docker CLI reference for DOCKER_HOST.
"""

from __future__ import annotations

import http.client
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from jettison.core.errors import ImageError
from jettison.core.reference import Reference, Transport
from jettison.core.unix_http import DaemonConnection, docker_endpoint
from jettison.image.model import Image
from jettison.image.spool import spool
from jettison.image.transports import containerd, docker_storage
from jettison.image.transports.archive import image_of
from jettison.image.transports.documents import LARGEST, mapping, parse_json
from jettison.image.transports.indexes import descriptor
from jettison.image.transports.members import members_of

_SECONDS = 300.0  # without a byte; `docker save` writes a whole copy before its first
_NOT_DOCKER = "is it Docker that listens there?"


def read(where: str) -> Image:
    """The image of that name or id. Raises ImageError where there is no daemon, no permission or no such image."""
    reference = Reference(Transport.DOCKER_DAEMON, where)
    place = docker_endpoint()
    if place.problem:
        raise ImageError(place.problem, hint=place.hint)
    with Connection(place.address) as daemon:
        facts = mapping(
            parse_json(daemon.get(f"/images/{quoted(where)}/json").read(LARGEST), "its answer"), "its answer"
        )
        identity, size = facts.get("Id"), facts.get("Size")
        if not isinstance(identity, str):
            raise ImageError(f"the Docker daemon tells no id of {where}", hint=_NOT_DOCKER)
        if daemon.is_local and docker_storage.stored_in_place(facts):
            information = mapping(parse_json(daemon.get("/info").read(LARGEST), "its answer"), "its answer")
            in_place = docker_storage.read(reference, facts, str(information.get("DockerRootDir") or ""))
            if in_place is not None:
                return in_place
        if daemon.is_local and (stored := _in_containerd(reference, facts)) is not None:
            return replace(stored, daemon_size=size if isinstance(size, int) else None)
        tar = spool(_Whole(daemon.get(f"/images/{quoted(identity)}/get")))
    image = image_of(members_of(tar, f"the daemon's {where}"), "", reference)
    return replace(image, daemon_size=size if isinstance(size, int) else None)


def _in_containerd(reference: Reference, facts: dict[str, Any]) -> Image | None:
    """The image where the daemon keeps its images in containerd (Docker 29), and we may read there; else None.

    An inspect then tells the descriptor of the image's manifest or index, since version 1.48 of the API.
    """
    if not isinstance(facts.get("Descriptor"), dict):
        return None
    for root in containerd.stores():
        try:
            target = descriptor(facts["Descriptor"], "the image's descriptor")
            return containerd.image_of(root, containerd.Named("moby", reference.where, target), None, reference)
        except ImageError:
            continue  # not in this one, or not for us to read
    return None


def quoted(name: str) -> str:
    """As it stands in a path of the API."""
    return quote(name, safe="/:@")


class _Whole:
    """An answer's body, whose early end is an ImageError."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self._answer = answer

    def read(self, count: int, /) -> bytes:
        try:
            return self._answer.read(count)
        except (http.client.HTTPException, OSError) as error:
            raise ImageError(
                f"the Docker daemon stopped sending: {error}", hint="look at its log, then try again"
            ) from error


class Connection(DaemonConnection):
    """The daemon at that address. Raises ImageError."""

    def __init__(self, host: str) -> None:
        self._host_told = host
        try:
            super().__init__(host, _SECONDS)
        except ValueError:
            raise ImageError(
                f"the Docker daemon at {host} is not reached by a plain socket",
                hint="save the image with `docker save -o FILE` and give the file",
            ) from None

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_local(self) -> bool:
        """Whether it is reached by a Unix socket: its files may then be on this machine."""
        return bool(self.socket_path)

    def get(self, path: str) -> http.client.HTTPResponse:
        """The answer to a GET, if it is a good one. Raises ImageError."""
        try:
            self.request("GET", path, headers={"Host": "docker"})
            answer = self.getresponse()
            if answer.status == 200:
                return answer
            why = answer.read(10_000)
        except FileNotFoundError:
            raise ImageError(f"there is no Docker daemon: {self._host_told} does not exist", hint="start it") from None
        except PermissionError:
            raise ImageError(
                f"may not use the Docker daemon's socket {self.socket_path}",
                hint="run as root, or join the group docker",
            ) from None
        except (http.client.HTTPException, OSError, ValueError) as error:
            raise ImageError(f"no Docker daemon answers at {self._host_told}: {error}", hint="start it") from error
        told = parse_json(why, "the daemon's answer") if why[:1] == b"{" else {}
        message = told.get("message", "") if isinstance(told, dict) else ""
        hint = "`docker images` lists what there is" if answer.status == 404 else "look at the daemon's log"
        raise ImageError(f"the Docker daemon says {answer.status}: {message or answer.reason}", hint=hint)
