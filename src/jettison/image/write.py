"""`write(image, reference)`: the one door out to every transport, as `open_image` is the one in."""

from __future__ import annotations

from jettison.core.errors import UsageError
from jettison.core.reference import Reference, Transport
from jettison.image.model import Image
from jettison.image.parcel import Report


def write(image: Image, to: Reference, report: Report | None = None, *, insecure: bool = False) -> str:
    """Put the image there; the digest that it has there, of its manifest, or of its config where there is none.

    All bytes are held against their digests on the way. The same image gives the same bytes, its own manifest where it
    came with one and was not changed. `insecure` lets a registry speak plain HTTP and show a certificate that nobody
    vouches for; `report` is told of bytes that were packed or written, of most of them twice. Raises UsageError,
    ImageError, DiskError; then nothing half-written is left.
    """
    where = to.where
    match to.transport:
        case Transport.DOCKER_ARCHIVE:
            from jettison.image.transports import archive_write

            return archive_write.write_docker(image, where, report)
        case Transport.OCI_ARCHIVE:
            from jettison.image.transports import archive_write

            return archive_write.write_oci(image, where, report)
        case Transport.OCI:
            from jettison.image.transports import layout_write

            return layout_write.write(image, where, report)
        case Transport.DOCKER:
            from jettison.image.transports import registry_write

            return registry_write.write(image, where, report, insecure=insecure)
        case Transport.DOCKER_DAEMON:
            from jettison.image.transports import daemon_write

            return daemon_write.write(image, where, report)
        case Transport.CONTAINERS_STORAGE:
            raise _by_its_tool("containers-storage", "podman load -i FILE, or skopeo copy oci-archive:FILE " + str(to))
        case Transport.CONTAINERD:
            raise _by_its_tool("containerd", "ctr images import FILE")


def _by_its_tool(store: str, command: str) -> UsageError:
    return UsageError(
        f"the store of {store} is written by its own tools alone", hint=f"write oci-archive:FILE, then: {command}"
    )
