"""Node modules: `require`, `import` and `import()` of literal names, resolved as Node does.

Source: Node.js documentation, "Modules: Packages" and "CommonJS modules, All together". Blind to computed names.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jettison.image.model import Kind
from jettison.image.tree import Tree

_FILES = 4000
_SIZE = 2**20
_IMPORT = re.compile(
    r"""(?P<before>[^\n]{0,80}?)(?:\brequire\s*\(\s*|\bimport\s*\(\s*|\bfrom\s+|\bimport\s+)(?P<q>["'])(?P<name>[^"'\n]{1,200})(?P=q)"""
)
_COMMENT = re.compile(r"/\*.*?\*/|(?m:^\s*//.*$)", re.DOTALL)
_SUFFIXES = (b"", b".js", b".mjs", b".cjs", b".json", b".node", b"/index.js", b"/index.mjs", b"/index.cjs")


def lost(original: Tree, candidate: Tree, gone: frozenset[bytes], config: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each module that is reached in the original and finds nothing in the candidate."""
    if not any(path.endswith((b".js", b".mjs", b".cjs", b".json", b".node")) for path in gone):
        return
    queue = _entries(original, config)
    seen: set[bytes] = set()
    while queue and len(seen) < _FILES:
        path = queue.pop(0)
        if path in seen:
            continue
        seen.add(path)
        for name in imports(_source(original, path), guarded=b"/node_modules/" not in path):
            found = resolve(original, name, path)
            if found is None:
                continue
            if resolve(candidate, name, path) is None:
                yield f"{name}, required by /{path.decode('utf-8', 'replace')}"
            elif found.endswith((b".js", b".mjs", b".cjs")):
                queue.append(found)


def _entries(tree: Tree, config: Mapping[str, Any]) -> list[bytes]:
    """Scripts in the command; what package.json starts; the main file of the working directory."""
    working = str(config.get("WorkingDir") or "/").strip("/").encode()
    words = [str(word) for word in [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]]
    try:
        package = json.loads(tree.read(working + b"/package.json", _SIZE)) if working else {}
        words += [*str((package.get("scripts") or {}).get("start") or "").split(), str(package.get("main") or "")]
    except (KeyError, ValueError, AttributeError):
        pass
    places = [_join(working, word.encode("utf-8", "surrogateescape")) for word in words if word]
    found = [_file(tree, place) for place in places]
    return [place for place in dict.fromkeys(found) if place and place.endswith((b".js", b".mjs", b".cjs"))]


def _join(base: bytes, name: bytes) -> bytes:
    return posixpath.normpath(name if name.startswith(b"/") else base + b"/" + name).strip(b"/")


def _source(tree: Tree, path: bytes) -> str:
    try:
        return tree.read(path, _SIZE).decode("utf-8", "replace")
    except KeyError:
        return ""


def imports(source: str, *, guarded: bool) -> list[str]:
    """Names that a script requires, in order; those behind a `try` on the same line only where `guarded`."""
    found: dict[str, None] = {}
    for match in _IMPORT.finditer(_COMMENT.sub("", source)):
        if guarded or not _in_try(match):
            found.setdefault(match["name"].removeprefix("node:"))
    return list(found)


def _in_try(match: re.Match[str]) -> bool:
    head = match.string[max(0, match.start() - 60) : match.start("name")]
    return re.search(r"\btry\s*\{[^}]*$", head) is not None


def resolve(tree: Tree, name: str, path: bytes) -> bytes | None:
    """The file that `name` means in a script at `path`; None for built-in modules and what is not there."""
    text = name.encode("utf-8", "surrogateescape")
    directory = posixpath.dirname(tree.resolve(path) or path)
    if text.startswith((b"./", b"../", b"/")) or text in (b".", b".."):
        return _file(tree, _join(directory, text))
    parts = text.split(b"/")
    length = 2 if text.startswith(b"@") else 1
    package, rest = b"/".join(parts[:length]), b"/".join(parts[length:])
    while True:
        place = (directory + b"/node_modules/" + package).strip(b"/")
        real = tree.resolve(place)
        if real is not None:
            return _in_package(tree, real, rest)
        if not directory:
            return None
        directory = posixpath.dirname(directory)


def _in_package(tree: Tree, package: bytes, rest: bytes) -> bytes | None:
    try:
        described = json.loads(tree.read(package + b"/package.json", _SIZE))
    except (KeyError, ValueError):
        described = {}
    exports = described.get("exports") if isinstance(described, dict) else None
    if rest:
        if exports is not None:  # patterns and conditions: the package's own folder is what can be lost
            return package
        return _file(tree, package + b"/" + rest)
    main = described.get("main") if isinstance(described, dict) else None
    if exports is not None:
        main = _condition(exports.get(".", exports) if isinstance(exports, dict) else exports) or main
    found = _file(tree, _join(package, str(main).encode())) if isinstance(main, str) and main else None
    return found or _file(tree, package + b"/index.js")


def _condition(value: Any) -> str | None:
    """The file of the first condition that a `require` or an `import` takes."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        for key in ("node", "require", "import", "default"):
            found = _condition(value.get(key))
            if found:
                return found
    return None


def _file(tree: Tree, place: bytes) -> bytes | None:
    for suffix in _SUFFIXES:
        real = tree.resolve(place + suffix)
        item = tree.get(real) if real is not None else None
        if item is not None and item.kind is Kind.FILE:
            return real
    if place + b"/package.json" in tree:
        return _in_package(tree, place, b"")
    return None
