"""Alpine packages as the image's own database tells them, read from its tree and never executed.

Source: apk-tools `doc/apk-package.5.scd` and the Alpine wiki, "Apk spec" (installed database: one letter a field;
F a folder, R a file in it); from apk-tools 3 on the database lies below usr/lib.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jettison.image.tree import Tree

INSTALLED = (b"lib/apk/db/installed", b"usr/lib/apk/db/installed")
_LARGEST = 256 * 2**20


@dataclass(frozen=True)
class Package:
    """An installed package; `files` are paths as the database tells them, folders left out."""

    name: str
    version: str
    architecture: str
    origin: str = ""
    files: tuple[bytes, ...] = ()


def installed(tree: Tree) -> tuple[Package, ...]:
    """Every installed package; empty where the image has no such database."""
    for path in INSTALLED:
        try:
            return tuple(parse_installed(tree.read(path, _LARGEST)))
        except KeyError:
            continue
    return ()


def parse_installed(data: bytes) -> Iterator[Package]:
    """The packages of an installed database."""
    for paragraph in data.split(b"\n\n"):
        fields: dict[bytes, bytes] = {}
        files: list[bytes] = []
        folder = b""
        for line in paragraph.split(b"\n"):
            key, colon, value = line.partition(b":")
            if not colon:
                continue
            if key == b"F":
                folder = value.strip(b"/")
            elif key == b"R":
                files.append(folder + b"/" + value if folder else value)
            else:
                fields.setdefault(key, value)
        if fields.get(b"P"):
            name, version, architecture, origin = (_text(fields.get(key, b"")) for key in (b"P", b"V", b"A", b"o"))
            yield Package(name, version, architecture, origin, tuple(files))


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
