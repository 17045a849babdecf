"""Trap: a package that is only recommended, and that applications need (`apt-get --no-install-recommends`)."""

from __future__ import annotations

import re
from collections.abc import Set

_NEEDED = re.compile(
    r"ca-certificates|locales(?:-all)?|tzdata|fonts-.*|fontconfig.*|libpam-.*|dbus.*|python3(?:\.\d+)?-venv|gnupg.*|dirmngr"
)


def found(packages: Set[str]) -> frozenset[str]:
    """Those of the recommended packages that are known to be missed at run time: they are kept by name."""
    return frozenset(name for name in packages if _NEEDED.fullmatch(name))
