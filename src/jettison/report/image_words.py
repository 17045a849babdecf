"""What an inspection says, as raw sentences: each face escapes and lays them out in its own way."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.core.reference import Transport
from jettison.documents.image import Inspection
from jettison.waste.rows import Cause

NO_HISTORY = "(the history does not say)"
CAUSES = {
    Cause.DELETED_LATER: "removed by a later layer",
    Cause.OPAQUE_DIRECTORY: "its directory was made anew",
    Cause.METADATA_ONLY: "copied for owner, mode or time",
    Cause.OVERWRITTEN_LATER: "replaced by a later layer",
    Cause.REPLACED_IN_SAME_LAYER: "twice in one layer",
}
_SHELL = re.compile(r"(?:\|\d+ .*? )?/bin/sh -c ", re.DOTALL)
_NOP = re.compile(r"/bin/sh -c #\(nop\)\s+")
_LAYERED = re.compile(r"RUN (?:\|\d+ .*? )?/bin/sh -c ", re.DOTALL)


def instruction(created_by: str | None) -> str:
    """The history's row as it would stand in a Dockerfile, on one line.

    Classic builder and Buildah write `/bin/sh -c #(nop) COPY ...` and `|1 ARG=value /bin/sh -c ...`, BuildKit
    `RUN /bin/sh -c ... # buildkit`.
    """
    if created_by is None:
        return NO_HISTORY
    text = " ".join(created_by.split())
    if match := _NOP.match(text):
        return text[match.end() :]
    text = text.removesuffix("# buildkit").rstrip()
    for pattern in (_LAYERED, _SHELL):
        if match := pattern.match(text):
            return f"RUN {text[match.end() :]}"
    return text


def size_words(inspection: Inspection) -> Iterator[tuple[str, int | None, str]]:
    """(name, bytes or None, what it means) of the five sizes, and what the engine prints where it prints one."""
    sizes = inspection.sizes
    yield "unpacked", sizes.unpacked, "all files of all layers: what it takes on a disk"
    yield "effective", sizes.effective, "what a container sees"
    yield "waste", sizes.waste, _waste(sizes.waste, sizes.unpacked)
    if sizes.transfer is not None:
        yield "transfer", sizes.transfer, "compressed layers and config, as stored here: what a pull fetches"
    else:
        yield "transfer", None, "not known: the layers are not stored as blobs here"
    unique = "what no other image here has" if sizes.unique is not None else "not known: no other images were looked at"
    yield "unique", sizes.unique, unique
    if sizes.daemon is not None:
        yield "daemon", sizes.daemon, _daemon(inspection)


def _waste(waste: int, unpacked: int) -> str:
    if not waste:
        return "nothing ships that cannot be seen"
    return f"{waste / unpacked * 100:.1f} % of it: ships, and no container can see it"


def _daemon(inspection: Inspection) -> str:
    match inspection.image.reference.transport:
        case Transport.DOCKER_DAEMON:
            return "what docker lists; it counts symbolic links, and with the containerd store compressed layers too"
        case Transport.CONTAINERS_STORAGE:
            return "the layers as the store counts them, with tar headers and padding"
    return "what the engine's own list prints"
