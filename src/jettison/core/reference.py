"""Image references with the transports of containers/image.

Source: containers/image `docs/containers-transports.5.md`; `containerd:` is ours.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from jettison.core.errors import UsageError


class Transport(enum.Enum):
    """Where an image lies."""

    DOCKER_DAEMON = "docker-daemon"
    CONTAINERS_STORAGE = "containers-storage"
    CONTAINERD = "containerd"
    DOCKER_ARCHIVE = "docker-archive"
    OCI = "oci"
    OCI_ARCHIVE = "oci-archive"
    DOCKER = "docker"


@dataclass(frozen=True)
class Reference:
    """`transport:where`; `where` is a name, or a path with an optional `:tag`."""

    transport: Transport
    where: str

    def __str__(self) -> str:
        if self.transport is Transport.DOCKER:
            return f"docker://{self.where}"
        return f"{self.transport.value}:{self.where}"


def parse(text: str) -> Reference | None:
    """The reference that `text` spells out, or None where it names no transport.

    Raises UsageError for a transport without a place (`oci:`).
    """
    prefix, colon, where = text.partition(":")
    transport = next((t for t in Transport if t.value == prefix), None)
    if transport is None or not colon:
        return None
    if transport is Transport.DOCKER:
        if not where.startswith("//"):
            return None  # the image called docker: `docker:24-dind`
        where = where[2:]
    if not where:
        form = "docker://HOST/NAME" if transport is Transport.DOCKER else f"{prefix}:NAME"
        raise UsageError(f"'{text}' names a transport and no image", hint=f"write {form}")
    return Reference(transport, where)
