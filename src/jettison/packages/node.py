"""npm's packages as the image's own lock files tell them, read from its tree and never executed.

Source: npm documentation, "package-lock.json" (lockfile versions 1, 2 and 3; the hidden lockfile in node_modules).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jettison.image.model import Kind
from jettison.image.tree import Tree

_LARGEST = 64 * 2**20
HIDDEN = b"node_modules/.package-lock.json"
LOCK = b"package-lock.json"


def development_packages(tree: Tree, top: bytes) -> tuple[bytes, ...]:
    """Folders of installed packages that only development needs, as npm marked them; empty where it did not.

    `top` is the folder that holds node_modules.
    """
    for name in (HIDDEN, LOCK):
        document = _read(tree, _join(top, name))
        if document is None:
            continue
        packages = document.get("packages")
        if isinstance(packages, dict):
            marked = [path for path, facts in packages.items() if isinstance(facts, dict) and facts.get("dev") is True]
        else:
            marked = list(_version_1(document, ""))
        folders = sorted(_join(top, path.encode("utf-8", "surrogateescape")) for path in marked if path)
        return tuple(folder for folder in folders if folder in tree)
    return ()


def _join(top: bytes, name: bytes) -> bytes:
    return top + b"/" + name if top else name


def _read(tree: Tree, path: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(tree.read(path, _LARGEST))
    except (KeyError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


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


def npm_version(tree: Tree) -> int:
    """The major version of the npm that the image holds; 0 where it holds none."""
    for top in (b"usr/local/lib/node_modules/npm", b"usr/lib/node_modules/npm", b"usr/share/nodejs/npm"):
        document = _read(tree, top + b"/package.json")
        if document is not None:
            major = str(document.get("version", "")).partition(".")[0]
            return int(major) if major.isdigit() else 0
    return 0
