"""Which installed packages an application's package.json leads to, as Node itself would find them.

For a node_modules that Yarn 1 filled: its lock file names no places. Source: Node.js documentation, "Loading from
node_modules folders"; Yarn 1 documentation, "package.json", dependencies of each kind.
"""

from __future__ import annotations

from collections.abc import Iterator

from jettison.image.tree import Tree
from jettison.packages.node import described, installed

_KINDS = ("dependencies", "optionalDependencies", "peerDependencies")


def unreachable(tree: Tree, top: bytes) -> tuple[bytes, ...]:
    """Folders of installed packages that nothing but development dependencies asks for, sorted.

    `top` is the folder that holds package.json and node_modules. Empty where it has workspaces: each asks for its own.
    """
    if described(tree, top).get("workspaces"):
        return ()
    kept: set[bytes] = set()
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        for name in _asked(tree, folder):
            found = _resolved(tree, folder, name, top)
            if found is not None and found not in kept:
                kept.add(found)
                waiting.append(found)
    return tuple(sorted(each for each in _all_installed(tree, _join(top, b"node_modules")) if each not in kept))


def _asked(tree: Tree, folder: bytes) -> Iterator[bytes]:
    """The names that a package asks for when it runs."""
    document = described(tree, folder)
    for kind in _KINDS:
        told = document.get(kind)
        yield from (name.encode("utf-8", "surrogatepass") for name in (told if isinstance(told, dict) else ()))


def _resolved(tree: Tree, folder: bytes, name: bytes, top: bytes) -> bytes | None:
    """The folder of a package as it is found from another: in the nearest node_modules at or above it."""
    at = folder
    while True:
        if at.rpartition(b"/")[2] != b"node_modules":
            real = tree.resolve(_join(at, b"node_modules/" + name))
            if real is not None:
                return real
        if at == top or not at:
            return None
        at = at.rpartition(b"/")[0]


def _all_installed(tree: Tree, modules: bytes) -> Iterator[bytes]:
    """Folders of the packages in a node_modules, and in those below it."""
    for folder in installed(tree, modules):
        yield folder
        if (nested := folder + b"/node_modules") in tree:
            yield from _all_installed(tree, nested)


def _join(folder: bytes, name: bytes) -> bytes:
    return folder + b"/" + name if folder else name
