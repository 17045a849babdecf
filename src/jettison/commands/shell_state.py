"""The state of one shell while its script is read: variables, options, folder, functions. Nothing changes in place."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import field, replace
from functools import cached_property

from tree_sitter import Node

from jettison.commands.words import Known
from jettison.core.dataclass import dataclass
from jettison.dockerfile.shell import Reader


@dataclass(frozen=True)
class Shell:
    """None where the text does not tell. `dead` says that the script has ended; `behind` are the branches that any
    command from here on stands behind, because one of them may have ended the script."""

    variables: Mapping[str, str | None] = field(default_factory=dict)
    exported: frozenset[str] = frozenset()
    given: Mapping[str, str | None] = field(default_factory=dict)  # before the script began
    positional: tuple[str | None, ...] | None = None
    folder: str | None = None
    user: str | None = None
    errexit: bool | None = False
    pipefail: bool | None = False
    bash: bool = False
    functions: Mapping[str, tuple[Reader, Node] | None] = field(default_factory=dict)
    behind: frozenset[int] = frozenset()
    dead: bool = False

    @property
    def home(self) -> str | None:
        """The home folder, where the user is surely root."""
        return "/root" if (self.user or "").partition(":")[0] in ("root", "0") else None

    @cached_property
    def known(self) -> Known:
        """What words are expanded with."""
        return Known(self.variables, self.positional, self.variables.get("HOME") or self.home, self.bash)

    def set(self, name: str, value: str | None, *, export: bool = False) -> Shell:
        """With a variable set."""
        exported = self.exported | {name} if export else self.exported
        return replace(self, variables={**self.variables, name: value}, exported=exported)

    def forget(self, names: frozenset[str]) -> Shell:
        """With these variables not known."""
        if not names:
            return self
        return replace(self, variables={**self.variables, **dict.fromkeys(names)})

    def after_another_script(self) -> Shell:
        """After `. FILE` and `eval`: what this script has set may be something else. What ENV and ARG set stays."""
        return self.forget(frozenset(key for key, each in self.variables.items() if self.given.get(key) != each))

    def enter(self, folder: str | None) -> Shell:
        """After `cd`."""
        if folder is None or (not folder.startswith("/") and self.folder is None):
            return replace(self, folder=None)
        return replace(self, folder=posixpath.normpath(posixpath.join(self.folder or "/", folder)))


def merge(one: Shell, other: Shell) -> Shell:
    """What is known where either may have happened."""
    if one.dead or other.dead:
        # what goes on is the one that did not end: it was not there for sure, which `behind` already says
        alive = other if one.dead else one
        return replace(alive, dead=one.dead and other.dead, behind=one.behind | other.behind)
    if one is other:
        return one
    variables = one.variables
    if variables is not other.variables:
        names = one.variables.keys() | other.variables.keys()
        variables = {
            name: one.variables.get(name) if one.variables.get(name) == other.variables.get(name) else None
            for name in names
        }
    functions = one.functions
    if functions is not other.functions:
        names = one.functions.keys() | other.functions.keys()
        functions = {
            name: one.functions.get(name) if one.functions.get(name) == other.functions.get(name) else None
            for name in names
        }
    return replace(
        one,
        variables=variables,
        exported=one.exported | other.exported,
        positional=one.positional if one.positional == other.positional else None,
        folder=one.folder if one.folder == other.folder else None,
        errexit=one.errexit if one.errexit == other.errexit else None,
        pipefail=one.pipefail if one.pipefail == other.pipefail else None,
        functions=functions,
        behind=one.behind | other.behind,
    )
