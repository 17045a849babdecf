"""Subject: text, sources, bytes and what was seen running, as one view; the only input of advice.

`Text` is the half of it that needs no image: what `jettison check` has before anything was built.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from jettison.align import Alignment
from jettison.context.ignore import Dialect, Ignore, ignore_text, named_ignore_file
from jettison.context.walk import Context, walk
from jettison.dockerfile.contexts import also, used
from jettison.dockerfile.model import Dockerfile, Instruction, Named, Stage
from jettison.image.model import Image

if TYPE_CHECKING:
    from jettison.commands.invocation import Invocation
    from jettison.commands.left import Account
    from jettison.commands.model import Call, Run
    from jettison.context.copies import Taken
    from jettison.image.tree import Tree
    from jettison.waste.rows import WasteRow


@dataclass(frozen=True)
class Observed:
    """What the original was seen to do while the contract was recorded; empty sets where nobody looked."""

    executed: frozenset[str] = frozenset()
    opened: frozenset[str] = frozenset()
    listened: frozenset[int] = frozenset()
    user: str = ""
    whole: bool = False  # every file that was opened is told: what is missing here was not


@dataclass(frozen=True)
class Question:
    """What a rule would know of a build before it predicts: these files of the image that `text` makes.

    `text` is a Dockerfile of its own, built in the same context as the user's; `title` says for people what is asked.
    """

    title: str
    text: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """Every file that was asked for, by its path; none where the build could not tell, and then the reason."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    reason: str = ""


IGNORE_FILE = ".dockerignore"


@dataclass(frozen=True)
class IgnoreFile:
    """The ignore file that counts; `text` None where there is none."""

    name: str = IGNORE_FILE
    text: str | None = None
    dialect: Dialect = Dialect.BUILDKIT
    beside: bool = False  # it stands beside the Dockerfile and belongs to that one alone
    given: bool = False  # named on the engine's command line


def _no_base(name: str) -> Image | None:
    return None


