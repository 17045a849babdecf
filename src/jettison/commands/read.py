"""A RUN as the programs that it starts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from jettison.commands.builtins import with_options
from jettison.commands.flow import Walk
from jettison.commands.model import Mount, Run, Word
from jettison.commands.place import Place, TooMuch
from jettison.commands.shell_state import Shell
from jettison.commands.wrappers import peel
from jettison.core.errors import DockerfileError
from jettison.dockerfile.graph import key_of
from jettison.dockerfile.heredoc import is_heredoc
from jettison.dockerfile.lexer import expand
from jettison.dockerfile.model import Dockerfile, Instruction, Stage
from jettison.dockerfile.mounts import fields
from jettison.dockerfile.parse import shell_text
from jettison.dockerfile.scope import NO_ARGUMENTS, State, states
from jettison.dockerfile.shell import POSIX, Reader, reader_of

_DEFAULT = ("/bin/sh", "-c")
_SHEBANG = re.compile(r"#!\s*(?:\S*/env\s+(?:-S\s+)?)?(\S+)[ \t]*([^\n]*)")


def runs(dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str] = NO_ARGUMENTS) -> Iterator[Run]:
    """The RUNs of a stage, in order; those of the local stages that it is FROM are not among them."""

    def found() -> list[Run]:
        every = states(dockerfile, stage, build_args)
        return [read(dockerfile, each, state) for each, state in every if each.keyword == "RUN"]

    known = dockerfile.has(stage)  # a stage of another text may have the same number
    yield from dockerfile.once(("runs", stage.index, key_of(build_args)), found) if known else found()


def read(dockerfile: Dockerfile, instruction: Instruction, state: State | None = None) -> Run:
    """A RUN with what is in force before it; `state` None means that nothing is known of that."""
    state = state or State()
    shell = state.shell or _DEFAULT
    mounts = tuple(_mounts(instruction, state, dockerfile.escape))
    walk = Walk()
    try:
        readable = _walked(walk, dockerfile, instruction, (shell, state))
    except (TooMuch, RecursionError):
        readable = False
    return Run(instruction, tuple(walk.calls), state, shell, mounts, readable)


def _walked(walk: Walk, dockerfile: Dockerfile, instruction: Instruction, given: tuple[tuple[str, ...], State]) -> bool:
    """Whether the whole of it was followed."""
    words, state = given
    begin = _shell(words, state)
    if instruction.exec_form is not None:
        span = instruction.body
        found = peel(tuple(Word(each, each, span, each) for each in instruction.exec_form))
        walk.started(found, span, begin, Place(exact=False))
        return True
    if not POSIX.fullmatch(words[0]):
        return False
    exact = not instruction.heredocs or is_heredoc(instruction)
    reader = reader_of(dockerfile, instruction) if exact else _with_bodies(dockerfile, instruction)
    if exact and instruction.heredocs and reader.text.startswith("#!"):
        match = _SHEBANG.match(reader.text)
        if match is None or not POSIX.fullmatch(match[1]):
            return False
        begin = _shell((match[1], *match[2].split()), state)
    if reader.root.has_error:
        return False
    walk.sequence(list(reader.root.children), reader, begin, Place(exact=exact))
    return True


def _with_bodies(dockerfile: Dockerfile, instruction: Instruction) -> Reader:
    """A RUN's lines, and behind them those of its heredocs, as the shell gets them."""
    text, offsets = shell_text(dockerfile, instruction)
    texts, places = [text], list(offsets)
    for each in instruction.heredocs:
        texts.append(each.span.of(dockerfile.text))
        places += [places[-1], *range(each.span.start, each.span.end)]
    return Reader.of("\n".join(texts), places)


def _shell(words: tuple[str, ...], state: State) -> Shell:
    variables: dict[str, str | None] = dict(state.variables)
    shell = Shell(
        variables=variables, exported=frozenset(variables), given=variables, folder=state.workdir or ".",
        user=state.user,
        bash=posixpath.basename(words[0]) == "bash",
    )  # fmt: skip
    return with_options(shell, words[1:])


def _mounts(instruction: Instruction, state: State, escape: str) -> Iterator[Mount]:
    for flag in instruction.flags:
        if flag.name != "mount":
            continue
        try:
            parts = {key.lower(): value for key, _, value in (each.partition("=") for each in fields(flag.value or ""))}
        except ValueError:
            continue  # no builder takes it
        target = parts.get("target") or parts.get("dst") or parts.get("destination")
        yield Mount(parts.get("type") or "bind", _target(target, state, escape))


def _target(target: str | None, state: State, escape: str) -> str | None:
    if target is None:
        return None
    try:
        text, missing = expand(target, state.variables, escape)
    except DockerfileError:
        return None
    if missing or (not text.startswith("/") and state.workdir is None):
        return None
    return posixpath.normpath(posixpath.join(state.workdir or "/", text))
