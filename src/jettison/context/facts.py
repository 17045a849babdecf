"""What is known of a build before an ignore file is derived: what it takes, what its texts name, how it asks git."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from jettison.context import junk
from jettison.context.copies import Taken, copies
from jettison.context.git_index import tracked_files
from jettison.context.ignore import Dialect, Ignore
from jettison.context.reads import (
    Source,
    Words,
    manifest_texts,
    package_scripts,
    read_text,
    setting_words,
    source_words,
    words_of,
)
from jettison.context.walk import Context, brought_back, parents
from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.model import Dockerfile, Stage

_FORCED_REMOVAL = re.compile(r"\brm\s+-\w*f\w*\s[^&;|\n]*")
_RUN_SCRIPT = re.compile(r"\b(?:npm|pnpm|yarn|bun)\s+(?:run(?:-script)?\s+)?([\w:.-]+)")
_SAYS = {"ARG", "ENV", "VOLUME", "WORKDIR"}  # instructions that may name what the program reads
_ASIDE = frozenset({"test", "tests", "__tests__", "spec", "e2e", "cypress", "docs", "doc", "examples"})
_OUT_DIR = re.compile(r'"outDir"\s*:\s*"(?:\./)?([\w./-]+?)/?"')


@dataclass(frozen=True)
class Build:
    """What is built: the stages that are needed, and the ignore file there is (its text)."""

    dockerfile: Dockerfile
    stages: tuple[Stage, ...]
    build_args: Mapping[str, str] = field(default_factory=dict)
    existing: str = ""
    dialect: Dialect = Dialect.BUILDKIT
    name: str = ".dockerignore"  # of the ignore file, in the context


@dataclass(frozen=True)
class Sources:
    """The program's own sources of a context, and what git tracks of it; read once, and only where they are asked."""

    context: Context

    @cached_property
    def by_path(self) -> Mapping[str, Source]:
        """What each source and file of settings says."""
        settings = {path: Source(words) for path, words in setting_words(self.context).items()}
        return source_words(self.context) | settings

    @cached_property
    def tracked(self) -> frozenset[str] | None:
        """What git tracks; None where that is not known."""
        return tracked_files(self.context.root)


@dataclass(frozen=True)
class Facts:
    """What is known of the build, gathered once."""

    context: Context
    build: Build
    taken: tuple[tuple[Stage, Taken], ...]
    commands: Mapping[int, str]  # stage index -> text of its RUNs and of those below it
    paths: frozenset[str]  # all that is taken
    named: frozenset[str]  # sources of instructions
    instructions: Words
    manifests: Words
    asks_git: str  # how a command or a manifest asks the repository, empty where none does
    outputs: frozenset[str]
    sources: Sources

    @cached_property
    def leading(self) -> frozenset[str]:
        """What instructions name, and the directories above."""
        return self.named.union(*(parents(name) for name in self.named))

    @cached_property
    def brought_back(self) -> frozenset[str]:
        """What an exception of the existing ignore file brings back."""
        return brought_back(self.context, Ignore.parse(self.build.existing, self.build.dialect))

    @cached_property
    def needs_git(self) -> str:
        """How the build or the program asks the repository; empty where nothing does."""
        if self.asks_git:
            return self.asks_git
        aside = _ASIDE if not any(junk.TESTS_RUN.search(text) for text in self.commands.values()) else frozenset()
        asking = (
            each.git
            for path, each in self.sources.by_path.items()
            if each.git and path in self.paths and path.split("/")[0] not in aside
        )
        return next(asking, "").strip(" \t\n\"'`([{")

    @cached_property
    def hands_out(self) -> bool:
        """Whether the program, or a command, serves all that lies beside it."""
        commands = any(junk.HANDS_OUT.search(text) for text in self.commands.values())
        return commands or any(each.hands_out for path, each in self.sources.by_path.items() if path in self.paths)

    def is_tracked(self, files: frozenset[str], otherwise: bool) -> bool:
        """Whether git tracks one of these; `otherwise` where that is not known."""
        known = self.sources.tracked
        return otherwise if known is None else not known.isdisjoint(files)


def gather(sources: Sources, build: Build) -> Facts:
    """All that; raises DockerfileError."""
    context = sources.context
    taken = tuple(
        (stage, each) for stage in build.stages for each in copies(build.dockerfile, [stage], context, build.build_args)
    )
    own = {stage.index: "\n".join(_texts(build.dockerfile, stage)) for stage in build.dockerfile.stages}
    scripts = package_scripts(context)
    commands = {}
    for stage in build.stages:
        text = "\n".join(own[each.index] for each in stage_chain(build.dockerfile, stage, build.build_args))
        commands[stage.index] = text + "\n" + "\n".join(scripts[name] for name in _scripts_run(text, scripts))
    everything = "\n".join(commands.values())
    manifests = list(manifest_texts(context, frozenset(_scripts_run(everything, scripts))))
    said = [each.value for stage in build.stages for each in stage.instructions if each.keyword in _SAYS]
    git = junk.GIT_COMMAND.search(everything) or junk.READS_GIT.search("\n".join([everything, *manifests]))
    return Facts(
        context=context,
        build=build,
        taken=taken,
        commands=commands,
        paths=frozenset().union(*(each.paths for _, each in taken)),
        named=frozenset(name for _, each in taken for name in each.sources if name),
        instructions=words_of([_FORCED_REMOVAL.sub("", everything), *said]),
        manifests=words_of(manifests),
        asks_git=git[0].strip(" \t\n;&|($`\"'[{") if git else "",
        outputs=frozenset(outputs(context, everything)),
        sources=sources,
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


def outputs(context: Context, commands: str) -> Iterator[str]:
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
