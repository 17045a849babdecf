"""Which installed packages an application's package.json leads to, as Node itself would find them.

For a node_modules that Yarn 1 filled: its lock file names no places; and for one of pnpm's, whose folder
`.pnpm/NAME@VERSION/node_modules` holds a package and, as links beside it, all that was resolved for it.
Source: Node.js documentation, "Loading from node_modules folders"; Yarn 1 documentation, "package.json", dependencies
of each kind; pnpm documentation, "Symlinked `node_modules` structure".
"""

from __future__ import annotations

from collections.abc import Iterator

from jettison.image.tree import Tree
from jettison.packages.node import described, installed

_KINDS = ("dependencies", "optionalDependencies", "peerDependencies")
_STORE = b"/.pnpm/"
_LARGEST = 64 * 2**20  # bytes of a file


def unreachable(tree: Tree, top: bytes) -> tuple[bytes, ...] | None:
    """Folders of installed packages that nothing but development dependencies asks for, sorted.

    `top` is the folder that holds package.json and node_modules. None where it has workspaces: each asks for its own.
    """
    if described(tree, top).get("workspaces") or _has_workspaces(tree, top):
        return None
    kept: set[bytes] = set()
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        for found in _leads_to(tree, folder, top):
            if found not in kept:
                kept.add(found)
                waiting.append(found)
    return tuple(sorted(each for each in _all_installed(tree, _join(top, b"node_modules")) if each not in kept))


def _has_workspaces(tree: Tree, top: bytes) -> bool:
    """Whether pnpm installed for several packages, as its file of workspaces or the lock file in its store tells.

    Since its version 10 the former may hold settings alone.
    """
    told = b"packages:" in (line.rstrip() for line in _lines(tree, _join(top, b"pnpm-workspace.yaml")))
    importers, inside = 0, False
    for line in _lines(tree, _join(top, b"node_modules/.pnpm/lock.yaml")):
        if line[:1].strip():
            inside = line.startswith(b"importers:")
        elif inside and line[:2] == b"  " and line[2:3].strip():
            importers += 1
    return told or importers > 1


def _lines(tree: Tree, path: bytes) -> list[bytes]:
    try:
        return tree.read(path, _LARGEST).splitlines()
    except KeyError:
        return []


def _leads_to(tree: Tree, folder: bytes, top: bytes) -> Iterator[bytes]:
    """The folders of the packages that one asks for when it runs."""
    beside = _beside(folder)
    if beside:
        found = [tree.resolve(path) for path in _children(tree, beside) if path != folder]
        found += _all_installed(tree, folder + b"/node_modules")  # bundled with it
    else:
        found = [_resolved(tree, folder, name, top) for name in _asked(tree, folder)]
    yield from (each for each in found if each is not None)


def _beside(folder: bytes) -> bytes:
    """The folder that holds a package of pnpm's store and what was resolved for it; empty for any other package."""
    head, found, tail = folder.rpartition(b"/node_modules/")
    return head + found.rstrip(b"/") if found and _STORE in head + b"/" and b"/" not in _after(head) and tail else b""


def _after(head: bytes) -> bytes:
    return head.rpartition(_STORE)[2]


def _children(tree: Tree, modules: bytes) -> Iterator[bytes]:
    for path in tree.children(modules):
        scoped = path.rpartition(b"/")[2].startswith(b"@")
        yield from tree.children(path) if scoped else (path,)


def _asked(tree: Tree, folder: bytes) -> Iterator[bytes]:
    """The names that a package asks for when it runs."""
    document = described(tree, folder)
    for kind in _KINDS:
        told = document.get(kind)
        yield from (name.encode("utf-8", "surrogatepass") for name in (told if isinstance(told, dict) else ()))


def _resolved(tree: Tree, folder: bytes, name: bytes, top: bytes) -> bytes | None:
    """The folder of a package as it is found from another: in the nearest node_modules at or above it, to `top`."""
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
    """Folders of the packages in a node_modules, in those below it, and in pnpm's store."""
    for folder in installed(tree, modules):
        yield folder
        if (nested := folder + b"/node_modules") in tree:
            yield from _all_installed(tree, nested)
    for each in tree.children(modules + b"/.pnpm") if modules + b"/.pnpm" in tree else ():
        if (nested := each + b"/node_modules") in tree:
            yield from _all_installed(tree, nested)


def _join(folder: bytes, name: bytes) -> bytes:
    return folder + b"/" + name if folder else name
