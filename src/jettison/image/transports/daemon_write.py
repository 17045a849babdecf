"""docker-daemon, written: the image streamed to the daemon as `docker load` does, then looked up.

Source: Docker Engine API, `POST /images/load` (a stream of JSON messages, of which one may be an error),
`GET /images/{name}/json`.
"""

from __future__ import annotations

import http.client
from contextlib import suppress

from jettison.core.errors import ImageError
from jettison.core.unix_http import docker_endpoint
from jettison.image import parcel
from jettison.image.model import Image
from jettison.image.parcel import Report
from jettison.image.shipment import config_of
from jettison.image.transports.archive_write import docker_pieces, tag_of, together
from jettison.image.transports.daemon import Connection, quoted
from jettison.image.transports.documents import LARGEST, mapping, parse_json


def write(image: Image, where: str, report: Report | None = None) -> str:
    """Load the image as `NAME[:TAG]`; its id. Raises UsageError, ImageError where there is no daemon or it refuses."""
    tag = tag_of(where)
    place = docker_endpoint()
    if place.problem:
        raise ImageError(place.problem, hint=place.hint)
    with Connection(place.address) as daemon:
        daemon.get("/_ping").read()  # says what is wrong before anything is packed
        pieces = together(docker_pieces(image, (tag,), report))
        try:
            headers = {"Host": "docker", "Content-Type": "application/x-tar", "Transfer-Encoding": "chunked"}
            with suppress(BrokenPipeError, ConnectionResetError):  # it has seen enough, and says why
                daemon.request("POST", "/images/load?quiet=1", pieces, headers, encode_chunked=True)
            answer = daemon.getresponse()
            body = answer.read(LARGEST)
        except (http.client.HTTPException, OSError) as error:
            raise ImageError(f"the Docker daemon stopped listening: {error}", hint="look at its log") from error
        _check(answer.status, body)
    with Connection(place.address) as daemon:
        facts = mapping(parse_json(daemon.get(f"/images/{quoted(tag)}/json").read(LARGEST), "its answer"), "its answer")
        loaded = (facts.get("RootFS") or {}).get("Layers") or []
        if loaded != [layer.diff_id for layer in image.layers]:
            raise ImageError(
                f"the Docker daemon has loaded something else as {tag}", hint="somebody else may have; try again"
            )
    return parcel.digest_of(config_of(image))


def _check(status: int, body: bytes) -> None:
    """Raises ImageError with what the daemon says against the image."""
    for line in body.splitlines():
        if line.startswith(b"{"):
            told = parse_json(line, "the daemon's answer")
            why = (
                (told.get("error") or (told.get("message") if status >= 400 else "")) if isinstance(told, dict) else ""
            )
            if why:
                raise ImageError(f"the Docker daemon does not take the image: {why}", hint="look at its log")
    if status != 200:
        raise ImageError(f"the Docker daemon answers {status} to the image", hint="look at its log")
