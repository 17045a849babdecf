"""Requirements of development in a call of pip: which packages they alone bring, and the text without them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from zipfile import BadZipFile, ZipFile

from jettison.closure.command import commands, locate
from jettison.closure.python import reached
from jettison.closure.shell import tools
from jettison.core.values import Span
from jettison.dockerfile.edit import CannotEdit, delete_command, delete_instruction, delete_words
from jettison.dockerfile.graph import needed
from jettison.dockerfile.model import Edit, Instruction, Stage
from jettison.dockerfile.scope import state_at
from jettison.dockerfile.shell import script
from jettison.packages.python import Distribution, Requirement, closure, distributions, requirement
from jettison.subject import Subject
from jettison.synthesis.pip import Named, PipCall, Requirements, pip_calls, requirements

_DEVELOPMENT = re.compile(
    r"(?:^|[/_.-])(?:dev|devel|development|tests?|testing|lint|linting|typing|ci|docs?)(?:[_.-][^/]*)?\.(?:txt|in|pip)$"
    r"|(?:^|/)(?:dev|development|tests?|testing|lint|ci|docs?)[_-]?requirements\.txt$"
)
_CACHED = re.compile(rb"(?:root|home/[^/]+)/\.cache/pip/(?:http(?:-v2)?|wheels)/")
_LARGEST = 2**20


@dataclass(frozen=True)
class InCall:
    """A requirements file in a call of pip."""

    instruction: Instruction
    call: PipCall
    named: Named
    asks: Requirements

    @property
    def for_development(self) -> bool:
        return _DEVELOPMENT.search(self.named.path.lower()) is not None


@dataclass(frozen=True)
class Development:
    """The requirements files of development among all that pip is given, and what they alone bring."""

    subject: Subject
    every: tuple[InCall, ...]
    by_word: tuple[str, ...]  # what is installed by name, in any call

    @property
    def files(self) -> tuple[InCall, ...]:
        return tuple(each for each in self.every if each.for_development)

    @property
    def first(self) -> Instruction:
        return self.files[0].instruction

    @cached_property
    def wanted(self) -> tuple[Requirement, ...]:
        """What the application asks for: by other files, those that the files of development include, and by word."""
        by_word = [found for each in self.by_word if (found := requirement(each)) is not None]
        others = [each for one in self.every if not one.for_development for each in one.asks.wanted]
        included = [each for _, asks in self._included() for each in asks.wanted]
        return (*by_word, *others, *included)

    def _included(self) -> Iterator[tuple[InCall, Requirements]]:
        """The files that are not of development and that those of development include."""
        for one in self.files:
            read = reader(self.subject, one.instruction)
            for path in one.asks.includes:
                if not _DEVELOPMENT.search(path.lower()):
                    yield one, requirements(path, read)

    @cached_property
    def gone(self) -> tuple[Distribution, ...]:
        """What is installed for development alone; what the base brought is none of it."""
        found = distributions(self.subject.tree)
        asked = [each for one in self.files for each in one.asks.wanted]
        alone = closure(found, asked) - closure(found, self.wanted)
        bottom = self.subject.alignment.base_layers
        own = [each for each in found if self.subject.tree.layer_of(each.record) >= bottom]
        kept = closure(found, [Requirement(each.name) for each in found if each not in own])
        return tuple(each for each in own if each.name in alone - kept)

    @cached_property
    def largest(self) -> tuple[Distribution, ...]:
        """The same, the largest first."""
        return tuple(sorted(self.gone, key=lambda each: (-each.size, each.name)))

    def weight(self) -> int:
        """Bytes of `unpacked` that they are: their files, and their wheels in pip's cache."""
        tree = self.subject.tree
        files = {tree.payload(path): entry.size for one in self.gone for path in one.files if (entry := tree.get(path))}
        return sum(files.values()) + sum(self._cached())

    def _cached(self) -> Iterator[int]:
        tree, names = (
            self.subject.tree,
            {each.record.rpartition(b"/")[2].decode("utf-8", "replace") for each in self.gone},
        )
        for path in (path for path in tree if _CACHED.match(path)):
            entry = tree.get(path)
            if entry is None or not path.endswith((b".body", b".whl")):
                continue
            try:
                with tree.open(path) as stream, ZipFile(stream) as wheel:
                    inside = {name.partition("/")[0] for name in wheel.namelist()}
            except (BadZipFile, OSError, KeyError, ValueError, EOFError, NotImplementedError):
                continue
            if inside & names:
                yield entry.size

    def check(self) -> None:
        """Raises CannotEdit where something is known to need what would go, or is not known at all."""
        strange = [line for each in self.every for line in each.asks.strange]
        if strange:
            raise CannotEdit(f"what {strange[0]!r} in a requirements file brings is not known")
        if any(each.call.unknown for each in self.every):
            raise CannotEdit(f"an argument of pip in line {self.first.line} is computed by the shell")
        files = {path: each.name for each in self.gone for path in each.files}
        tree, config = self.subject.tree, self.subject.image.runtime
        found = commands(tree, config)
        for word in (word for command in found for word in tools(command)):
            if (name := files.get(locate(tree, word, config) or b"")) is not None:
                raise CannotEdit(f"the application calls {word}, which {name} brings")
        for each in reached(tree, found, config).imports:
            if (name := files.get(each.found)) is not None:
                by = f", which /{each.importer.decode('utf-8', 'replace')} imports" if each.importer else ""
                raise CannotEdit(f"{each.name}{by} belongs to {name}, and stands among what is for development")
        self._check_runs(files)

    def _check_runs(self, files: dict[bytes, str]) -> None:
        """Whether a RUN of the build calls a program of what would go, by its name or by `python -m`."""
        modules = {each.name.replace("-", "_"): each.name for each in self.gone}
        tree, config = self.subject.tree, self.subject.image.runtime
        for _, run in _runs(self.subject):
            found = script(self.subject.dockerfile, run)
            for command in found.commands if found else ():
                name = files.get(locate(tree, command.name or "", config) or b"")
                values = command.values
                if "-m" in values[:-1]:
                    name = name or modules.get((values[values.index("-m") + 1] or "").partition(".")[0])
                if name is not None:
                    raise CannotEdit(f"line {run.line} calls {name}")

    def edits(self) -> tuple[Edit, ...]:
        """The text without these files. Raises CannotEdit."""
        found: list[Edit] = []
        others = [each for each in self.every if not each.for_development]
        taken = {posixpath.normpath(path) for each in others for path in (each.named.path, *each.asks.includes)}
        for call in dict.fromkeys(each.call for each in self.files):
            inside = [each for each in self.files if each.call is call]
            instead = [path for one, path in self._instead(taken) if one.call is call]
            taken |= set(instead)
            if len(inside) < len(call.files) or call.names or instead or "-e" in call.options:
                found += self._less(inside, instead)
            else:
                found.append(self._none(inside[0].instruction, call))
        return tuple(found)

    def _instead(self, taken: set[str]) -> Iterator[tuple[InCall, str]]:
        """The application's own files that one of development includes, and that would not be installed any more."""
        for one in self.files:
            for path in one.asks.includes:
                if not _DEVELOPMENT.search(path.lower()) and path not in taken:
                    yield one, path
                    taken = {*taken, path, *requirements(path, reader(self.subject, one.instruction)).includes}

    def _less(self, inside: list[InCall], instead: list[str]) -> Iterator[Edit]:
        """The arguments removed; the first replaced where something stands instead."""
        spans = [Span(each.named.arguments[0].span.start, each.named.arguments[-1].span.end) for each in inside]
        if instead:
            yield Edit(spans.pop(0), " ".join(f"-r {path}" for path in instead))
        yield from delete_words(self.subject.dockerfile, spans)

    def _none(self, instruction: Instruction, call: PipCall) -> Edit:
        """Nothing is left to install: the call goes, or the RUN where it is all of it."""
        dockerfile = self.subject.dockerfile
        found = script(dockerfile, instruction)
        if found is not None and len(found.commands) == 1:
            return delete_instruction(dockerfile, instruction)
        return delete_command(dockerfile, instruction, call.command)


