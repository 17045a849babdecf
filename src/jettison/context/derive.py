"""An ignore file derived from need: what a COPY takes and no build reads, each line with its reason and its bytes.

A proposal, to be proven by a build: nothing is in it that an instruction names, that the build makes no second time,
or that a manifest or a source seems to read (`kept` tells what was held back, and why). See `junk` for what is looked
for, `reads` for what speaks against.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from jettison.context import junk
from jettison.context.facts import Build as Build
from jettison.context.facts import Facts, Sources, gather, outputs
from jettison.context.ignore import Ignore
from jettison.context.junk import Junk
from jettison.context.walk import Context, excluded, parents
from jettison.core.units import show_bytes
from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.model import Stage

Found = list[tuple["Line", frozenset[str]]]  # each line with the taken files that it leaves out


@dataclass(frozen=True)
class Line:
    """One pattern, why it is safe, and what it keeps out: files that a COPY takes now, and their bytes."""

    pattern: str
    reason: str
    files: int
    bytes: int
    unread: bool  # found unread by looking at the sources, where others are never needed


@dataclass(frozen=True)
class Kept:
    """What looks needless and is not left out, and why."""

    path: str
    why: str


@dataclass(frozen=True)
class Proposal:
    """Lines to add, the largest first, and the whole new file; `text` is the existing one where there is none."""

    lines: tuple[Line, ...]
    kept: tuple[Kept, ...]
    text: str
    notes: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """What the lines keep out together."""
        return sum(line.bytes for line in self.lines)


NO_OTHERS: Mapping[str, Build] = {}


def derive(context: Context, build: Build, others: Mapping[str, Build] = NO_OTHERS) -> Proposal:
    """The lines worth adding to the ignore file. Raises DockerfileError, UsageError (the existing file is refused).

    `others`: further builds that the same ignore file counts for, by the names of their Dockerfiles; what one of them
    takes and may need stays as well.
    """
    sources = Sources(context)
    facts = gather(sources, build)
    known = {name: gather(sources, other) for name, other in others.items()}
    for name, each in {"": facts, **known}.items():
        if why := _unknown(each):
            return Proposal((), (Kept(".", f"{name}: {why}" if name else why),), build.existing)
    found, kept = _needless(facts)
    sound = _sound(found, facts)
    for name, each in known.items():
        sound, told = _agreed(sound, each, name)
        kept += told
    notes: tuple[str, ...] = ()
    if sound and facts.needs_git and facts.is_tracked(frozenset([build.name]), False):
        notes = (f"commit {build.name}: with a changed one a version computed from git is called dirty",)
    return Proposal(sound, tuple(kept), text_with(build.existing, sound) if sound else build.existing, notes)


def _unknown(facts: Facts) -> str:
    """Which source of an instruction is not known; empty where all are."""
    for _, each in facts.taken:
        if each.unknown:
            return f"what {each.unknown[0]} in line {each.instruction.line} means is not known: it may be anything"
    return ""


def _needless(facts: Facts) -> tuple[Found, list[Kept]]:
    """Lines that leave out what this build needs not, the largest first, and what looks so and stays."""
    lines: Found = []
    kept: list[Kept] = []
    gone: frozenset[str] = frozenset()
    for kind, found in _candidates(facts):
        left = {top: files - gone for top, files in found.items() if files - gone}
        whys = {top: _why_kept(facts, kind, top, (files, gone)) for top, files in left.items()}
        kept += [Kept(top, why) for top, why in whys.items() if why]
        good = {top: files for top, files in left.items() if not whys[top]}
        for pattern, files in _patterns(kind, good, blocked=len(good) < len(left)):
            size = sum(facts.context.by_path[path].size for path in files)
            lines.append((Line(pattern, kind.reason, len(files), size, kind.unread), files))
            gone |= files
    lines.sort(key=lambda each: (-each[0].bytes, each[0].pattern))
    return lines, kept


def _agreed(lines: tuple[Line, ...], other: Facts, name: str) -> tuple[tuple[Line, ...], list[Kept]]:
    """The lines that leave another build what it may need, and what the others would have taken from it."""
    needless = frozenset[str]().union(*(files for _, files in _needless(other)[0]))
    needed = (other.paths - needless) | other.leading

    def takes(some: tuple[Line, ...]) -> bool:
        ignore = Ignore.parse(text_with(other.build.existing, some), other.build.dialect)
        return not excluded(other.context, ignore).isdisjoint(needed)

    if not takes(lines):
        return lines, []
    bad = [line for line in lines if takes((line,))]
    told = [Kept(line.pattern, f"{name}, which the same file counts for, takes it and may need it") for line in bad]
    return tuple(line for line in lines if line not in bad), told


def _candidates(facts: Facts) -> Iterator[tuple[Junk, dict[str, frozenset[str]]]]:
    """Kinds of junk, one name at a time, with the topmost paths of that kind and the taken files in each."""
    by_name: dict[str, list[str]] = {}
    for entry in facts.context.entries:
        by_name.setdefault(entry.path.rpartition("/")[2], []).append(entry.path)
    for kind in (junk.VCS, *junk.KINDS):
        for glob in kind.names:
            literal = not re.search(r"[*?\[]", glob)
            names = [glob] if literal else sorted(name for name in by_name if fnmatchcase(name, glob))
            tops = [path for name in names for path in by_name.get(name, ()) if kind.anywhere or "/" not in path]
            if not tops:
                continue
            yield replace(kind, names=(glob,)), _filled(facts, kind, tops)
    homes = [path.rpartition("/")[0] for path in by_name.get("pyvenv.cfg", ())]
    for home in filter(None, homes):
        yield replace(junk.VENV, names=(_escaped(home),), anywhere=False), _filled(facts, junk.VENV, [home])
    for output in sorted(facts.outputs):
        yield replace(junk.BUILT, names=(_escaped(output),)), _filled(facts, junk.BUILT, [output])


def _filled(facts: Facts, kind: Junk, tops: list[str]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for top in sorted(tops):
        entry = facts.context.by_path.get(top)
        if entry is None or (kind.directory is not None and kind.directory != (entry.kind == "directory")):
            continue
        inside = {each.path for each in facts.context.below(top)} | {top} if entry.kind == "directory" else {top}
        files = facts.paths & inside
        if files and found.keys().isdisjoint(parents(top)):
            found[top] = frozenset(files)
    return found


def _why_kept(facts: Facts, kind: Junk, top: str, sets: tuple[frozenset[str], frozenset[str]]) -> str:
    """What speaks against leaving a path out; empty where nothing does. `sets`: its files, and what goes already."""
    files, gone = sets
    if top in facts.leading:
        return "an instruction names it"
    if not files.isdisjoint(facts.brought_back):
        return "the ignore file brings it back"
    if kind.reason == junk.VCS.reason:
        if facts.needs_git:
            return f"the build may read the repository: {facts.needs_git}"
    elif facts.is_tracked(files, kind.tracked) and facts.needs_git:
        return f"a version computed from git ({facts.needs_git}) would call the tree dirty"
    if kind.made or kind.reason == junk.BUILT.reason:
        return _why_not_made(facts, kind, files)
    if kind.reason == junk.BYTECODE and _is_alone(facts, top):
        return "there is no source beside it"
    if facts.instructions.name(top):
        return "a command names it"
    if facts.manifests.name(top):
        return "a manifest names it"
    if kind.reason == junk.TESTS and any(junk.TESTS_RUN.search(text) for text in facts.commands.values()):
        return "the build runs tests"
    if kind.reason == junk.DOCUMENTS and kind.directory:
        makers = (each for each in junk.DOCUMENTS_READ if facts.instructions.name(each) or facts.manifests.name(each))
        if maker := next(makers, ""):
            return f"{maker} may make pages of it"
    if kind.unless and any(re.search(kind.unless, path) for path in files):
        return "there are sources in it"
    if kind.unread and any(each.paths & files and _serves(facts, stage) for stage, each in facts.taken):
        return "a web server hands out what is copied"
    if kind.unread and facts.hands_out:
        return "the program hands out all that lies beside it"
    if kind.unread or facts.is_tracked(files, kind.tracked) or kind.tracked:
        reading = (each for path, each in facts.sources.by_path.items() if path not in files and path not in gone)
        return "a source names it" if any(each.words.name(top) for each in reading) else ""
    return ""


def _is_alone(facts: Facts, path: str) -> bool:
    """Whether bytecode is imported by itself: it lies where its source would, and that is not there."""
    is_file = path.endswith((".pyc", ".pyo")) and "__pycache__" not in path.split("/")
    return is_file and path[:-1] not in facts.context.by_path


def _serves(facts: Facts, stage: Stage) -> bool:
    """Whether a stage stands on an image of a web server."""
    return (
        junk.WEB_SERVER.search(stage_chain(facts.build.dockerfile, stage, facts.build.build_args)[0].base) is not None
    )


def _why_not_made(facts: Facts, kind: Junk, files: frozenset[str]) -> str:
    """Every stage that takes it has to make it anew, or get it from a stage that does."""
    for stage, taken in facts.taken:
        if taken.paths & files and taken.instruction.keyword != "RUN":
            if kind.made and not re.search(kind.made, facts.commands[stage.index], re.MULTILINE):
                copied = " ".join(each.value for each in stage.instructions if each.flag("from") is not None)
                if not any(name in copied for name in kind.names):
                    return f"the stage that line {taken.instruction.line} is in does not install its own"
            if not kind.made and not set(outputs(facts.context, facts.commands[stage.index])) & set(kind.names):
                return f"the stage that line {taken.instruction.line} is in does not build it"
    return ""


def _patterns(kind: Junk, good: Mapping[str, frozenset[str]], blocked: bool) -> Iterator[tuple[str, frozenset[str]]]:
    """The patterns for the paths that are good: one for all of a name, or each path where another is kept."""
    if not good:
        return
    if blocked:
        yield from ((_escaped(top), files) for top, files in good.items())
        return
    files = frozenset().union(*good.values())
    nested = any("/" in top for top in good) and kind.anywhere
    yield (f"**/{kind.names[0]}" if nested else kind.names[0]), files


def _escaped(path: str) -> str:
    """A pattern for this path alone; where a line cannot hold it (a line end), for one of its length."""
    text = re.sub(r"([\\*?\[\]])", r"\\\1", path)
    text = re.sub(r"^[#!]", r"\\\g<0>", text)
    text = re.sub(r"^\s|\s$", r"[\g<0>]", text)
    return re.sub(r"\[?[\n\r]\]?", "?", text)


def _sound(lines: Found, facts: Facts) -> tuple[Line, ...]:
    """The lines, asked of the matcher itself; what would leave out more than was found needless is dropped."""
    build = facts.build
    allowed = frozenset[str]().union(*(files for _, files in lines))

    def harmless(some: tuple[Line, ...]) -> bool:
        ignore = Ignore.parse(text_with(build.existing, some), build.dialect)
        gone = excluded(facts.context, ignore)
        return not gone & (facts.paths - allowed) and not gone & facts.named

    every = tuple(line for line, _ in lines)
    return every if harmless(every) else tuple(line for line in every if harmless((line,)))


def text_with(existing: str, lines: tuple[Line, ...]) -> str:
    """The existing file, and below it the lines, each kind under its reason; line ends as they are there."""
    end = "\r\n" if "\r\n" in existing else "\n"
    out = [existing if not existing or existing.endswith("\n") else existing + end]
    for reason in dict.fromkeys(line.reason for line in lines):
        of = [line for line in lines if line.reason == reason]
        out.append(f"# {reason}: {show_bytes(sum(line.bytes for line in of))}{end}")
        out += [f"{line.pattern}{end}" for line in of]
    return "".join(out)
