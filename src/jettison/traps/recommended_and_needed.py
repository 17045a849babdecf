"""Trap: a package that is only recommended, and that applications need (`apt-get --no-install-recommends`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set

from jettison.packages.dpkg import Package, closure

_NEEDED = re.compile(
    r"ca-certificates|locales(?:-all)?|tzdata|fonts-.*|fontconfig.*|libpam-.*|dbus.*|python3(?:\.\d+)?-venv|gnupg.*|dirmngr"
)


def found(packages: Mapping[str, Package], stay: Set[str]) -> frozenset[str]:
    """Packages outside `stay` that a staying package recommends and that are known to be missed: keep them by name.

    What only a package that goes recommends (the fonts of a tool that came with the compiler) goes with it.
    """
    kept: set[str] = set()
    wanted = set(stay)
    while True:
        recommended = {
            name for each in wanted if each in packages for group in packages[each].recommends for name in group
        }
        new = {name for name in recommended & set(packages) - wanted if _NEEDED.fullmatch(name)}
        if not new:
            return frozenset(kept)
        kept |= new
        wanted |= closure(packages, new)
