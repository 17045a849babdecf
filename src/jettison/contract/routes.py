"""Routes that an application's own sources name, read from the image: pages that no page links to."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jettison.image.model import Kind
from jettison.image.tree import Tree

FILES = 400
FILE_SIZE = 512 * 1024
ROUTES = 100
_SUFFIXES = (b".py", b".js", b".mjs", b".cjs", b".ts", b".rb", b".php", b".go", b".java", b".kt", b".conf")
_SKIPPED = re.compile(
    rb"(^|/)(node_modules|site-packages|dist-packages|public|static|dist|build|tests?|__tests__|spec|vendor|\.git"
    rb"|proc|sys|dev)(/|$)|\.min\.js$"
)
_NAMED = re.compile(
    r"(?P<call>\.get|\.route|\.use|\.all|\bre_path|\bpath|\burl|\bfetch|\bHandleFunc|\bHandle|@Get|@GetMapping"
    r"|@RequestMapping)\s*\(\s*r?(?P<quote>['\"`])(?P<path>[^'\"`\s$\\]*\$?)(?P=quote)"
)
_LOCATION = re.compile(r"^\s*location\s+=?\s*(/[\w./-]*)", re.MULTILINE)
_BARE = {"path", "re_path", "url", "@Get", "@GetMapping", "@RequestMapping"}  # their paths need no leading slash


def source_directory(tree: Tree, config: Mapping[str, Any]) -> bytes | None:
    """Where the application's sources lie: the working directory, else that of the first script in the command."""
    working = str(config.get("WorkingDir") or "/").strip("/").encode()
    if working:
        return working if working in tree else None
    for word in [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]:
        path = str(word).encode()
        if path.startswith(b"/") and path.endswith(_SUFFIXES) and path.strip(b"/") in tree:
            return posixpath.dirname(path).strip(b"/") or None
    return None


def sources(tree: Tree, top: bytes) -> Iterator[bytes]:
    """Small source files at and below `top` that are the application's own, in path order."""
    count = 0
    for path in sorted(tree.under(top)):
        if not path.endswith(_SUFFIXES) or _SKIPPED.search(path[len(top) :]):
            continue
        entry = tree.get(path)
        if entry is None or entry.kind is not Kind.FILE or entry.size > FILE_SIZE:
            continue
        count += 1
        if count > FILES:
            return
        yield path


def mined_routes(tree: Tree, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Paths to ask for, in order of first appearance. Junk among them costs a 404 that must stay one."""
    top = source_directory(tree, config)
    if top is None:
        return ()
    found: dict[str, None] = {}
    for path in sources(tree, top):
        text = tree.read(path, FILE_SIZE).decode("utf-8", "replace")
        for match in _NAMED.finditer(text):
            route = _route(match["path"], bare=match["call"] in _BARE)
            if route is not None:
                found.setdefault(route)
        if path.endswith(b".conf"):
            for match in _LOCATION.finditer(text):
                found.setdefault(match[1])
        if len(found) >= ROUTES:
            break
    return tuple(found)[:ROUTES]


def _route(text: str, *, bare: bool) -> str | None:
    """A pattern with its parameters replaced by 1; None where it is no path of ours."""
    text = text.removeprefix("^").removesuffix("$")
    if text.startswith("//") or "://" in text:
        return None
    if not text.startswith("/"):
        if not bare:
            return None
        text = "/" + text
    text = re.sub(r"<[^>]*>|\{[^}]*\}|:\w+|\(\?P?[^)]*\)|\*+", "1", text)
    return text if re.fullmatch(r"/[\w./~%+,;=&?!-]*", text, re.ASCII) else None
