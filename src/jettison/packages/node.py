"""npm's packages as the image's own lock files tell them, read from its tree and never executed.

Source: npm documentation, "package-lock.json" (lockfile versions 1, 2 and 3; the hidden lockfile in node_modules).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jettison.image.model import Kind
from jettison.image.tree import Tree

_LARGEST = 64 * 2**20
_PNPM = re.compile(rb"packageManager\W+pnpm@(\d+)\.(\d+)\.(\d+)")
HIDDEN = b"node_modules/.package-lock.json"  # written by npm 7 and later
LOCK = b"package-lock.json"
_OWN = (b"usr/local/lib", b"usr/lib", b"usr/share")  # where npm itself lies, and what is installed for all


def tops(tree: Tree) -> tuple[bytes, ...]:
    """Folders of applications: those that hold a package.json and a node_modules, and are in no other's."""
    found = [path.rpartition(b"/")[0] for path in tree if path == b"node_modules" or path.endswith(b"/node_modules")]
    return tuple(
        sorted(
            top
            for top in found
            if b"node_modules" not in top.split(b"/")
            and _join(top, b"package.json") in tree
            and not top.startswith(_OWN)
        )
    )


def development_packages(tree: Tree, top: bytes) -> tuple[bytes, ...]:
    """Folders of installed packages that only development needs, as npm marked them; empty where it did not.

    `top` is the folder that holds node_modules.
    """
    return _marked(tree, top, ("dev",))


def pruned_packages(tree: Tree, top: bytes) -> tuple[bytes, ...]:
    """Folders that `npm prune --omit=dev` takes away: development packages, and those that nothing asks for."""
    return _marked(tree, top, ("dev", "extraneous"))


def _marked(tree: Tree, top: bytes, marks: tuple[str, ...]) -> tuple[bytes, ...]:
    for name in (HIDDEN, LOCK):
        document = read_json(tree, _join(top, name))
        if document is None:
            continue
        packages = document.get("packages")
        if isinstance(packages, dict):
            marked = [path for path, facts in packages.items() if _is(facts, marks)]
        else:
            marked = list(_version_1(document, ""))
        folders = sorted(_join(top, path.encode("utf-8", "surrogatepass")) for path in marked if path)
        return tuple(folder for folder in folders if folder in tree)
    return ()


def _is(facts: Any, marks: tuple[str, ...]) -> bool:
    return isinstance(facts, dict) and any(facts.get(mark) is True for mark in marks)


def _join(top: bytes, name: bytes) -> bytes:
    return top + b"/" + name if top else name


def read_json(tree: Tree, path: bytes) -> Mapping[str, Any] | None:
    """A JSON object in a file of the tree; None where there is none that can be read."""
    try:
        found = json.loads(tree.read(path, _LARGEST))
    except (KeyError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def described(tree: Tree, folder: bytes) -> Mapping[str, Any]:
    """A folder's package.json; empty where there is none that can be read."""
    return read_json(tree, _join(folder, b"package.json")) or {}


def installed(tree: Tree, modules: bytes) -> Iterator[bytes]:
    """Folders of the packages directly in a node_modules, those of scopes too."""
    for path in tree.children(modules):
        name = path.rpartition(b"/")[2]
        for folder in tree.children(path) if name.startswith(b"@") else (path,):
            if not name.startswith(b".") and _join(folder, b"package.json") in tree:
                yield folder


def _version_1(document: Mapping[str, Any], above: str) -> Iterator[str]:
    """`dependencies` within `dependencies`, as npm before 7 wrote them."""
    dependencies = document.get("dependencies")
    for name, facts in dependencies.items() if isinstance(dependencies, dict) else ():
        if isinstance(facts, dict):
            path = f"{above}node_modules/{name}"
            if facts.get("dev") is True:
                yield path
            yield from _version_1(facts, path + "/")


def weigh(tree: Tree, folders: tuple[bytes, ...]) -> int:
    """Bytes of the files below these folders; a file below two of them counts once."""
    sized = {
        tree.payload(path): entry.size
        for folder in folders
        for path in tree.under(folder)
        if (entry := tree.get(path)) is not None and entry.kind is Kind.FILE
    }
    return sum(sized.values())


def installer(tree: Tree, top: bytes) -> str:
    """Who filled a node_modules, by what it left there: npm, yarn (version 1), berry (Yarn's later ones) or pnpm."""
    marks = {b".yarn-integrity": "yarn", b".yarn-state.yml": "berry", b".modules.yaml": "pnpm", b".pnpm": "pnpm"}
    folder = _join(top, b"node_modules/")
    return next((name for mark, name in marks.items() if folder + mark in tree), "npm")


def named_for_development(tree: Tree, top: bytes) -> tuple[bytes, ...]:
    """Folders of the packages that package.json itself names for development, whoever installed them."""
    told = described(tree, top).get("devDependencies")
    names = (name.encode("utf-8", "surrogatepass") for name in (told if isinstance(told, dict) else ()))
    folders = (_join(top, b"node_modules/" + name) for name in sorted(names))
    return tuple(real for folder in folders if (real := tree.resolve(folder)) is not None)


def lock_shrinks(tree: Tree, top: bytes) -> int:
    """Bytes that the hidden lockfile loses when packages are pruned: npm writes it as JSON.stringify(..., null, 2)."""
    path = _join(top, HIDDEN)
    document, entry = read_json(tree, path), tree.get(path)
    if document is None or entry is None or not isinstance(document.get("packages"), dict):
        return 0
    kept = {name: facts for name, facts in document["packages"].items() if not _is(facts, ("dev", "extraneous"))}
    text = json.dumps({**document, "packages": kept}, indent=2, ensure_ascii=False) + "\n"
    return entry.size - len(text.encode("utf-8", "surrogatepass"))


def runs_scripts(tree: Tree, top: bytes) -> bool:
    """Whether what installed here runs the application's own scripts as it takes packages out: npm does not.

    pnpm's `prune` can be told not to since 8.15.6 (pnpm/pnpm#7836); which one it was stands in `.modules.yaml`.
    """
    tool = installer(tree, top)
    if tool != "pnpm":
        return tool == "yarn"
    try:
        told = _PNPM.search(tree.read(_join(top, b"node_modules/.modules.yaml"), _LARGEST))
    except KeyError:
        return False
    return told is not None and tuple(map(int, told.groups())) < (8, 15, 6)


def prune_command(tree: Tree, top: bytes) -> str:
    """How what installed here takes development packages out: the hidden lockfile is npm 7's and later."""
    other = {
        "yarn": "yarn install --production --frozen-lockfile --prefer-offline",
        "pnpm": f"CI=true pnpm prune --prod{' --ignore-scripts' if not runs_scripts(tree, top) else ''}",
    }.get(installer(tree, top))
    if other is not None:
        return other
    return "npm prune --omit=dev" if _join(top, HIDDEN) in tree else "npm prune --production"
