"""What a stage would weigh, and what it would lack, upon another base of the same system: known before it is built."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import translate
from functools import cached_property
from typing import Any

from jettison.bases.environment import ABOUT_THEMSELVES
from jettison.closure.command import locate
from jettison.closure.lost import Reach
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.shell import script
from jettison.image.model import Image, Kind, Layer
from jettison.image.tree import Tree, merge
from jettison.packages.dpkg import STATUS, closure, files_of, read_status
from jettison.subject import Subject
from jettison.synthesis.apt import apt_calls
from jettison.synthesis.config_upon import config_upon, own_variables, taken_away, variables
from jettison.synthesis.entry_freed import Freed
from jettison.synthesis.lacking import Move, lacking
from jettison.synthesis.left import own_runs
from jettison.synthesis.moved import moved
from jettison.traps import user_exists

_CONFIGURATION = b"etc/dpkg/dpkg.cfg.d"
_ENTRY = ("Entrypoint", "Cmd", "Healthcheck")
_SHELL_WORDS = {
    "cd",
    "export",
    "set",
    "echo",
    "true",
    "false",
    "test",
    "[",
    "if",
    "for",
    "exit",
    "source",
    ".",
    "umask",
}


@dataclass(frozen=True)
class Swap:
    """The stage that ships, on `candidate` instead of its base."""

    subject: Subject
    candidate: Image
    entry: Freed | None = None  # the entry point as it is changed in the same step
    owners: frozenset[str] = frozenset()  # values of --chown that the same step writes as numbers
    asked: frozenset[str] = frozenset()  # packages that the same step has apt install

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """The config that the image would have."""
        return self.entry.config if self.entry is not None else config_upon(self.subject, self.candidate)

    @cached_property
    def upon(self) -> Tree:
        """The tree that the same layers would make on the candidate.

        Packages that apt would have to add are left out, but for those that the same step asks for and their needs.
        """
        own = self.subject.image.layers[self.subject.alignment.base_layers :]
        return merge([*self.candidate.layers, *self._installed, *own])

    @cached_property
    def _installed(self) -> tuple[Layer, ...]:
        """The layer of the packages that the same step asks for."""
        below = self.subject.below
        packages = read_status(below)
        paths = (files_of(below, name, packages[name].architecture) for name in (self.added if self.asked else ()))
        return (moved(below, frozenset().union(*paths)),) if self.asked else ()

    @cached_property
    def added(self) -> frozenset[str]:
        """Packages that the RUNs ask for, that the base brings, and that apt would have to install on the candidate."""
        named = {
            name
            for run in own_runs(self.subject)
            for call in apt_calls(self.subject, run)
            if call.verb == "install"
            for name in call.packages
        }
        named |= self.asked
        if not named:
            return frozenset()
        there = read_status(self.subject.below)
        needed = closure(read_status(self.subject.tree), named)
        return frozenset(needed & set(there) - set(read_status(self.candidate.tree)))

    @cached_property
    def left_out(self) -> re.Pattern[bytes] | None:
        """Paths that dpkg does not unpack on the candidate and does on the base (dpkg(1), --path-exclude)."""
        before, after = _excludes(self.subject.below), _excludes(self.candidate.tree)
        new = [pattern for pattern in after if pattern not in before]
        return re.compile(b"|".join(new)) if new else None

    @property
    def unset(self) -> str:
        """The names of the variables that a base sets about itself and the other does not, for people."""
        was, now = variables(self.subject.image.runtime), variables(self.config)
        return ", ".join(sorted((set(was) & ABOUT_THEMSELVES) - set(now)))

    def saved(self) -> int:
        """Bytes of `unpacked` that the swap saves, worked out from both bases and the layers of this image."""
        layers = self.subject.image.layers
        bottom = self.subject.alignment.base_layers
        saved = sum(layer.unpacked for layer in layers[:bottom])
        saved -= sum(layer.unpacked for layer in self.candidate.layers)
        saved += sum(self._excluded(number) for number in range(bottom, len(layers)))
        return saved - self._additions() + self._database(bottom)

    def _excluded(self, number: int) -> int:
        """Bytes of an own layer that dpkg would not unpack on the candidate; only where the layer installs packages."""
        pattern, layer = self.left_out, self.subject.image.layers[number]
        columns = layer.columns
        if pattern is None or STATUS not in columns.paths:
            return 0
        kept = _includes(self.candidate.tree)
        return sum(
            columns.sizes[index]
            for index, path in enumerate(columns.paths)
            if columns.kinds[index] == Kind.FILE and pattern.fullmatch(path) and not (kept and kept.fullmatch(path))
        )

    def _additions(self) -> int:
        """Bytes of the packages that the base brings and the RUNs would have to."""
        packages = read_status(self.subject.below)
        total = 0
        for name in sorted(self.added):
            for path in files_of(self.subject.below, name, packages[name].architecture):
                entry = self.subject.below.get(path)
                if (
                    entry is not None
                    and entry.kind is Kind.FILE
                    and not (self.left_out and self.left_out.fullmatch(path))
                ):
                    total += entry.size
        return total

    def _database(self, bottom: int) -> int:
        """What dpkg's database shrinks by in each own layer that writes it anew."""
        saved = 0
        for path in (STATUS, STATUS + b"-old"):
            before, after = self.subject.below.get(STATUS), self.candidate.tree.get(STATUS)
            writers = sum(path in layer.columns.paths for layer in self.subject.image.layers[bottom:])
            if before is not None and after is not None:
                saved += writers * (before.size - after.size)
        return saved

    def lacks(self) -> Iterator[str]:
        """A sentence for each thing that the stage or its application is known to need and would not have."""
        yield from self._building()
        yield from taken_away(self.subject, self.config)
        if self.asked or not self.added:
            yield from lacking(self.move())

    def _building(self) -> Iterator[str]:
        """What the instructions of the stage need of the base."""
        provided = {path for name in self.added for path in files_of(self.subject.below, name, "")}
        config = self.subject.image.runtime
        for run in own_runs(self.subject):
            if run.exec_form is None and self.upon.resolve(b"bin/sh") is None:
                yield f"line {run.line} calls a shell"
                continue
            for name in _called(self.subject, run):
                real = None if name in _SHELL_WORDS else locate(self.subject.tree, name, config)
                if real is None or self.subject.tree.layer_of(real) >= self.subject.alignment.base_layers:
                    continue
                if real not in provided and locate(self.upon, name, config) is None:
                    yield f"line {run.line} calls {name}"
        for instruction in self.subject.stage.instructions:
            owner = instruction.flag("chown") or ""
            if owner and owner not in self.owners and not owner.startswith("$"):
                yield from (f"line {instruction.line} names {each}" for each in _unknown_owners(self.upon, owner))

    def move(self) -> Move:
        """The application before and after."""
        was = self.subject.image.runtime
        changed = {key: self.config.get(key) for key in _ENTRY} if self.entry is not None else {}
        return Move(
            self.subject.tree,
            self.upon,
            self.config,
            len(self.candidate.layers) + len(self._installed),
            Reach(self.subject.tree, {**was, **changed}, own_paths(self.subject)),
            own_variables(self.subject),
        )


