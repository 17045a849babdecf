"""What the packages of a distribution weigh in an image."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from jettison.image.model import Kind
from jettison.packages import apk, dpkg, rpm
from jettison.subject import Subject


def weights(subject: Subject, names: Collection[str]) -> Mapping[str, int]:
    """Bytes of the files of each of these packages that layers above the base hold; none of what they depend on."""
    found: dict[str, int] = {}
    for name, paths in _owned(subject, names):
        places = {}
        for path in paths:
            entry = subject.tree.get(path)
            if entry is not None and entry.kind is Kind.FILE:
                place = subject.tree.payload(path)
                if place[0] >= subject.alignment.base_layers:
                    places[place] = entry.size
        if places:
            found[name] = sum(places.values())
    return found


def _owned(subject: Subject, names: Collection[str]) -> Iterator[tuple[str, Iterable[bytes]]]:
    tree = subject.tree
    for deb in dpkg.read_status(tree).values():
        if deb.name in names:
            yield deb.name, dpkg.files_of(tree, deb.name, deb.architecture)
    yield from ((each.name, each.files) for each in apk.installed(tree) if each.name in names)
    yield from ((each.name, each.files) for each in rpm.installed(tree) if each.name in names)
