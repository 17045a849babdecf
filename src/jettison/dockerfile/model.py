"""The concrete syntax of a Dockerfile: every node knows its span, and the spans tile the text.

Source: moby/buildkit `frontend/dockerfile/docs/reference.md` and `parser/parser.go` (behaviour, not code).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from jettison.core.dataclass import dataclass
from jettison.core.values import Span

_Worked = TypeVar("_Worked")


@dataclass(frozen=True)
class Flag:
    """`--name=value`, quotes taken off; value None where there is no `=`."""

    name: str
    value: str | None
    span: Span


@dataclass(frozen=True)
class Heredoc:
    """`<<EOF ... EOF` of a RUN, COPY or ADD; `body` excludes the terminator line."""

    name: str
    expand: bool
    chomp: bool
    body: Span
    span: Span


@dataclass(frozen=True)
class Word:
    """One argument, as written (quotes and variables kept), with its span."""

    text: str
    span: Span


@dataclass(frozen=True)
class Instruction:
    """One instruction: from its keyword to the end of its last line, heredocs included, newline excluded."""

    keyword: str  # upper case
    span: Span
    line: int  # 1-based, of the keyword
    end_line: int
    flags: tuple[Flag, ...]
    body: Span  # what follows keyword and flags, up to the first heredoc body
    value: str  # the body with continuations joined and comment lines dropped, stripped
    exec_form: tuple[str, ...] | None  # the JSON array, where it is one
    heredocs: tuple[Heredoc, ...] = ()
    keyword_end: int = 0  # offset behind the keyword, where a flag can be put
    trigger: Instruction | None = None  # what an ONBUILD keeps for the builds upon its image
    cut: Callable[[], tuple[Word, ...]] = field(default=tuple, repr=False, compare=False)  # makes `words`

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The arguments, split as the instruction does: cut when they are asked for, which a RUN's hardly are."""
        return self.cut()

    def flag(self, name: str) -> str | None:
        """The value of the last flag of that name; None where absent (or without value)."""
        return next((flag.value for flag in reversed(self.flags) if flag.name == name), None)


@dataclass(frozen=True)
class Stage:
    """FROM and what follows it, up to the next FROM.

    `context` names the build context that stands for its base, and for all of it where the stage is called so; then
    `base` is the image that this is, and empty where it is none.
    """

    index: int
    name: str | None  # lower case, as BuildKit compares it
    base: str  # as written
    platform: str | None
    instructions: tuple[Instruction, ...]  # FROM first
    context: str = ""


@dataclass(frozen=True)
class Named:
    """What a build is given by `--build-context NAME=VALUE`: an image, a folder, or what cannot be looked at here."""

    name: str  # as it was given
    value: str
    image: str = ""
    folder: Path | None = None


@dataclass(frozen=True)
class Dockerfile:
    """A parsed Dockerfile; `str(dockerfile)` is the text it came from, for any text."""

    text: str
    escape: str  # \\ or `
    directives: tuple[tuple[str, str], ...]  # syntax, escape, check; lower-case names, in order
    instructions: tuple[Instruction, ...]
    stages: tuple[Stage, ...]
    global_args: tuple[Instruction, ...]  # ARG before the first FROM
    contexts: Mapping[str, Named] = field(default_factory=dict, hash=False)  # by familiar name; contexts.given fills it

    @cached_property
    def stages_named(self) -> dict[str, tuple[Stage, ...]]:
        """The stages that have a name, by it; several where a name is given again."""
        found: dict[str, tuple[Stage, ...]] = {}
        for stage in self.stages:
            if stage.name is not None:
                found[stage.name] = (*found.get(stage.name, ()), stage)
        return found

    @cached_property
    def sets_shell(self) -> bool:
        """Whether any instruction is a SHELL."""
        return any(instruction.keyword == "SHELL" for instruction in self.instructions)

    @cached_property
    def has_triggers(self) -> bool:
        """Whether any instruction is an ONBUILD."""
        return any(instruction.trigger for instruction in self.instructions)

    @cached_property
    def known(self) -> dict[object, Any]:
        """What was worked out of this text before, by whom it was: rules ask the same things of it many times."""
        return {}

    def once(self, key: tuple[object, ...], work: Callable[[], _Worked]) -> _Worked:
        """What `work` comes to, worked out the first time that this key is asked for; it begins with whose it is."""
        if key not in self.known:
            self.known[key] = work()
        found: _Worked = self.known[key]
        return found

    def holds(self, instruction: Instruction) -> bool:
        """Whether it is one of these very instructions, none that was made since."""
        number = self.numbers.get(instruction.span.start)
        return number is not None and self.instructions[number] is instruction

    @cached_property
    def numbers(self) -> dict[int, int]:
        """Where each instruction stands among the others, by the beginning of its span."""
        return {each.span.start: number for number, each in enumerate(self.instructions)}

    def has(self, stage: Stage) -> bool:
        """Whether it is one of these very stages, none of another text."""
        return stage.index < len(self.stages) and self.stages[stage.index] is stage

    def __getstate__(self) -> dict[str, Any]:
        """What a copy is made of: the text's own parts, without what was worked out of them since."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Edit:
    """Replace `span` by `text`; an insertion where the span is empty."""

    span: Span
    text: str
