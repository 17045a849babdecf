"""The second stage of a Python application on paper: the system packages that it has to add, and what it would lack."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from jettison.closure import elf
from jettison.closure.command import encoded, locate
from jettison.closure.lost import Reach
from jettison.closure.python_calls import Calls, calls
from jettison.dockerfile.edit import CannotEdit
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.shell import script
from jettison.image.model import Image, Kind, Layer
from jettison.image.tree import Tree, merge
from jettison.packages.dpkg import STATUS, closure, files_of, owners, read_status
from jettison.subject import Subject
from jettison.synthesis.config_upon import own_variables
from jettison.synthesis.lacking import Move, lacking
from jettison.synthesis.moved import moved
from jettison.synthesis.pip_packages import BuildPackages

_DATABASE = (b"var/lib/dpkg/", b"var/lib/apt/", b"var/cache/apt/", b"var/log/")
_LIBRARIES = re.compile(rb"(?:usr/)?(?:local/)?lib(?:64)?/(?:[^/]+-linux-[^/]+/)?[^/]+$")
_SOURCE = 2**20


@dataclass(frozen=True)
class Runtime:
    """The stage that ships: `base` (None: the same), what pip installed (`now`), what the other instructions make."""

    subject: Subject
    base: Image | None
    now: tuple[bytes, ...]
    tools: BuildPackages
    work: frozenset[int]

    @cached_property
    def bottom(self) -> tuple[Layer, ...]:
        own = self.subject.image.layers[: self.subject.alignment.base_layers]
        return self.base.layers if self.base is not None else own

    @cached_property
    def carried(self) -> frozenset[bytes]:
        """Paths of the image at hand that are seen in the second stage, too, above its base."""
        tree, alignment = self.subject.tree, self.subject.alignment
        kept = [each for at, each in enumerate(self.subject.stage.instructions) if at not in self.work]
        layers = {number for each in kept for number in alignment.layers_of(each)}
        found = {path for path in tree if _own(tree, path) in layers and not path.startswith(_DATABASE)}
        return frozenset(found | {below for path in self.now for below in tree.under(path)})

    def tree(self, packages: frozenset[str]) -> Tree:
        """What a container would see, with these packages and those that they need."""
        return merge((*self.bottom, moved(self.subject.tree, self.carried | self._files(packages))))

    @cached_property
    def _installed(self) -> frozenset[str]:
        return frozenset(read_status(merge(self.bottom)))

    def _files(self, packages: frozenset[str]) -> frozenset[bytes]:
        status, tree = read_status(self.subject.tree), self.subject.tree
        names = closure(status, set(packages)) - self._installed
        return frozenset(path for name in names for path in files_of(tree, name, status[name].architecture))

    def added(self, missing: tuple[str, ...]) -> int:
        """Bytes that apt brings in the second stage; its own records are written anew."""
        packages = frozenset({*missing, *self.tools.kept})
        entries = (self.subject.tree.get(path) for path in self._files(packages))
        status = self.subject.tree.get(STATUS)
        records = 2 * status.size if packages and status is not None else 0
        return records + sum(entry.size for entry in entries if entry is not None and entry.kind is Kind.FILE)

    def packages(self) -> tuple[str, ...]:
        """System packages to add: owners of the libraries that are needed and would not be there.

        Raises CannotEdit where no package owns one.
        """
        config = self.subject.image.runtime
        after = elf.linker(self.tree(frozenset(self.tools.kept)), config)
        found: dict[str, None] = {}
        for path, place in self._libraries(after):
            owner = self._owners.get(place)
            if owner is None:
                shown = f"/{path.decode('utf-8', 'replace')} needs /{place.decode('utf-8', 'replace')}"
                raise CannotEdit(f"{shown}, which no package of the system brings")
            found[owner] = None
        return tuple(sorted(found))

    def _libraries(self, after: elf.Linker) -> Iterator[tuple[bytes, bytes]]:
        """(file, library) for each library of the image at hand that `after` does not find."""
        tree, config = self.subject.tree, self.subject.image.runtime
        links = elf.linker(tree, config)
        for path in sorted(path for path in elf.objects(tree) if path in self.carried):
            parsed = elf.read(tree, path)
            own = elf.own_directories(parsed, path) if parsed else ()
            for name in parsed.needs if parsed else ():
                place = None if after.finds(name, own) else links.place(name, own)
                real = tree.resolve(place) if place else None
                if real is not None:
                    yield path, real
        for path, told in self._told:
            for library in told.libraries:
                file = encoded(library if ".so" in library else f"lib{library}.so")
                if loadable(after.tree, file) is None and (place := loadable(tree, file)) is not None:
                    yield path, place

    @cached_property
    def _told(self) -> tuple[tuple[bytes, Calls], ...]:
        """What the modules that the application leads to start and load, the base's own left out."""
        tree, bottom = self.subject.tree, self.subject.alignment.base_layers
        imports = Reach(tree, self.subject.image.runtime).modules.imports
        paths = sorted({each.found for each in imports if each.found.endswith(b".py")})
        own = [path for path in paths if path in tree and tree.layer_of(path) >= bottom]
        return tuple((path, calls(_source(tree, path))) for path in own)

    @cached_property
    def _owners(self) -> dict[bytes, str]:
        """Files of packages that the base does not bring -> the package."""
        status, tree = read_status(self.subject.tree), self.subject.tree
        return owners(tree, {name: each for name, each in status.items() if name not in self._installed})

    def check(self, name: str) -> None:
        """Raises CannotEdit where something that is needed would not be there on the base called `name`."""
        after = self.tree(frozenset({*self.tools.kept, *self.packages()}))
        tree, config = self.subject.tree, self.subject.image.runtime
        for run in self._carried_runs():
            found = script(self.subject.dockerfile, run)
            for command in found.commands if found else ():
                word = command.name or ""
                if word and locate(tree, word, config) is not None and locate(after, word, config) is None:
                    raise CannotEdit(f"line {run.line} calls {word}, which {name} lacks")
        own = len(self.bottom)
        lack = next(
            lacking(Move(tree, after, config, own, Reach(tree, config, self.carried), own_variables(self.subject))),
            None,
        )
        if lack is not None:
            raise CannotEdit(f"{name} lacks what is needed: {lack}")

    def _carried_runs(self) -> Iterator[Instruction]:
        each = enumerate(self.subject.stage.instructions)
        return (one for at, one in each if one.keyword == "RUN" and at not in self.work)


def _own(tree: Tree, path: bytes) -> int:
    try:
        return tree.layer_of(path)
    except KeyError:
        return -1


def _source(tree: Tree, path: bytes) -> str:
    """A module's text; empty for a folder of such a name."""
    try:
        return tree.read(path, _SOURCE).decode("utf-8", "replace")
    except KeyError:
        return ""


def loadable(tree: Tree, file: bytes) -> bytes | None:
    """A library in one of the system's folders, by its name or with a version behind it, symbolic links followed."""
    for path in sorted(path for path in tree if _LIBRARIES.match(path)):
        name = path.rpartition(b"/")[2]
        if (name == file or name.startswith(file + b".")) and (real := tree.resolve(path)) is not None:
            return real
    return None
