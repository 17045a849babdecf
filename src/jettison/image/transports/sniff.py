"""What a file or directory is, by what is in it and never by its name."""

from __future__ import annotations

from pathlib import Path

from jettison.core.errors import ImageError
from jettison.core.reference import Transport
from jettison.image.transports.members import open_members


def transport_of(path: Path) -> Transport:
    """OCI, OCI_ARCHIVE or DOCKER_ARCHIVE. Raises ImageError.

    An archive that is both (Docker 25 and later) is read as Docker reads it, through manifest.json.
    """
    if path.is_dir():
        if (path / "index.json").is_file():
            return Transport.OCI
        if (path / "version").is_file() and (path / "manifest.json").is_file():
            raise ImageError(
                f"{path} is a directory of the `dir` transport",
                hint=f"convert it: skopeo copy dir:{path} oci:DIRECTORY",
            )
        raise ImageError(f"{path} is a directory without an OCI layout", hint="give an image, or an archive of one")
    index = open_members(path).index
    if b"manifest.json" not in index and b"index.json" in index:
        return Transport.OCI_ARCHIVE
    return Transport.DOCKER_ARCHIVE  # which says what is wrong where it is none
