"""Trap: a package that only the development dependencies name, and that the running application needs all the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jettison.closure import node
from jettison.closure.command import Command, at, commands, encoded, variable
from jettison.closure.node_scripts import started
from jettison.image.tree import Tree
from jettison.packages.node import described, installed, read_json
from jettison.subject import Subject

_QUOTED = re.compile(r"""(["'`])((?:@[\w.-]+/)?[\w.-]+)((?:/[^"'`\n]*)?)\1""")
_SIZE = 2**20


@dataclass(frozen=True)
class Removed:
    """Packages that would go: their folders, and the folder that holds node_modules."""

    tree: Tree
    top: bytes
    folders: tuple[bytes, ...]

    @cached_property
    def _set(self) -> frozenset[bytes]:
        return frozenset(self.folders)

    @property
    def modules(self) -> bytes:
        """The node_modules that they lie in."""
        return (self.top + b"/" if self.top else b"") + b"node_modules"

    @cached_property
    def named(self) -> frozenset[str]:
        """Those that package.json names: other names are words that mean anything."""
        document = described(self.tree, self.top)
        names, shipped = (
            {name for kind in kinds if isinstance(document.get(kind), dict) for name in document[kind]}
            for kinds in (("devDependencies",), ("dependencies", "optionalDependencies"))
        )
        if self.modules + b"/.pnpm" in self.tree:  # the application's own link goes, also of what others still ask for
            return frozenset(names - shipped)
        return frozenset(name for name in names if self.modules + b"/" + encoded(name) in self._set)

    @cached_property
    def programs(self) -> dict[str, str]:
        """The names of their programs, each with its package: pnpm puts scripts of its own in .bin, and no links."""
        found: dict[str, str] = {}
        for folder in self.folders:
            told, name = described(self.tree, folder).get("bin"), self.holding(folder)
            names = told if isinstance(told, dict) else [name.rpartition("/")[2]] if told else ()
            found |= dict.fromkeys(map(str, names), name)
        return found

    def holding(self, path: bytes) -> str:
        """The package of these that holds a path; empty where none does."""
        parts = path.split(b"/")
        for length in range(len(parts), 0, -1):
            if b"/".join(parts[:length]) in self._set:
                return b"/".join(parts[:length]).rpartition(b"node_modules/")[2].decode("utf-8", "replace")
        return ""


def found(subject: Subject, removed: Removed) -> str:
    """Why one of the packages is needed at run time, as a sentence's end; empty where nothing says so."""
    tree, config = subject.tree, subject.image.runtime
    run = started(described(tree, removed.top), commands(tree, config))
    options = tuple(variable(config, "NODE_OPTIONS").split())
    reasons = (
        _seen_open(subject, removed),
        _commands(removed, (*run, options), config),
        _required(tree, removed, run, config),
        _peers(tree, removed),
    )
    return next((reason for each in reasons for reason in each), "")


def _seen_open(subject: Subject, removed: Removed) -> Iterator[str]:
    for path in sorted(subject.observed.opened):
        name = removed.holding(path.lstrip("/").encode("utf-8", "surrogateescape"))
        if name:
            yield f"{path} of {name} was opened when the application ran"


def _commands(removed: Removed, run: tuple[Command, ...], config: Mapping[str, Any]) -> Iterator[str]:
    """A program or a module of such a package that a command names."""
    programs = removed.modules + b"/.bin/"
    for command in run:
        for place, word in enumerate(command):
            path = at(config, word) if "/" in word else programs + encoded(word)
            real = removed.tree.resolve(path) if not place or path.startswith(programs) else None
            name = removed.holding(real) if real is not None else ""
            if not name and real is not None and real.startswith(programs):
                name = removed.programs.get(word.rpartition("/")[2], "")
            if not name and place:
                name = _package(word)
                name = name if name in removed.named else ""
            if name:
                yield f"`{' '.join(command)}`, which starts the application, needs {name}"


def _package(word: str) -> str:
    """The package that a module's name begins with."""
    parts = word.split("/")
    return "/".join(parts[:2] if word.startswith("@") else parts[:1])


def _required(tree: Tree, removed: Removed, run: tuple[Command, ...], config: Mapping[str, Any]) -> Iterator[str]:
    """A module that the application leads to, or the name of one in its own scripts, for a loader that looks it up."""
    own: dict[bytes, None] = {}
    named: dict[str, bytes] = {}
    for each in node.reached(tree, run, config):
        name = removed.holding(each.found)
        if name:
            yield f"{name} is required by /{each.importer.decode('utf-8', 'replace')}"
        if b"node_modules/" not in each.found and each.found != _manifest(removed):
            own[each.found] = None
    for path in own:
        for match in _QUOTED.finditer(node.without_comments(_text(tree, path))):
            if match[2] in removed.named:
                named.setdefault(match[2], path)
    yield from (f"/{path.decode('utf-8', 'replace')} names {name}" for name, path in sorted(named.items()))


def _manifest(removed: Removed) -> bytes:
    """The package.json that names them all: an application that reads its own version loads it."""
    return (removed.top + b"/" if removed.top else b"") + b"package.json"


def _text(tree: Tree, path: bytes) -> str:
    try:
        return tree.read(path, _SIZE).decode("utf-8", "replace")
    except KeyError:
        return ""


def _peers(tree: Tree, removed: Removed) -> Iterator[str]:
    """A package that stays and asks its user for one of those that go; pnpm has put that beside it, where it is one."""
    names = {path[len(removed.modules) + 1 :].decode("utf-8", "replace") for path in removed.folders}
    for path in installed(tree, removed.modules):
        if removed.holding(path):
            continue
        document = read_json(tree, path + b"/package.json") or {}
        asked, optional = document.get("peerDependencies"), document.get("peerDependenciesMeta")
        for name in sorted(names & set(asked if isinstance(asked, dict) else ())):
            told = optional.get(name) if isinstance(optional, dict) else None
            if not (isinstance(told, dict) and told.get("optional") is True):
                yield f"{path.rpartition(b'node_modules/')[2].decode('utf-8', 'replace')} asks its user for {name}"
