"""Which smaller image of the same system and C library an official image has.

Source: the tag lists of debian, node, python, ruby, perl and rust in docker-library/official-images, as of 2026-11-21.
Only names are known here: whether a tag exists, and what it weighs, is asked when it is pulled.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_RELEASE = r"(?:stretch|buster|bullseye|bookworm|trixie)"
_VERSION = r"(?:latest|lts|current|stable|oldstable|[0-9][0-9A-Za-z.]*|lts-[a-z]+)"


@dataclass(frozen=True)
class Smaller:
    """A tag of the same image, and what it leaves out, as a sentence's end."""

    name: str
    without: str


_DEBIAN_SLIM = "manual pages, documentation and translations"
_LANGUAGE_SLIM = "compilers, headers, git, curl and the other tools that only building needs"
_SLIM = {
    "debian": _DEBIAN_SLIM,
    "node": _LANGUAGE_SLIM,
    "python": _LANGUAGE_SLIM,
    "ruby": _LANGUAGE_SLIM,
    "perl": _LANGUAGE_SLIM,
    "rust": _LANGUAGE_SLIM,
}


def smaller(name: str) -> Smaller | None:
    """The slim variant of an official image; None where the name is pinned by digest, foreign, or slim already.

    `node:20` -> `node:20-slim`, `python:3.12-bookworm` -> `python:3.12-slim-bookworm`, `debian:bookworm` ->
    `debian:bookworm-slim`; `node:20-bookworm` -> `node:20-bookworm-slim`.
    """
    if "@" in name:
        return None
    path, _, tag = name.partition(":")
    image = path.removeprefix("docker.io/").removeprefix("library/")
    if image not in _SLIM:
        return None
    if image == "debian":
        dated = re.fullmatch(rf"({_RELEASE}|{_VERSION})(-\d{{8}})?", tag)
        return Smaller(f"{path}:{tag}-slim", _SLIM[image]) if dated else None
    if not tag or tag == "latest":
        return Smaller(f"{path}:slim", _SLIM[image])
    match = re.fullmatch(rf"({_VERSION})(?:-({_RELEASE}))?", tag)
    if match is None:
        return None
    version, release = match[1], match[2]
    if not release:
        return Smaller(f"{path}:{version}-slim", _SLIM[image])
    order = f"{version}-{release}-slim" if image == "node" else f"{version}-slim-{release}"
    return Smaller(f"{path}:{order}", _SLIM[image])
