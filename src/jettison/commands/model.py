"""The nouns: a RUN as the programs that it starts, each with its words and with what is in force there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from typing import Any

from jettison.core.dataclass import dataclass
from jettison.core.values import Span
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.scope import State


@dataclass(frozen=True)
class Word:
    """One word that a program is given, after the shell's expansions.

    `value` is what the program sees; None where the text does not tell. `pattern` is the file name it means: shell
    patterns kept, a pattern's characters that are quoted in brackets, `~` for the home folder; None where not known.
    Several words may share one span: `$pkgs` is as many as its value has.
    """

    text: str
    value: str | None
    span: Span
    pattern: str | None = None


@dataclass(frozen=True)
class Call:
    """One program that is started, and what is in force where it stands.

    `name` is the program's without its folder, wrappers taken off; None where the text does not tell. `guards` names
    the branches that it stands in: none where it runs whenever the RUN succeeds, and what runs under fewer guards runs
    whenever this does. `fatal` says whether the RUN ends, and fails, when it fails. `folder` is the working directory,
    relative where the base image decides where the RUN begins.
    `exact` says that the span of each word is the word's own. `pipe` is the pipeline's number and its place there.
    """

    name: str | None
    words: tuple[Word, ...]
    span: Span
    wrappers: tuple[str, ...] = ()
    guards: frozenset[int] = frozenset()
    fatal: bool | None = True
    errexit: bool | None = False
    pipefail: bool | None = False
    folder: str | None = None
    user: str | None = None
    variables: Mapping[str, str | None] = field(default_factory=dict)
    exported: frozenset[str] = frozenset()
    own: Mapping[str, str | None] = field(default_factory=dict)
    outputs: tuple[Word, ...] = ()
    pipe: tuple[int, int] | None = None
    nested: bool = False
    exact: bool = True
    # what was read of this call before, by whom it was: rules ask the same things of it many times
    known: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def values(self) -> tuple[str | None, ...]:
        """What the program is given, None for what is not known."""
        return tuple(word.value for word in self.words)

    @property
    def certain(self) -> bool:
        """Whether it runs whenever the RUN succeeds."""
        return not self.guards

    def setting(self, name: str) -> str | None:
        """A variable of its environment: "" where the text does not set it, None where its value is not known."""
        if name in self.own:
            return self.own[name]
        return self.variables.get(name) if name in self.exported else ""


@dataclass(frozen=True)
class Mount:
    """What `--mount` puts somewhere while a RUN lasts; `target` None where it is not known."""

    kind: str
    target: str | None


@dataclass(frozen=True)
class Run:
    """A RUN: the programs in the order in which they start.

    `readable` is false where these are not all: another kind of shell, text that is no script, or too much of it.
    """

    instruction: Instruction
    calls: tuple[Call, ...]
    state: State
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    mounts: tuple[Mount, ...] = ()
    readable: bool = True

    @cached_property
    def places(self) -> Mapping[int, int]:
        """Where each call stands among them, by its id(): offsets in the text tell no order within a function."""
        return {id(call): place for place, call in enumerate(self.calls)}

    @cached_property
    def piped(self) -> Mapping[tuple[int, int], Call]:
        """The calls that stand in pipelines, by the pipeline's number and their place there."""
        return {call.pipe: call for call in self.calls if call.pipe is not None}
