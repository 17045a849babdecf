"""An ignore file derived from need: what a COPY takes and no build reads, each line with its reason and its bytes.

A proposal, to be proven by a build: nothing is in it that an instruction names, that the build makes no second time,
or that a manifest or a source seems to read (`kept` tells what was held back, and why). See `junk` for what is looked
for, `reads` for what speaks against.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property

from jettison.context import junk
from jettison.context.copies import Taken, copies
from jettison.context.ignore import Dialect, Ignore
from jettison.context.junk import Junk
from jettison.context.reads import (
    Words,
    manifest_texts,
    package_scripts,
    read_text,
    setting_words,
    source_words,
    words_of,
)
from jettison.context.walk import Context, excluded, parents
from jettison.core.units import show_bytes
from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.model import Dockerfile, Stage

_FORCED_REMOVAL = re.compile(r"\brm\s+-\w*f\w*\s[^&;|\n]*")
_RUN_SCRIPT = re.compile(r"\b(?:npm|pnpm|yarn|bun)\s+(?:run(?:-script)?\s+)?([\w:.-]+)")
_SAYS = {"ARG", "ENV", "VOLUME", "WORKDIR"}  # instructions that may name what the program reads
_OUT_DIR = re.compile(r'"outDir"\s*:\s*"(?:\./)?([\w./-]+?)/?"')


@dataclass(frozen=True)
class Build:
    """What is built: the stages that are needed, and the ignore file there is (its text)."""

    dockerfile: Dockerfile
    stages: tuple[Stage, ...]
    build_args: Mapping[str, str] = field(default_factory=dict)
    existing: str = ""
    dialect: Dialect = Dialect.BUILDKIT


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

    @property
    def bytes(self) -> int:
        """What the lines keep out together."""
        return sum(line.bytes for line in self.lines)


@dataclass(frozen=True)
class _Facts:
    """What is known of the build, gathered once."""

    context: Context
    build: Build
    taken: tuple[tuple[Stage, Taken], ...]
    commands: Mapping[int, str]  # stage index -> text of its RUNs and of those below it
    paths: frozenset[str]  # all that is taken
    named: frozenset[str]  # sources of instructions
    instructions: Words
    manifests: Words
    needs_git: str  # why, empty where nothing does
    outputs: frozenset[str]

    @cached_property
    def leading(self) -> frozenset[str]:
        """What instructions name, and the directories above."""
        return self.named.union(*(parents(name) for name in self.named))

    @cached_property
    def sources(self) -> Mapping[str, Words]:
        """The words of each source and file of settings of the program; read only where they are asked for."""
        return source_words(self.context) | setting_words(self.context)


def derive(context: Context, build: Build) -> Proposal:
    """The lines worth adding to the ignore file. Raises DockerfileError, UsageError (the existing file is refused)."""
    facts = _gather(context, build)
    for _, each in facts.taken:
        if each.unknown:
            why = f"what {each.unknown[0]} in line {each.instruction.line} means is not known: it may be anything"
            return Proposal((), (Kept(".", why),), build.existing)
    lines: list[tuple[Line, frozenset[str]]] = []
    kept: list[Kept] = []
    gone: frozenset[str] = frozenset()
    for kind, found in _candidates(facts):
        left = {top: files - gone for top, files in found.items() if files - gone}
        whys = {top: _why_kept(facts, kind, top, (files, gone)) for top, files in left.items()}
        kept += [Kept(top, why) for top, why in whys.items() if why]
        good = {top: files for top, files in left.items() if not whys[top]}
        for pattern, files in _patterns(kind, good, blocked=len(good) < len(left)):
            size = sum(context.by_path[path].size for path in files)
            lines.append((Line(pattern, kind.reason, len(files), size, kind.unread), files))
            gone |= files
    lines.sort(key=lambda each: (-each[0].bytes, each[0].pattern))
    sound = _sound(lines, facts)
    return Proposal(sound, tuple(kept), text_with(build.existing, sound) if sound else build.existing)


def _gather(context: Context, build: Build) -> _Facts:
    taken = tuple(
        (stage, each) for stage in build.stages for each in copies(build.dockerfile, [stage], context, build.build_args)
    )
    own = {stage.index: "\n".join(_texts(build.dockerfile, stage)) for stage in build.dockerfile.stages}
    scripts = package_scripts(context)
    commands = {}
    for stage in build.stages:
        text = "\n".join(own[each.index] for each in stage_chain(build.dockerfile, stage))
        commands[stage.index] = text + "\n" + "\n".join(scripts[name] for name in _scripts_run(text, scripts))
    everything = "\n".join(commands.values())
    manifests = list(manifest_texts(context, frozenset(_scripts_run(everything, scripts))))
    said = [each.value for stage in build.stages for each in stage.instructions if each.keyword in _SAYS]
    git = junk.READS_GIT.search("\n".join([everything, *manifests]))
    return _Facts(
        context=context,
        build=build,
        taken=taken,
        commands=commands,
        paths=frozenset().union(*(each.paths for _, each in taken)),
        named=frozenset(name for _, each in taken for name in each.sources if name),
        instructions=words_of([_FORCED_REMOVAL.sub("", everything), *said]),
        manifests=words_of(manifests),
        needs_git=git[0].strip(" \t\n;&|($`") if git else "",
        outputs=frozenset(_outputs(context, everything)),
    )


def _texts(dockerfile: Dockerfile, stage: Stage) -> Iterator[str]:
    for instruction in stage.instructions:
        if instruction.keyword in ("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"):
            yield " ".join(instruction.exec_form) if instruction.exec_form else instruction.value
            yield from (each.body.of(dockerfile.text) for each in instruction.heredocs)


def _scripts_run(text: str, scripts: Mapping[str, str]) -> list[str]:
    """The names of package.json's scripts that a text runs, through others, too."""
    found: list[str] = []
    waiting = _RUN_SCRIPT.findall(text)
    while waiting:
        name = waiting.pop()
        if name in scripts and name not in found:
            found += [each for each in (f"pre{name}", name, f"post{name}") if each in scripts]
            waiting += _RUN_SCRIPT.findall(scripts[name])
    return found


