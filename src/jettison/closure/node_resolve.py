"""Where Node finds a module.

Source: Node.js documentation, "Modules: CommonJS modules", All together; "Modules: Packages", Exports.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jettison.closure.command import encoded
from jettison.image.model import Kind
from jettison.image.tree import Tree

SCRIPTS = (b".js", b".mjs", b".cjs")
_SIZE = 2**20
_DEEPEST = 8  # package.json whose main is a directory with a package.json ...
_FILE = (b"", b".js", b".json", b".node", b".mjs", b".cjs")
_INDEX = (b"/index.js", b"/index.json", b"/index.node", b"/index.mjs", b"/index.cjs")
_BUILT_IN = frozenset(
    b"assert assert/strict async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel "
    b"dns dns/promises domain events fs fs/promises http http2 https inspector module net os path path/posix "
    b"path/win32 perf_hooks process punycode querystring readline readline/promises repl stream stream/consumers "
    b"stream/promises stream/web string_decoder sys timers timers/promises tls trace_events tty url util util/types "
    b"v8 vm wasi worker_threads zlib".split()
)


@dataclass(frozen=True)
class Packages:
    """The packages of a tree; remembers each package.json that it has read."""

    tree: Tree
    _described: dict[bytes, Mapping[str, Any]] = field(default_factory=dict)

    def resolve(self, name: str, path: bytes) -> bytes | None:
        """The file that `name` means in a script at `path`; None for built-in modules and what is not there."""
        text = encoded(name)
        if text.startswith((b"node:", b"#")) or text in _BUILT_IN:
            return None
        directory = posixpath.dirname(self.tree.resolve(path) or path)
        if text.startswith((b"./", b"../", b"/")) or text in (b".", b".."):
            return self.file(
                posixpath.normpath(b"/" + directory + b"/" + text if text[:1] != b"/" else text).strip(b"/")
            )
        parts = text.split(b"/")
        length = 2 if text.startswith(b"@") else 1
        package, rest = b"/".join(parts[:length]), b"/".join(parts[length:])
        for place in _node_modules(directory):
            real = self.tree.resolve(place + b"/" + package)
            found = self._inside(real, rest) if real is not None else None
            if found is not None:
                return found
        return None

    def described(self, package: bytes) -> Mapping[str, Any]:
        """A directory's package.json; empty where there is none that can be read."""
        if package not in self._described:
            self._described[package] = self._read(package)
        return self._described[package]

    def _read(self, package: bytes) -> Mapping[str, Any]:
        try:
            value = json.loads(self.tree.read((package + b"/package.json").strip(b"/"), _SIZE))
        except (KeyError, ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def _inside(self, package: bytes, rest: bytes, depth: int = _DEEPEST) -> bytes | None:
        described = self.described(package)
        exports = described.get("exports")
        if exports is not None:
            told = list(_exported(exports, "./" + rest.decode("utf-8", "replace") if rest else "."))
            found = next((path for path in (self._member(package, each) for each in told) if path), None)
            if found or told or rest:
                return found
        if rest:
            return self.file(package + b"/" + rest, depth - 1)
        main = described.get("main")
        found = self._main(package, main, depth) if isinstance(main, str) and main else None
        return found or self._first(package, _INDEX)

    def _member(self, package: bytes, name: str) -> bytes | None:
        return self._first(posixpath.normpath(package + b"/" + encoded(name)), (b"",))

    def _main(self, package: bytes, main: str, depth: int) -> bytes | None:
        place = posixpath.normpath(package + b"/" + encoded(main))
        return None if place == package else self.file(place.strip(b"/"), depth - 1)

    def file(self, place: bytes, depth: int = _DEEPEST) -> bytes | None:
        """The file that a path without its ending means, or the main file of a directory."""
        found = self._first(place, _FILE)
        if found is not None or depth <= 0:
            return found
        if place + b"/package.json" in self.tree:
            main = self.described(place).get("main")
            found = self._main(place, main, depth) if isinstance(main, str) and main else None
        return found or self._first(place, _INDEX)

    def _first(self, place: bytes, endings: tuple[bytes, ...]) -> bytes | None:
        for ending in endings:
            real = self.tree.resolve(place + ending)
            item = self.tree.get(real) if real is not None else None
            if item is not None and item.kind is Kind.FILE:
                return real
        return None


def _node_modules(directory: bytes) -> Iterator[bytes]:
    """node_modules of a directory and of all above it."""
    while True:
        if posixpath.basename(directory) != b"node_modules":
            yield (directory + b"/node_modules").strip(b"/")
        if not directory:
            return
        directory = posixpath.dirname(directory)


def _exported(exports: Any, name: str) -> Iterator[str]:
    """Files that `exports` gives for a subpath, under any condition that Node may be in."""
    if not isinstance(exports, dict) or not any(str(key).startswith(".") for key in exports):
        exports = {".": exports}
    if name in exports:
        yield from _targets(exports[name])
        return
    for key, value in exports.items():
        before, star, after = key.partition("*")
        if star and name.startswith(before) and name.endswith(after) and len(name) >= len(before) + len(after):
            part = name[len(before) : len(name) - len(after)]
            yield from (each.replace("*", part) for each in _targets(value))
        elif key.endswith("/") and name.startswith(key) and isinstance(value, str):
            yield value + name[len(key) :]


def _targets(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key in ("node", "require", "import", "module-sync", "default"):
            yield from _targets(value.get(key))
    elif isinstance(value, list):
        for each in value:
            yield from _targets(each)