def development(subject: Subject) -> Development | None:
    """What is for development alone in the image that ships; None where no such requirements file is installed."""
    if not subject.alignment.known:
        return None
    every: list[InCall] = []
    by_word: list[str] = []
    for _, run in _runs(subject):
        for call in pip_calls(subject.dockerfile, run):
            if call.verb != "install":
                continue
            read = reader(subject, run)
            every += [InCall(run, call, named, requirements(named.path, read)) for named in call.files]
            by_word += call.names
    found = Development(subject, tuple(every), tuple(by_word))
    return found if found.files and found.gone else None


def _runs(subject: Subject) -> Iterator[tuple[Stage, Instruction]]:
    for stage in needed(subject.dockerfile, subject.stage, subject.build_args):
        yield from ((stage, each) for each in stage.instructions if each.keyword == "RUN")


def reader(subject: Subject, run: Instruction) -> Callable[[str], str | None]:
    """Reads a file as a RUN names it: from the image where it is in there, else from the context."""
    stage = next(stage for stage, each in _runs(subject) if each is run)
    folder = state_at(subject.dockerfile, stage, run, subject.build_args).workdir or "/"

    def read(path: str) -> str | None:
        place = posixpath.normpath(posixpath.join(folder, path)).strip("/").encode("utf-8", "surrogateescape")
        try:
            return subject.tree.read(place, _LARGEST).decode("utf-8", "replace")
        except KeyError:
            pass
        if path.startswith("/") or ".." in path.split("/"):
            return None
        try:
            return (subject.context / path).read_text("utf-8", "replace")
        except (OSError, ValueError):
            return None

    return read
