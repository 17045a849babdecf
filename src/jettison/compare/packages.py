"""Packages that came, went or changed their version between two images, as their own databases tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jettison.image.model import Image, Kind
from jettison.image.tree import Place
from jettison.waste.classes import live_payloads
from jettison.waste.inventory import Package, inventory

_RECORDS = frozenset({b"status", b"installed", b"rpmdb.sqlite", b"Packages", b"Packages.db", b"package.json"})
_RECORDS |= {b"METADATA", b"PKG-INFO"}
_RECORD_FOLDER = b"var/lib/dpkg/status.d/"


@dataclass(frozen=True)
class PackageChange:
    """`old` and `new` are versions, several of them where several are installed; None where there is none."""

    kind: str  # dpkg, apk, rpm, python, node, go
    name: str
    old: str | None
    new: str | None
    grown: int  # bytes, negative where it shrank

    @property
    def change(self) -> str:
        """`added`, `removed` or `version`."""
        return "added" if self.old is None else "removed" if self.new is None else "version"


def package_changes(images: tuple[Image, Image], touched: Iterable[bytes]) -> tuple[PackageChange, ...]:
    """What changed from the first image to the second, by kind and name; the heaviest first. Raises ImageError.

    `touched` are the paths that are in one of them alone, or in both with other bytes: where no record of a package
    is among them, nothing is read.
    """
    if not any(_may_tell(path, images) for path in touched):
        return ()
    old, new = (_by_name(inventory(each, live_payloads(each.layers, each.merged)).packages) for each in images)
    found = []
    for kind, name in {*old, *new}:
        before, after = old.get((kind, name), {}), new.get((kind, name), {})
        if before.keys() != after.keys():
            grown = sum(after.values()) - sum(before.values())
            found.append(PackageChange(kind, name, _shown(before), _shown(after), grown))
    return tuple(sorted(found, key=lambda each: (-abs(each.grown), each.kind, each.name)))


def _may_tell(path: bytes, images: tuple[Image, Image]) -> bool:
    """Whether a path may be the record of a package, or a program that tells of itself what it was built from."""
    if path.rpartition(b"/")[2] in _RECORDS or path.startswith(_RECORD_FOLDER):
        return True
    return any(path in image.tree and _is_program(image, image.tree.payload(path)) for image in images)


def _is_program(image: Image, place: Place) -> bool:
    columns, index = image.layers[place[0]].columns, place[1]
    return index >= 0 and bool(columns.modes[index] & 0o111) and columns.kinds[index] == Kind.FILE


def _by_name(packages: Iterable[Package]) -> dict[tuple[str, str], dict[str, int]]:
    """Bytes by version, by kind and name."""
    found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for each in packages:
        found[each.kind, each.name][each.version] = each.size
    return found


def _shown(versions: Mapping[str, int]) -> str | None:
    return ", ".join(sorted(versions)) if versions else None
