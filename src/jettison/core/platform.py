"""Platforms: operating system, architecture, variant, in Go's words.

Source: OCI image-spec v1.1 `image-index.md`, Go's GOOS and GOARCH; containerd `platforms` for what equals what.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache

from jettison.core.errors import UsageError

_MACHINES = {
    "x86_64": ("amd64", ""),
    "aarch64": ("arm64", ""),
    "arm64": ("arm64", ""),
    "armv7l": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
    "i386": ("386", ""),
    "i686": ("386", ""),
    "ppc64le": ("ppc64le", ""),
    "s390x": ("s390x", ""),
    "riscv64": ("riscv64", ""),
}
_ALIASES = {"x86_64": "amd64", "aarch64": "arm64", "armhf": "arm"}
_IMPLIED = {"arm64": "v8", "amd64": "v1", "arm": "v7"}  # what no variant means


@dataclass(frozen=True)
class Platform:
    """`linux/arm/v7`."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    def fits(self, wanted: Platform) -> bool:
        """Whether this is what was asked for; who asks for no variant takes any."""
        if (self.os, self.architecture) != (wanted.os, wanted.architecture):
            return False
        implied = _IMPLIED.get(self.architecture, "")
        return not wanted.variant or (self.variant or implied) == wanted.variant


def parse(text: str) -> Platform:
    """The platform that `os/arch[/variant]` spells. Raises UsageError."""
    parts = text.split("/")
    if not 2 <= len(parts) <= 3 or not all(parts):
        raise UsageError(f"'{text}' is not a platform", hint="write os/arch, for example linux/amd64")
    return Platform(parts[0], _ALIASES.get(parts[1], parts[1]), *parts[2:])


def host() -> Platform:
    """Linux on this machine's architecture: what an engine here would run."""
    return _of_machine(os.uname().machine)


@cache
def _of_machine(machine: str) -> Platform:
    return Platform("linux", *_MACHINES.get(machine, (machine, "")))
