"""The public registry: where it answers, the real image is taken."""

from __future__ import annotations

import urllib.error
import urllib.request

from standins.mirror import Mirror
from standins.tools import run

HUB = "https://registry-1.docker.io"


def answers(url: str = HUB) -> bool:
    """Whether a registry is there: 200, or 401 and a place to get a token from."""
    try:
        with urllib.request.urlopen(f"{url}/v2/", timeout=8) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        return error.code == 401
    except (OSError, ValueError):
        return False


def copy(name: str, mirror: Mirror, url: str = HUB) -> None:
    """The real image, for this machine's architecture, into the mirror. Raises StandInError."""
    scheme, _, host = url.partition("://")
    host = "docker.io" if url == HUB else host
    command = ["skopeo", "copy", "--retry-times", "2", "--dest-tls-verify=false"]
    if scheme == "http":
        command.append("--src-tls-verify=false")
    run([*command, f"docker://{host}/library/{name}", f"docker://127.0.0.1:{mirror.port}/library/{name}"])