@dataclass(frozen=True)
class Text:
    """What may be looked at where nothing was built: the Dockerfile, and the context beside it."""

    dockerfile: Dockerfile
    context: Path
    stage: Stage  # the stage that ships
    build_args: Mapping[str, str] = field(default_factory=dict)
    ignore: IgnoreFile = IgnoreFile()
    path: Path | None = None  # of the Dockerfile; None where it is no file of its own
    named: str = ""  # which of the named build contexts `context` is; empty: the build's own

    @cached_property
    def sent(self) -> Context:
        """What the builder may take of the context. Raises UsageError where that or the ignore file cannot be read."""
        text = self.ignore.text
        return walk(self.context, None if text is None else Ignore.parse(text, self.ignore.dialect))

    @cached_property
    def views(self) -> tuple[Text, ...]:
        """This, and the same upon each other folder that is a named build context. Raises UsageError."""
        others = used(self.dockerfile) - also(self.dockerfile, self.context)
        every = self.dockerfile.contexts.items()
        return self, *(self._upon(name, each, each.folder) for name, each in every if name in others and each.folder)

    def _upon(self, name: str, found: Named, folder: Path) -> Text:
        file = named_ignore_file(folder, self.ignore.dialect)
        text = None if file is None else ignore_text(file)
        ignore = IgnoreFile(posixpath.join(found.value, IGNORE_FILE), text, self.ignore.dialect)
        return replace(self, context=folder, ignore=ignore, named=name)

    def taken(self, stages: Sequence[Stage]) -> tuple[Taken, ...]:
        """What each instruction of these stages takes of `sent`. Raises UsageError, DockerfileError."""
        from jettison.context.copies import may_take

        every = [self.taken_by(stage, each) for stage in stages for each in stage.instructions if may_take(each)]
        return tuple(each for each in every if each.looked)

    def taken_by(self, stage: Stage, instruction: Instruction) -> Taken:
        """What one instruction takes of `sent`, looked up once. Raises UsageError, DockerfileError."""
        if instruction.span.start not in self._taken:
            from jettison.context.copies import means, taken
            from jettison.dockerfile.scope import state_at

            self._taken[instruction.span.start] = taken(
                instruction,
                self.sent,
                state_at(self.dockerfile, stage, instruction, self.build_args).variables,
                self.dockerfile.escape,
                means(self.dockerfile, self.sent.root, self.named),
            )
        return self._taken[instruction.span.start]

    @cached_property
    def _taken(self) -> dict[int, Taken]:
        return {}

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """What the RUNs of all stages that are needed run, in the order of the file."""
        from jettison.commands.read import runs
        from jettison.dockerfile.graph import needed

        stages = needed(self.dockerfile, self.stage, self.build_args)
        return tuple(run for stage in stages for run in runs(self.dockerfile, stage, self.build_args))

    @cached_property
    def shipped(self) -> tuple[Run, ...]:
        """Those whose layers ship: of the last stage, and of the local stages that it is FROM."""
        from jettison.dockerfile.graph import stage_chain

        stages = stage_chain(self.dockerfile, self.stage, self.build_args)
        kept = {id(each) for stage in stages for each in stage.instructions}
        return tuple(run for run in self.runs if id(run.instruction) in kept)

    def called(self, *programs: str) -> Iterator[tuple[Run, Call]]:
        """Each call of one of these programs in a RUN of a stage that is needed, in the order of the file."""
        found = [each for program in programs for each in self._calls.get(program, ())]
        return ((run, call) for _, run, call in sorted(found, key=itemgetter(0)))

    @cached_property
    def managed(self) -> tuple[tuple[Run, Invocation], ...]:
        """Each call of a package manager there, read by the manager's table, in the order of the file."""
        from jettison.commands.invocation import invoked
        from jettison.commands.tables.all import TOOLS

        read = ((run, invoked(call, TOOLS)) for run in self.runs for call in run.calls)
        return tuple((run, found) for run, found in read if found is not None)

    @cached_property
    def _calls(self) -> dict[str, list[tuple[int, Run, Call]]]:
        """Those by the names of their programs, each with its number."""
        found: dict[str, list[tuple[int, Run, Call]]] = {}
        every = ((run, call) for run in self.runs for call in run.calls)
        for number, (run, call) in enumerate(every):
            if call.name is not None:
                found.setdefault(call.name, []).append((number, run, call))
        return found

    def ships(self, run: Run) -> bool:
        """Whether a RUN is one of those whose layers ship."""
        return id(run) in self._shipped

    @cached_property
    def _shipped(self) -> frozenset[int]:
        return frozenset(map(id, self.shipped))

    @cached_property
    def account(self) -> Account:
        """What these leave of caches and lists, and which of their cleans free nothing."""
        from jettison.commands.left import accounted

        return accounted(self.shipped)


@dataclass(frozen=True)
class Subject:
    """What a rule may look at."""

    dockerfile: Dockerfile
    context: Path
    image: Image
    alignment: Alignment
    stage: Stage  # the stage that ships
    observed: Observed = Observed()
    build_args: Mapping[str, str] = field(default_factory=dict)
    base: Callable[[str], Image | None] = _no_base  # another base image, fetched where it is not here yet
    ignore: IgnoreFile = IgnoreFile()  # as this version is built
    policy: str = "same-libc"  # --base: which other bases may be considered (bases/policy.py)
    answers: Mapping[Question, Answer] = field(default_factory=dict)  # to what rules asked of it before
    path: Path | None = None  # of the Dockerfile; None where it is no file of its own
    cache_mounts: bool | None = None  # whether the builder takes RUN --mount=type=cache; None: no builder was asked

    @cached_property
    def tree(self) -> Tree:
        """The image's merged tree."""
        return self.image.tree

    @cached_property
    def below(self) -> Tree:
        """The tree of the base: what the layers come to that are none of the Dockerfile's."""
        from jettison.image.tree import merge

        return merge(self.image.layers[: self.alignment.base_layers])

    @cached_property
    def text(self) -> Text:
        """The half of this view that needs no image."""
        return Text(self.dockerfile, self.context, self.stage, self.build_args, self.ignore, self.path)

    @property
    def sent(self) -> Context:
        """What the builder may take of the context. Raises UsageError where that or the ignore file cannot be read."""
        return self.text.sent

    @cached_property
    def waste(self) -> tuple[WasteRow, ...]:
        """Every dead payload with its cause."""
        from jettison.waste.rows import waste_rows

        return waste_rows(self.image.layers, self.image.merged)
