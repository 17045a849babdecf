"""Live bytes by package: each payload belongs to one at most, so that packages and the rest add up to `effective`.

Asked in this order: dpkg, apk, rpm, Python, Node, Go; the first that owns a file has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from jettison.image.merge import Place
from jettison.image.model import Image
from jettison.image.tree import Tree
from jettison.packages import apk, dpkg, go, node, python, rpm
from jettison.waste.classes import Live
from jettison.waste.reading import read_tree

_STATUS_D = dpkg.STATUS_D + b"/"
_INFO = b"var/lib/dpkg/info/"
_NODE = b"node_modules/"
_DISTRIBUTIONS = (b".dist-info/METADATA", b".dist-info/RECORD", b".egg-info/PKG-INFO", b"/installed-files.txt")
_DATABASES = frozenset({dpkg.STATUS, *apk.INSTALLED, *rpm.DATABASES})


@dataclass(frozen=True)
class Package:
    """`kind` is dpkg, apk, rpm, python, node or go; `layer` brought most of its bytes."""

    kind: str
    name: str
    version: str
    size: int
    files: int
    layer: int


@dataclass(frozen=True)
class Inventory:
    """Packages with bytes, the heaviest first; `rest` are the live bytes that none of them owns."""

    packages: tuple[Package, ...]
    rest: int


Owner = tuple[str, str, str]  # kind, name, version


def inventory(image: Image, live: Live) -> Inventory:
    """The packages of an image and what each weighs; `live` its payloads. Raises ImageError."""
    tree = read_tree(image, [path for path in image.tree if _is_asked(path)])
    owner: dict[Place, Owner] = {}
    for kind, name, version, paths in _owned(tree):
        for path in paths:
            place = tree.payload(path) if path in tree else None
            if place is not None and live.name(place) is not None:
                owner.setdefault(place, (kind, name, version))
    rest = [name for layer, index, name in live if (layer, index) not in owner]
    for program in go.programs(tree, sorted(rest)):
        main = program.info.main
        name, version = program.info.package or "?", main.version if main else ""
        owner[tree.payload(program.path)] = ("go", name, version)
    return _weighed(image, live, owner)


def _is_asked(path: bytes) -> bool:
    return (
        path in _DATABASES
        or (path.startswith(_INFO) and path.endswith(b".list"))
        or path.startswith(_STATUS_D)
        or path.endswith(_DISTRIBUTIONS)
        or (path.endswith(b"/package.json") and _folder(path) + b"/package.json" == path)
        or path.endswith((node.HIDDEN, node.LOCK))
    )


def _owned(tree: Tree) -> Iterator[tuple[str, str, str, Iterable[bytes]]]:
    """(kind, name, version, paths) of every package, those first that are asked first."""
    for name, deb in dpkg.read_status(tree).items():
        paths = dpkg.files_of(tree, deb.name, deb.architecture) or _summed(tree, deb.name)
        yield "dpkg", name, deb.version, paths
    for alpine in apk.installed(tree):
        yield "apk", alpine.name, alpine.version, _real(tree, alpine.files)
    for red in rpm.installed(tree):
        yield "rpm", red.name, red.version, _real(tree, red.files)
    for distribution in python.distributions(tree):
        yield "python", distribution.name, distribution.version, distribution.files
    yield from _node(tree)


def _summed(tree: Tree, name: str) -> list[bytes]:
    """Files of a package as distroless keeps them: lines of a checksum, two blanks, a path."""
    try:
        lines = tree.read(_STATUS_D + name.encode() + b".md5sums").splitlines()
    except KeyError:
        return []
    return list(_real(tree, (line.partition(b"  ")[2].strip(b"/") for line in lines)))


def _real(tree: Tree, paths: Iterable[bytes]) -> Iterator[bytes]:
    """Paths with the links among their folders followed: /bin may be usr/bin."""
    folders: dict[bytes, bytes | None] = {}
    for path in paths:
        if path in tree:
            yield path
            continue
        parent, _, name = path.rpartition(b"/")
        if parent not in folders:
            folders[parent] = tree.resolve(parent)
        real = folders[parent]
        if real is not None:
            yield real + b"/" + name if real else name


def _node(tree: Tree) -> Iterator[tuple[str, str, str, Iterable[bytes]]]:
    """Every folder of a node_modules that has a package.json, with what lies in it and in no deeper package."""
    files: dict[bytes, list[bytes]] = {}
    for path in tree:
        folder = _folder(path)
        if folder and folder + b"/package.json" in tree:
            files.setdefault(folder, []).append(path)
    for folder, paths in sorted(files.items()):
        told = node.described(tree, folder)
        name, version = told.get("name"), told.get("version")
        shown = folder.rpartition(_NODE)[2].decode("utf-8", "replace")
        yield "node", name if isinstance(name, str) else shown, version if isinstance(version, str) else "", paths


def _folder(path: bytes) -> bytes:
    """The package folder that a path lies in: behind the last node_modules, scope and all; empty where in none."""
    at = path.rfind(b"/" + _NODE)
    start = at + 1 + len(_NODE) if at >= 0 else len(_NODE) if path.startswith(_NODE) else -1
    if start < 0:
        return b""
    parts = path[start:].split(b"/", 2)
    count = 2 if parts[0].startswith(b"@") else 1
    return path[:start] + b"/".join(parts[:count]) if len(parts) > count else b""


def _weighed(image: Image, live: Live, owner: Mapping[Place, Owner]) -> Inventory:
    size: Counter[Owner] = Counter()
    files: Counter[Owner] = Counter()
    layers: dict[Owner, Counter[int]] = {}
    rest = 0
    for layer, index, _ in live:
        bytes_ = image.layers[layer].columns.sizes[index]
        mine = owner.get((layer, index))
        if mine is None:
            rest += bytes_
            continue
        size[mine] += bytes_
        files[mine] += 1
        layers.setdefault(mine, Counter())[layer] += bytes_
    found = [Package(*mine, size[mine], files[mine], layers[mine].most_common(1)[0][0]) for mine in size]
    return Inventory(tuple(sorted(found, key=lambda each: (-each.size, each.kind, each.name, each.version))), rest)
