"""The public registries: where one answers, the real image is taken."""

from __future__ import annotations

import urllib.error
import urllib.request
from urllib.parse import urlsplit

from standins.mirror import Mirror
from standins.names import origin, split
from standins.tools import run

HUB = "https://registry-1.docker.io"
GCR = "https://gcr.io"


def answers(url: str = HUB) -> bool:
    """Whether a registry is there: 200, or 401 and a place to get a token from; a path in the URL plays no part."""
    place = urlsplit(url)
    try:
        with urllib.request.urlopen(f"{place.scheme}://{place.netloc}/v2/", timeout=8) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        return error.code == 401
    except (OSError, ValueError):
        return False


def copy(name: str, mirror: Mirror, url: str) -> None:
    """The real image, for this machine's architecture, into the mirror. Raises StandInError."""
    scheme, _, place = url.partition("://")
    if url == HUB:
        place = "docker.io"
    command = ["skopeo", "copy", "--retry-times", "2", "--dest-tls-verify=false"]
    if scheme == "http":
        command.append("--src-tls-verify=false")
    _, there = origin(name)
    run(
        [*command, f"docker://{place.rstrip('/')}/{there}", f"docker://127.0.0.1:{mirror.port}/{':'.join(split(name))}"]
    )
