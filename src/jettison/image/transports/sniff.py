"""What a file or directory is, by what is in it and never by its name; an archive is opened once for that."""

from __future__ import annotations

from pathlib import Path

from jettison.core.errors import ImageError
from jettison.core.platform import Platform
from jettison.core.reference import Reference, Transport
from jettison.core.regular_file import is_file, is_folder
from jettison.image.model import Image


def read(where: str, platform: Platform | None = None) -> Image:
    """The image in that place, `-` for an archive on standard input. Raises ImageError.

    An archive that is both (Docker 25 and later) is read as Docker reads it, through manifest.json, unless another
    platform is asked for than the one that this tells of.
    """
    path = Path(where)
    if where != "-" and path.is_dir():
        _check_directory(path)
        from jettison.image.transports import layout

        return layout.read_directory(where, platform)
    from jettison.image.transports import archive, layout
    from jettison.image.transports.members import open_members

    members = open_members(path)
    if b"manifest.json" not in members.index and b"index.json" in members.index:
        return layout.image_of(members, "", platform, Reference(Transport.OCI_ARCHIVE, where))
    # which says what is wrong where it is none
    image = archive.image_of(members, "", Reference(Transport.DOCKER_ARCHIVE, where))
    if platform is not None and b"index.json" in members.index and not _is_for(image, platform):
        return layout.image_of(members, "", platform, Reference(Transport.OCI_ARCHIVE, where))
    return image


def transport_of(path: Path) -> Transport | None:
    """How what is there is read; None where it is neither an archive nor a layout."""
    if is_folder(path):
        return Transport.OCI if is_file(path / "index.json") else None
    from jettison.image.transports.members import open_members

    try:
        index = open_members(path).index
    except ImageError:
        return None
    if b"manifest.json" in index:
        return Transport.DOCKER_ARCHIVE
    return Transport.OCI_ARCHIVE if b"index.json" in index else None


def _is_for(image: Image, platform: Platform) -> bool:
    told = [image.config.get(key) or "" for key in ("os", "architecture", "variant")]
    return Platform(*told).fits(platform)


def _check_directory(path: Path) -> None:
    if (path / "index.json").is_file():
        return
    if (path / "version").is_file() and (path / "manifest.json").is_file():
        raise ImageError(
            f"{path} is a directory of the `dir` transport", hint=f"convert it: skopeo copy dir:{path} oci:DIRECTORY"
        )
    raise ImageError(f"{path} is a directory without an OCI layout", hint="give an image, or an archive of one")