def _outputs(context: Context, commands: str) -> Iterator[str]:
    """The directories that the build's commands make."""
    for pattern, output in junk.OUTPUTS:
        if pattern.search(commands):
            yield output
    for first, second in junk.OUTPUT_OPTION.findall(commands):
        yield (first or second).removeprefix("./").rstrip("/")
    if re.search(r"\b(?:tsc|nest\s+build)\b", commands):
        for name in ("tsconfig.build.json", "tsconfig.json"):
            if name in context.by_path:
                yield from _OUT_DIR.findall(read_text(context.root, context.by_path[name]))


def _candidates(facts: _Facts) -> Iterator[tuple[Junk, dict[str, frozenset[str]]]]:
    """Kinds of junk, one name at a time, with the topmost paths of that kind and the taken files in each."""
    by_name: dict[str, list[str]] = {}
    for entry in facts.context.entries:
        by_name.setdefault(entry.path.rpartition("/")[2], []).append(entry.path)
    for kind in (junk.VCS, *junk.KINDS):
        for glob in kind.names:
            literal = not re.search(r"[*?\[]", glob)
            names = [glob] if literal else sorted(name for name in by_name if fnmatchcase(name, glob))
            tops = [path for name in names for path in by_name.get(name, ()) if kind.anywhere or "/" not in path]
            yield replace(kind, names=(glob,)), _filled(facts, kind, tops)
    homes = [path.rpartition("/")[0] for path in by_name.get("pyvenv.cfg", ())]
    for home in filter(None, homes):
        yield replace(junk.VENV, names=(_escaped(home),), anywhere=False), _filled(facts, junk.VENV, [home])
    for output in sorted(facts.outputs):
        yield replace(junk.BUILT, names=(_escaped(output),)), _filled(facts, junk.BUILT, [output])


def _filled(facts: _Facts, kind: Junk, tops: list[str]) -> dict[str, frozenset[str]]:
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


def _why_kept(facts: _Facts, kind: Junk, top: str, sets: tuple[frozenset[str], frozenset[str]]) -> str:
    """What speaks against leaving a path out; empty where nothing does. `sets`: its files, and what goes already."""
    files, gone = sets
    if top in facts.leading:
        return "an instruction names it"
    if any(_brought_back(facts, path) for path in files):
        return "the ignore file brings it back"
    if kind.made or kind.reason == junk.BUILT.reason:
        return _why_not_made(facts, kind, files)
    if kind.reason == junk.VCS.reason:
        if facts.needs_git:
            return f"the build may read the repository: {facts.needs_git}"
    elif kind.tracked and facts.needs_git:
        return f"a version computed from git ({facts.needs_git}) would call the tree dirty"
    if facts.instructions.name(top):
        return "a command names it"
    if facts.manifests.name(top):
        return "a manifest names it"
    if kind.reason == junk.TESTS and any(junk.TESTS_RUN.search(text) for text in facts.commands.values()):
        return "the build runs tests"
    if kind.unless and any(re.search(kind.unless, path) for path in files):
        return "there are sources in it"
    if kind.unread and any(each.paths & files and _serves(facts, stage) for stage, each in facts.taken):
        return "a web server hands out what is copied"
    if kind.unread or kind.tracked:
        reading = (words for path, words in facts.sources.items() if path not in files and path not in gone)
        return "a source names it" if any(words.name(top) for words in reading) else ""
    return ""


def _serves(facts: _Facts, stage: Stage) -> bool:
    """Whether a stage stands on an image of a web server."""
    return junk.WEB_SERVER.search(stage_chain(facts.build.dockerfile, stage)[0].base) is not None


def _brought_back(facts: _Facts, path: str) -> bool:
    if "!" not in facts.build.existing:
        return False
    decider = Ignore.parse(facts.build.existing, facts.build.dialect).decider(path)
    return decider is not None and decider[1].startswith("!")


def _why_not_made(facts: _Facts, kind: Junk, files: frozenset[str]) -> str:
    """Every stage that takes it has to make it anew, or get it from a stage that does."""
    for stage, taken in facts.taken:
        if taken.paths & files and taken.instruction.keyword != "RUN":
            if kind.made and not re.search(kind.made, facts.commands[stage.index], re.MULTILINE):
                copied = " ".join(each.value for each in stage.instructions if each.flag("from") is not None)
                if not any(name in copied for name in kind.names):
                    return f"the stage that line {taken.instruction.line} is in does not install its own"
            if not kind.made and not set(_outputs(facts.context, facts.commands[stage.index])) & set(kind.names):
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
    return re.sub(r"([\\*?\[\]])", r"\\\1", path)


def _sound(lines: list[tuple[Line, frozenset[str]]], facts: _Facts) -> tuple[Line, ...]:
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
    """The existing file, and below it the lines, each kind under its reason."""
    out = [existing if not existing or existing.endswith("\n") else existing + "\n"]
    for reason in dict.fromkeys(line.reason for line in lines):
        of = [line for line in lines if line.reason == reason]
        out.append(f"# {reason}: {show_bytes(sum(line.bytes for line in of))}\n")
        out += [f"{line.pattern}\n" for line in of]
    return "".join(out)
