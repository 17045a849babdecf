"""Node modules: `require`, `import` and `import()` of literal names, resolved as Node does. Blind to computed names."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from jettison.closure.command import Command, at, interpreter, locate, working_directory
from jettison.closure.known_texts import once_a_text
from jettison.closure.node_resolve import SCRIPTS, Packages
from jettison.image.tree import Tree

_FILES = 4000
_SIZE = 2**20
_IMPORT = re.compile(
    r"""\b(?:require\s*\(\s*|import\s*\(\s*|from\s*|import\s*)(?P<q>["'])(?P<name>[^"'\n]{1,200})(?P=q)"""
)
_COMMENT = re.compile(r"/\*.*?\*/|^[ \t]*//[^\n]*", re.DOTALL | re.MULTILINE)
_TURNS = re.compile(rb"/package\.json$|(?:^|/)node_modules/(?:@[^/]+/)?[^/]+$")  # decides what a name means
_TRY = re.compile(r"\btry\s*\{[^}]*$")


class Required(NamedTuple):
    """A module that was found, and the script that wants it."""

    name: str
    importer: bytes  # empty: the command
    found: bytes


def is_module(path: bytes) -> bool:
    """Whether a path may be what a `require` finds, or a package or the link to one."""
    return path.endswith((*SCRIPTS, b".json", b".node")) or _TURNS.search(path) is not None


def reached(tree: Tree, commands: Sequence[Command], config: Mapping[str, Any]) -> Iterator[Required]:
    """Every module that the application leads to and that is found."""
    packages = Packages(tree)
    entries = list(dict.fromkeys(_entries(packages, commands, config)))
    yield from (Required(path.decode("utf-8", "replace"), b"", path) for path in entries)
    queue, seen = deque(entries), set[bytes]()
    while queue and len(seen) < _FILES:
        path = queue.popleft()
        if path in seen:
            continue
        seen.add(path)
        for name in imports(_source(tree, path), guarded=b"node_modules/" not in path):
            found = packages.resolve(name, path)
            if found is not None:
                yield Required(name, path, found)
                if found.endswith(SCRIPTS):
                    queue.append(found)


def lost(reach: Sequence[Required], candidate: Tree, gone: frozenset[bytes]) -> Iterator[str]:
    """A sentence for each module that was found in the original and is not in the candidate."""
    packages = Packages(candidate)
    turned = any(map(_TURNS.search, gone))
    for each in reach:
        there = candidate.resolve(each.found) is not None
        if not each.importer:
            if not there:
                yield f"{each.name}, which the command names"
        elif there and not turned:
            continue
        elif each.importer in candidate and packages.resolve(each.name, each.importer) is None:
            yield f"{each.name}, required by /{each.importer.decode('utf-8', 'replace')}"


def _entries(packages: Packages, commands: Sequence[Command], config: Mapping[str, Any]) -> Iterator[bytes]:
    """Scripts in the commands; what package.json starts; the main file of the working directory."""
    tree, working = packages.tree, working_directory(config)
    described = packages.described(working)
    starts = described.get("scripts")
    start = str(starts.get("start") or "") if isinstance(starts, dict) else ""
    words = [word for command in commands for word in command] + start.split() + [str(described.get("main") or "")]
    for word in filter(None, words):
        found = packages.file(at(config, word))
        if found and found.endswith(SCRIPTS):
            yield found
        elif (real := locate(tree, word, config)) and (
            real.endswith(SCRIPTS) or "node" in interpreter(tree, real).rpartition("/")[2]
        ):
            yield real


def _source(tree: Tree, path: bytes) -> str:
    try:
        return tree.read(path, _SIZE).decode("utf-8", "replace")
    except KeyError:
        return ""


def without_comments(source: str) -> str:
    """A script without its block comments, and without lines that are nothing else."""
    return _COMMENT.sub("", source)


@once_a_text
def imports(source: str, *, guarded: bool) -> tuple[str, ...]:
    """Names that a script requires, in order; those behind a `try {` only where `guarded`."""
    found: dict[str, None] = {}
    text = without_comments(source)
    for match in _IMPORT.finditer(text):
        if guarded or not _TRY.search(text, max(0, match.start() - 60), match.start()):
            found.setdefault(match["name"])
    return tuple(found)
