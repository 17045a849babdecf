"""All closures at once: what an original needs, read once, and what of it a candidate has no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jettison.closure import elf, entry, half_removed, node, python
from jettison.closure.command import Command, commands
from jettison.image.model import Kind
from jettison.image.tree import Tree

_EXTENSIONS = b"/lib-dynload/"


@dataclass(frozen=True)
class Lost:
    """Something that the original has and needs, and that is gone: `what` for people, `evidence` who needs it."""

    what: str
    evidence: str


@dataclass(frozen=True)
class Reach:
    """What an original leads to; each part is read when the first candidate asks for it.

    Libraries and parts of packages are looked for in all files, or in those of `own`: where the base is another on
    purpose, what it is made of is its own business.
    """

    tree: Tree
    config: Mapping[str, Any]
    own: frozenset[bytes] | None = None

    @cached_property
    def commands(self) -> tuple[Command, ...]:
        return commands(self.tree, self.config)

    @property
    def program(self) -> str:
        """The first word of the container's own command; empty where it has none."""
        return next((command[0] for command in self.commands[:1]), "")

    @cached_property
    def called(self) -> tuple[str, ...]:
        return entry.called(self.tree, self.commands, self.config)

    @cached_property
    def libraries(self) -> tuple[elf.Need, ...]:
        """Those of the standard library's extension modules count where something imports the module.

        Official Python images have `_tkinter` on slim, too, without the libraries that it needs.
        """
        found = tuple(elf.needs(self.tree, self.config, self.own))
        if not any(_EXTENSIONS in each.path for each in found):
            return found
        imported = {each.found for each in self.modules.imports}
        return tuple(each for each in found if _EXTENSIONS not in each.path or each.path in imported)

    @cached_property
    def modules(self) -> python.Reached:
        return python.reached(self.tree, self.commands, self.config)

    @cached_property
    def scripts(self) -> tuple[node.Required, ...]:
        return tuple(node.reached(self.tree, self.commands, self.config))


def lost(original: Tree, candidate: Tree, config: Mapping[str, Any]) -> Iterator[Lost]:
    """Everything lost, one of each kind of loss. `config` is the original's."""
    return lost_of(Reach(original, config), candidate)


def lost_of(reach: Reach, candidate: Tree, config: Mapping[str, Any] | None = None) -> Iterator[Lost]:
    """The same for an original that several candidates are held against.

    `config` is the candidate's, where programs are to be looked for by its own PATH; else the original's.
    """
    original = reach.tree
    config = reach.config if config is None else config
    gone = frozenset(path for path in original if path not in candidate)
    reports = [("what the entry point calls", entry.lost(reach.called, original, candidate, config, reach.program))]
    if any(b".so" in path or _is_symlink(original, path) for path in gone):
        reports.append(("shared libraries", elf.lost(reach.libraries, candidate, config)))
    if any(map(python.is_module, gone)):
        reports.append(("Python imports", python.lost(reach.modules, candidate)))
    if any(map(node.is_module, gone)):
        reports.append(("Node modules", node.lost(reach.scripts, candidate, gone)))
    own = gone if reach.own is None else gone & reach.own
    if own:
        reports.append(("parts of packages", half_removed.lost(original, candidate, own)))
    for what, found in reports:
        sentences = list(found)
        if sentences:
            more = f" and {len(sentences) - 1} more" if len(sentences) > 1 else ""
            yield Lost(what, sentences[0] + more)


def _is_symlink(tree: Tree, path: bytes) -> bool:
    item = tree.get(path)
    return item is not None and item.kind is Kind.SYMLINK
