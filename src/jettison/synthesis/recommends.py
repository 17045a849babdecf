"""What packages weigh in one layer."""

from __future__ import annotations

from collections.abc import Sequence

from jettison.image.model import Kind
from jettison.image.tree import Tree
from jettison.packages.dpkg import STATUS, Package, files_of

_ARCHIVES = b"var/cache/apt/archives"


def weigh_packages(tree: Tree, packages: Sequence[Package], layer: int) -> tuple[int, tuple[bytes, ...]]:
    """Bytes that these packages put into `layer`, and the largest few paths.

    Counted are the files that they own, bytecode that was compiled from them, dpkg's records, their downloaded
    archives where these are still there, and their paragraphs in dpkg's status and its backup.
    """
    paths: set[bytes] = set()
    for package in packages:
        paths |= files_of(tree, package.name, package.architecture)
    names = tuple(f"{package.name}_".encode() for package in packages)
    paths |= {p for p in tree.children(_ARCHIVES) if p.rpartition(b"/")[2].startswith(names)}
    paths |= _bytecode(tree, paths)
    sized: dict[tuple[int, int], tuple[int, bytes]] = {}
    for path in paths:
        entry = tree.get(path)
        place = tree.payload(path)
        if entry is not None and entry.kind is Kind.FILE and place[0] == layer:
            sized[place] = (entry.size, path)
    largest = sorted(sized.values(), reverse=True)
    return sum(size for size, _ in largest) + _status(tree, packages), tuple(path for _, path in largest[:5])


def _bytecode(tree: Tree, paths: set[bytes]) -> set[bytes]:
    """`__pycache__/NAME.*.pyc` of each NAME.py: compiled when the package was configured, owned by nobody."""
    found = set()
    sources = {path for path in paths if path.endswith(b".py")}
    for folder in {path.rpartition(b"/")[0] for path in sources}:
        for compiled in tree.children(folder + b"/__pycache__"):
            stem = compiled.rpartition(b"/")[2].partition(b".")[0]
            if folder + b"/" + stem + b".py" in sources:
                found.add(compiled)
    return found


def _status(tree: Tree, packages: Sequence[Package]) -> int:
    """Bytes of the packages' paragraphs in the database; the backup file holds nearly the same."""
    try:
        text = tree.read(STATUS)
    except KeyError:
        return 0
    names = {f"Package: {package.name}".encode() for package in packages}
    total = sum(len(part) + 2 for part in text.split(b"\n\n") if part.split(b"\n", 1)[0] in names)
    return total * (2 if STATUS + b"-old" in tree else 1)
