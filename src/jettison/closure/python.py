"""Python imports, read by parsing and never executed: importing a package would run it.

Breadth first from the command's script and the modules of the working directory. Blind to names that are computed.
Imports that are guarded by `try: ... except ImportError` count only in the application's own files.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from jettison.image.model import Kind
from jettison.image.tree import Tree

_FILES = 4000
_SIZE = 2**20
_OURS = re.compile(rb"\.py$|\.so$|\.pyc$|/(?:site|dist)-packages/")
_ROOT = re.compile(rb"^(?:usr/(?:local/)?lib/(?:python3(?:\.\d+)?(?:/(?:site|dist)-packages|/lib-dynload)?)"
                   rb"|.*/lib/python3\.\d+/site-packages)$")  # fmt: skip
_EXTENSION = re.compile(rb"\.(?:cpython-[\w-]+|abi3)\.so$|\.so$")


def lost(original: Tree, candidate: Tree, gone: frozenset[bytes], config: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each import that is reached in the original and finds nothing in the candidate."""
    if not any(_OURS.search(path) for path in gone):
        return
    tops = _entries(original, config)
    if not tops:
        return
    roots = [path for path in sorted(original) if _ROOT.match(path) and _is_directory(original, path)]
    own = list(dict.fromkeys(path.rpartition(b"/")[0] for path in tops))
    seen: set[bytes] = set()
    told: set[str] = set()
    queue = list(tops)
    while queue and len(seen) < _FILES:
        path = queue.pop(0)
        if path in seen:
            continue
        seen.add(path)
        application = not any(path.startswith(root + b"/") for root in roots)
        for name in imports(_source(original, path), guarded=application, package=_package(path, [*own, *roots])):
            found = _resolve(original, name, [*own, *roots])
            if found is None:
                continue
            if name not in told and _resolve(candidate, name, [*own, *roots]) is None:
                told.add(name)
                yield f"{name}, imported by /{path.decode('utf-8', 'replace')}"
            if found.endswith(b".py"):
                queue.append(found)


def _entries(tree: Tree, config: Mapping[str, Any]) -> list[bytes]:
    """The scripts of the command, the module behind `-m`, the modules directly in the working directory."""
    working = str(config.get("WorkingDir") or "/").strip("/").encode()
    words = [str(word) for word in [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]]
    found: list[bytes] = []
    for before, word in zip(["", *words], words, strict=False):
        name = word.encode("utf-8", "surrogateescape")
        places = [name.strip(b"/")] if name.startswith(b"/") else [(working + b"/" + name).strip(b"/")]
        if before == "-m" or re.fullmatch(r"[\w.]+:\w+", word):
            module = name.partition(b":")[0].replace(b".", b"/")
            places = [(working + b"/" + module + end).strip(b"/") for end in (b".py", b"/__main__.py", b"/__init__.py")]
        found += [place for place in places if place.endswith(b".py") and place in tree]
    if working:
        found += [path for path in sorted(tree.children(working)) if path.endswith(b".py")]
    return list(dict.fromkeys(found))


def _is_directory(tree: Tree, path: bytes) -> bool:
    item = tree.get(path)
    return item is not None and item.kind is Kind.DIRECTORY


def _source(tree: Tree, path: bytes) -> str:
    try:
        return tree.read(path, _SIZE).decode("utf-8", "replace")
    except KeyError:
        return ""


def _package(path: bytes, roots: list[bytes]) -> str:
    """The package that a file belongs to, for its relative imports."""
    for root in sorted(roots, key=len, reverse=True):
        if path.startswith(root + b"/"):
            return path[len(root) + 1 :].rpartition(b"/")[0].decode("utf-8", "replace").replace("/", ".")
    return ""


def imports(source: str, *, guarded: bool, package: str = "") -> list[str]:
    """Absolute names of the modules that a source imports, in functions too; in `try` only where `guarded`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found: dict[str, None] = {}
    stack: list[ast.AST] = [tree]
    while stack:
        each = stack.pop()
        if isinstance(each, ast.Try) and not guarded and each.handlers:
            stack += [*each.orelse, *each.finalbody]
            continue
        if isinstance(each, ast.If) and _only_for_checkers(each.test):
            stack += each.orelse
            continue
        if isinstance(each, ast.Import):
            found.update(dict.fromkeys(alias.name for alias in each.names))
        elif isinstance(each, ast.ImportFrom):
            found.update(dict.fromkeys(_from(each, package)))
        stack += ast.iter_child_nodes(each)
    return list(found)


def _only_for_checkers(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _from(statement: ast.ImportFrom, package: str) -> Iterator[str]:
    base = statement.module or ""
    if statement.level:
        parts = package.split(".") if package else []
        parts = parts[: len(parts) - statement.level + 1]
        base = ".".join([*parts, *([base] if base else [])])
    if base:
        yield base
        yield from (f"{base}.{alias.name}" for alias in statement.names if alias.name != "*")


def _resolve(tree: Tree, name: str, roots: list[bytes]) -> bytes | None:
    """The file of a module, or its directory for a namespace package; None where it is none (or built in)."""
    relative = name.replace(".", "/").encode("utf-8", "surrogateescape")
    for root in roots:
        base = root + b"/" + relative if root else relative
        for place in (base + b"/__init__.py", base + b".py"):
            if place in tree:
                return place
        parent, _, last = base.rpartition(b"/")
        for sibling in tree.children(parent):
            file = sibling.rpartition(b"/")[2]
            if file.startswith(last + b".") and _EXTENSION.sub(b"", file) == last:
                return sibling
        if _is_directory(tree, base) and any(child.endswith(b".py") for child in tree.under(base)):
            return base
    return None
