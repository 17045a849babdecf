"""Files of the context found again in the layers of the image: which COPY brought how many bytes of them.

Followed through COPY --from out of the stages of the same Dockerfile, and into later layers that hold a file once
more because its owner or mode changed. Where an instruction would put a file is worked out from its text; only what
its layer then really holds, in that size, is counted. Wildcards of a COPY --from are not followed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from jettison.context.copies import taken
from jettison.context.globs import has_wildcard
from jettison.context.junk import KINDS
from jettison.dockerfile.graph import source_stage, stage_chain
from jettison.dockerfile.lexer import expand
from jettison.dockerfile.model import Instruction, Stage
from jettison.dockerfile.scope import State, state_at
from jettison.dockerfile.values import arguments
from jettison.image.merge import Place
from jettison.image.model import Kind
from jettison.subject import Subject

Where = Mapping[str, str]  # path in the image, without leading slash -> path in the context
_MADE = frozenset(name for kind in KINDS if kind.made for name in kind.names)


@dataclass(frozen=True)
class Baked:
    """What one instruction brought into the image: bytes with those of later copies, its paths the largest first."""

    instruction: Instruction
    size: int
    paths: tuple[bytes, ...]


def baked(subject: Subject, files: frozenset[str]) -> tuple[Baked, ...]:
    """For each COPY and ADD what it put of these files into the layers that ship, the largest first.

    What the build makes anew in the same place (node_modules) counts only where nothing of it is seen in the end:
    an install that found it there, and had nothing to do, has all to do without it.
    """
    counted: set[Place] = set()
    found = []
    for instruction, where in _puts(subject, subject.stage, files):
        places = list(_places(subject, instruction, where))
        again = [place for place in _repeated(subject, places) if place not in counted]
        fresh = _not_standing_in(subject, [place for place in places if place not in counted] + again, where)
        counted.update(fresh)
        if fresh:
            found.append(_summed(subject, instruction, fresh))
    return tuple(sorted(found, key=lambda each: (-each.size, each.instruction.line)))


def _summed(subject: Subject, instruction: Instruction, places: list[Place]) -> Baked:
    columns = [layer.columns for layer in subject.image.layers]
    largest = sorted(places, key=lambda at: (-columns[at[0]].sizes[at[1]], columns[at[0]].paths[at[1]]))
    paths = dict.fromkeys(columns[layer].paths[index] for layer, index in largest)
    return Baked(instruction, sum(columns[layer].sizes[index] for layer, index in places), tuple(paths))


def _places(subject: Subject, instruction: Instruction, where: Where) -> Iterator[Place]:
    """The members of the instruction's layers that are these files."""
    wanted = {_bytes(path): subject.sent.by_path[source].size for path, source in where.items()}
    for number in subject.alignment.layers_of(instruction):
        columns = subject.image.layers[number].columns
        for index, path in enumerate(columns.paths):
            if path in wanted and columns.kinds[index] == Kind.FILE and columns.sizes[index] == wanted[path]:
                yield number, index


def _repeated(subject: Subject, places: list[Place]) -> Iterator[Place]:
    """The same files in later layers: equal in size and time, for only owner or mode changed."""
    if not places:
        return
    layers = subject.image.layers
    known = {}
    for layer, index in places:
        columns = layers[layer].columns
        known[columns.paths[index]] = (columns.sizes[index], columns.mtimes[index])
    for number in range(max(layer for layer, _ in places) + 1, len(layers)):
        columns = layers[number].columns
        for index, path in enumerate(columns.paths):
            same = path in known and known[path] == (columns.sizes[index], columns.mtimes[index])
            if same and columns.kinds[index] == Kind.FILE:
                yield number, index


def _not_standing_in(subject: Subject, places: list[Place], where: Where) -> list[Place]:
    """The places without files that an install would make if they were not there, and that are seen in the end."""
    layers = subject.image.layers
    alive = subject.tree.alive()

    def path(place: Place) -> bytes:
        return layers[place[0]].columns.paths[place[1]]

    made = {_bytes(to) for to, source in where.items() if not _MADE.isdisjoint(source.split("/"))}
    standing = {path(place) for place in places if place in alive} & made
    return [place for place in places if path(place) not in standing]


def _puts(subject: Subject, stage: Stage, files: frozenset[str]) -> Iterator[tuple[Instruction, Where]]:
    """For each COPY and ADD of a stage, and of those that it is FROM: where it puts which of the files."""
    for one in stage_chain(subject.dockerfile, stage, subject.build_args):
        for each in one.instructions:
            if each.keyword not in ("COPY", "ADD"):
                continue
            state = state_at(subject.dockerfile, one, each, subject.build_args)
            target = _target(subject, each, state)
            name = each.flag("from")
            if target is None:
                continue
            if name is None:
                yield each, _from_context(subject, each, (state, target), files)
            else:
                other = source_stage(subject.dockerfile, name)
                if other is not None and other.index < one.index:
                    yield each, _from_stage(subject, each, (state, target), _merged(_puts(subject, other, files)))


def _merged(puts: Iterator[tuple[Instruction, Where]]) -> Where:
    return {to: source for _, where in puts for to, source in where.items()}


def _target(subject: Subject, instruction: Instruction, state: State) -> str | None:
    """The last operand as a path in the image; None where a variable in it is not known."""
    words = arguments(instruction)
    text, missing = expand(words[-1], state.variables, subject.dockerfile.escape)
    folder = state.workdir or str(subject.image.runtime.get("WorkingDir") or "/")
    return None if missing else posixpath.normpath(posixpath.join("/", folder, text)).lstrip("/")


def _from_context(
    subject: Subject, instruction: Instruction, at: tuple[State, str], files: frozenset[str]
) -> dict[str, str]:
    state, target = at
    found = taken(instruction, subject.sent, state.variables, subject.dockerfile.escape)
    parents = any(flag.name == "parents" and flag.value != "false" for flag in instruction.flags)
    named = frozenset([""]) if parents else frozenset(found.sources)
    return dict(_mapped(((path, path) for path in found.paths & files), named.__contains__, target))


def _from_stage(subject: Subject, instruction: Instruction, at: tuple[State, str], below: Where) -> dict[str, str]:
    state, target = at
    words = arguments(instruction)[:-1]
    texts = [expand(word, state.variables, subject.dockerfile.escape)[0] for word in words]
    named = frozenset(posixpath.normpath(f"/{text}").lstrip("/") for text in texts if not has_wildcard(text))
    return dict(_mapped(below.items(), named.__contains__, target))


def _mapped(paths: Iterable[tuple[str, str]], named: Callable[[str], bool], target: str) -> Iterator[tuple[str, str]]:
    """Where each path lands: what is in a named directory below the target; a named file in it, or in its place."""
    for path, source in paths:
        top = path
        while not named(top) and top:
            top = top.rpartition("/")[0]
        if top == path and path:
            yield _joined(target, path.rpartition("/")[2]), source
            yield target, source
        elif named(top):
            yield _joined(target, path[len(top) :].lstrip("/")), source


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