def own_paths(subject: Subject) -> frozenset[bytes]:
    """What the instructions of the Dockerfile brought, of the image as it is."""
    layers = subject.image.layers[subject.alignment.base_layers :]
    return frozenset(path for layer in layers for path in layer.columns.paths if path in subject.tree)


def stage_lacks(
    subject: Subject,
    shipped_paths: Iterable[bytes],
    config: Mapping[str, Any],
    base_image: Image,
    behind: frozenset[bytes] = frozenset(),
) -> tuple[str, ...]:
    """A sentence for each thing that an application of these files is known to need and lacks upon a base.

    `shipped_paths` are paths of the image without leading slash, folders with all below them; `config` is the
    `config` object that the new image will have: what it runs is looked for in the image as it is, and on the base.
    What files `behind` need, and that parts of packages among them are gone, is not asked.
    """
    layer = moved(subject.tree, shipped_paths)
    shipped = frozenset(layer.columns.paths)
    upon = merge([*base_image.layers, layer])
    was = {**subject.image.runtime, **{key: config.get(key) for key in _ENTRY}}
    own = len(base_image.layers)
    return tuple(
        lacking(
            Move(
                subject.tree,
                upon,
                config,
                own,
                Reach(subject.tree, was, (own_paths(subject) - behind) | shipped),
                own_variables(subject),
            )
        )
    )


def _called(subject: Subject, run: Instruction) -> Iterator[str]:
    """The programs that a RUN names."""
    if run.exec_form is not None:
        yield from run.exec_form[:1]
        return
    found = script(subject.dockerfile, run)
    yield from (command.name or "" for command in (found.commands if found else ()))


def _unknown_owners(tree: Tree, owner: str) -> Iterator[str]:
    """The names of `--chown=USER:GROUP` that cannot be resolved."""
    user, _, group = owner.partition(":")
    if user and user_exists.found(tree, user, user_exists.PASSWD):
        yield f"the user {user}"
    if group and user_exists.found(tree, group, user_exists.GROUP):
        yield f"the group {group}"


def _excludes(tree: Tree) -> list[bytes]:
    return list(_patterns(tree, b"path-exclude"))


def _includes(tree: Tree) -> re.Pattern[bytes] | None:
    found = list(_patterns(tree, b"path-include"))
    return re.compile(b"|".join(found)) if found else None


def _patterns(tree: Tree, option: bytes) -> Iterator[bytes]:
    """Values of an option in dpkg's configuration files, as regular expressions over paths without leading slash."""
    for path in sorted(tree.children(_CONFIGURATION)):
        for line in tree.read(path, 65536).splitlines():
            key, equals, value = line.strip().partition(b"=" if b"=" in line else b" ")
            if equals and key.strip() == option:
                glob = value.strip().lstrip(b"/").decode("utf-8", "replace")
                yield translate(glob).encode()
