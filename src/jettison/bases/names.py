"""The name in a FROM, taken apart: which image, which version, which variant, which Debian release.

Source: the tag lists of docker-library/official-images and the READMEs of GoogleContainerTools/distroless, as of
2026-11-21.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

DEBIAN = {"jessie": 8, "stretch": 9, "buster": 10, "bullseye": 11, "bookworm": 12, "trixie": 13}
_WORDS = {"latest", "lts", "current", "stable", "oldstable"}
_KINDS = {"cli", "fpm", "apache", "zts"}  # php's
# eclipse-temurin and buildpack-deps stand on some of these
UBUNTU = {
    "trusty": "14.04", "xenial": "16.04", "bionic": "18.04", "focal": "20.04", "jammy": "22.04", "noble": "24.04",
}  # fmt: skip
# the same images under another name: registries that hold a copy, and Docker's own, one architecture each
_ELSEWHERE = re.compile(
    r"(?:(?:docker\.io|index\.docker\.io|registry\.hub\.docker\.com|mirror\.gcr\.io|public\.ecr\.aws/docker)/)?"
    r"(?:(?:library|amd64|arm32v[567]|arm64v8|i386|mips64le|ppc64le|riscv64|s390x)/)?"
)
_NUMBER = re.compile(r"\d[0-9A-Za-z.]*")


@dataclass(frozen=True)
class Name:
    """`path` is as written, without the tag; what a tag does not say is empty."""

    path: str
    image: str  # node, python, debian ...
    version: str = ""
    variant: str = ""  # slim, alpine
    release: str = ""  # bookworm
    date: str = ""  # 20240110
    edition: str = ""  # jdk, jre
    kind: str = ""  # cli, fpm, apache, zts: what php's are for
    system: str = ""  # jammy: the Ubuntu below it, where it is none of Debian's

    @property
    def numbers(self) -> tuple[int, ...]:
        """20 -> (20,), 3.11.4 -> (3, 11, 4); empty where the version is a word."""
        return tuple(map(int, self.version.split("."))) if re.fullmatch(r"\d+(\.\d+)*", self.version) else ()

    @property
    def is_full(self) -> bool:
        """Whether it is neither slim nor alpine."""
        return not self.variant


@lru_cache(maxsize=1024)  # rules ask it of the same few bases again and again
def official(name: str) -> Name | None:
    """An official image's name; None for a foreign one, one pinned by digest, and a tag of another shape."""
    if "@" in name or "$" in name:
        return None
    path, _, tag = name.partition(":")
    image = familiar(path)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", image):
        return None
    said: dict[str, str] = {}
    parts = re.sub(r"^lts-", "lts_", tag).split("-") if tag else []
    for position, part in enumerate(parts):
        key, value = _meaning(part, position)
        if not key or key in said:
            return None
        said[key] = value
    if image == "debian" and "version" not in said and "release" in said:
        said["version"] = said["release"]
    return Name(path, image, **said)


def familiar(path: str) -> str:
    """The name of an official image as it is mostly written, wherever a copy of it is taken from."""
    return path[_ELSEWHERE.match(path).end() :]  # type: ignore[union-attr]  # an empty match is one


def _meaning(part: str, position: int) -> tuple[str, str]:
    """What one part of a tag says; an empty key where that is not known."""
    if part in DEBIAN:
        return "release", part
    if part == "slim":
        return "variant", part
    if part.startswith("alpine") and re.fullmatch(r"alpine[0-9.]*", part):
        return "variant", part
    if part in ("jdk", "jre"):
        return "edition", part
    if part in _KINDS:
        return "kind", part
    if part in UBUNTU and position:
        return "system", part
    if position and re.fullmatch(r"\d{8}", part):
        return "date", part
    if not position and (part in _WORDS or _NUMBER.fullmatch(part) or re.fullmatch(r"lts_[a-z]+", part)):
        return "version", part.replace("_", "-")
    return "", ""
