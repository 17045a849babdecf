"""What is in force before an instruction: ENV, ARG, WORKDIR, USER, SHELL.

Behaves as moby/buildkit's `frontend/dockerfile/dockerfile2llb/convert.go`: ENV and ARG share one set of names, of which
the later line wins; a stage inherits both from the stage that it is FROM; the ONBUILDs of that stage come first.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from functools import cached_property

from jettison.core.dataclass import dataclass
from jettison.core.errors import DockerfileError
from jettison.dockerfile.graph import NO_ARGUMENTS as NO_ARGUMENTS
from jettison.dockerfile.graph import expand_from, global_variables, key_of, stage_chain, triggered
from jettison.dockerfile.lexer import expand
from jettison.dockerfile.model import Dockerfile, Instruction, Stage

_PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy")
_NOT_KNOWN = None


@dataclass(frozen=True)
class State:
    """None, or a name that is absent, where the base image or an unknown variable decides."""

    env: Mapping[str, str] = field(default_factory=dict)  # what the image gets
    args: Mapping[str, str] = field(default_factory=dict)  # what lies over it while it is built
    workdir: str | None = None
    user: str | None = None
    shell: tuple[str, ...] | None = None
    unknown: frozenset[str] = frozenset()  # set, and nobody knows to what

    @cached_property
    def variables(self) -> dict[str, str]:
        """What `$X` means here; a name is absent where nothing in the file sets it, or where its value is not known."""
        return {name: value for name, value in {**self.env, **self.args}.items() if name not in self.unknown}


@dataclass(frozen=True)
class Surroundings:
    """What a build brings to the instructions of one stage."""

    outside: Mapping[str, str]  # ARGs before the first FROM, and the predefined ones
    build_args: Mapping[str, str]
    escape: str
    empty: bool  # FROM scratch: what the file does not set is not set

    def value(self, text: str, state: State) -> str | None:
        """`text` with variables filled in; None where one is not known, or the builder would refuse it."""
        try:
            return self.filled(text, state)
        except DockerfileError:
            return _NOT_KNOWN

    def filled(self, text: str, state: State) -> str | None:
        """`text` with variables filled in; None where one is not known. Raises DockerfileError where it is none."""
        if text.isalnum():
            return text
        found, missing = expand(text, state.variables, self.escape)
        decided = self.empty and not any(name == "PATH" or name in state.unknown for name in missing)
        return found if not missing or decided else _NOT_KNOWN


def state_at(
    dockerfile: Dockerfile, stage: Stage, instruction: Instruction, build_args: Mapping[str, str] = NO_ARGUMENTS
) -> State:
    """The state before `instruction` of `stage`, inherited from the local stages that it is FROM."""
    if not dockerfile.holds(instruction):
        return _walked(dockerfile, stage, instruction, build_args)
    for one in reversed(stage_chain(dockerfile, stage, build_args)):
        found = _states(dockerfile, one, build_args).before.get(instruction.span.start)
        if found is not None:
            return found[1]
    return _walked(dockerfile, stage, instruction, build_args)


@dataclass(frozen=True)
class _Known:
    """The states of one stage of this file, walked once."""

    before: Mapping[int, tuple[Instruction, State]]  # each of its instructions with the state before it, by its place
    end: State


def _states(dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str]) -> _Known:
    """What is known of a stage, which begins where the one that it is FROM ends."""
    arguments, known = key_of(build_args), dockerfile.known
    if dockerfile.has(stage) and ("states", stage.index, arguments) in known:
        there: _Known = known["states", stage.index, arguments]
        return there
    around, found = surroundings(dockerfile, stage, build_args), _Known({}, State())
    for one in stage_chain(dockerfile, stage, build_args):
        if not dockerfile.has(one):
            found = _walk(dockerfile, one, around, found.end)
            continue
        key = ("states", one.index, arguments)
        if key not in known:
            known[key] = _walk(dockerfile, one, around, found.end)
        found = known[key]
    return found


def _walk(dockerfile: Dockerfile, stage: Stage, around: Surroundings, state: State) -> _Known:
    before: dict[int, tuple[Instruction, State]] = {}
    written = frozenset(map(id, stage.instructions))
    for each in _own(dockerfile, stage, around.build_args):
        if id(each) in written:
            before[each.span.start] = each, state
        state = after(state, each, around)
    return _Known(before, state)


def _walked(dockerfile: Dockerfile, stage: Stage, instruction: Instruction, build_args: Mapping[str, str]) -> State:
    around, state = surroundings(dockerfile, stage, build_args), State()
    for each in made_by(dockerfile, stage, build_args):
        if each is instruction:
            break
        state = after(state, each, around)
    return state


def states(
    dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str] = NO_ARGUMENTS
) -> Iterator[tuple[Instruction, State]]:
    """Each instruction of `stage` with the state before it."""
    before = _states(dockerfile, stage, build_args).before
    yield from (before[each.span.start] for each in stage.instructions if each.span.start in before)


def made_by(
    dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str] = NO_ARGUMENTS
) -> Iterator[Instruction]:
    """Every instruction that makes a stage: those of its base stages first, what an ONBUILD triggers behind FROM."""
    for one in stage_chain(dockerfile, stage, build_args):
        yield from _own(dockerfile, one, build_args)


def _own(dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str]) -> Iterator[Instruction]:
    yield stage.instructions[0]
    yield from triggered(dockerfile, stage, build_args)
    yield from stage.instructions[1:]


def surroundings(dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str]) -> Surroundings:
    """What a build with these arguments brings to a stage: the same to all of one chain."""
    lowest = stage_chain(dockerfile, stage, build_args)[0]
    if not dockerfile.has(lowest):
        return _surroundings(dockerfile, lowest, build_args)
    return dockerfile.once(
        ("surroundings", lowest.index, key_of(build_args)), lambda: _surroundings(dockerfile, lowest, build_args)
    )


def _surroundings(dockerfile: Dockerfile, lowest: Stage, build_args: Mapping[str, str]) -> Surroundings:
    try:
        outside = global_variables(dockerfile, build_args)
        base = expand_from(dockerfile, lowest, build_args)
    except DockerfileError:
        outside, base = {}, ""
    return Surroundings(outside, build_args, dockerfile.escape, base == "scratch")


def after(state: State, each: Instruction, around: Surroundings) -> State:
    """The state behind an instruction."""
    if each.keyword == "ENV":
        return _env(state, each, around)
    if each.keyword == "ARG":
        return _arg(state, each, around)
    if each.keyword == "USER":
        return replace(state, user=around.value(each.value, state))
    if each.keyword == "SHELL":
        return replace(state, shell=each.exec_form)
    if each.keyword == "WORKDIR":
        return replace(state, workdir=_below(state.workdir, around.value(each.value, state), around.empty))
    return state


def _env(state: State, each: Instruction, around: Surroundings) -> State:
    """All values of one ENV see what stood before it."""
    env, args, unknown = dict(state.env), dict(state.args), set(state.unknown)
    for key, text in pairs(each):
        name, value = around.value(key, state), around.value(text, state)
        if name is None:
            continue
        args.pop(name, None)
        env.pop(name, None)
        unknown.discard(name)
        if value is None:
            unknown.add(name)
        else:
            env[name] = value
    return replace(state, env=env, args=args, unknown=frozenset(unknown))


def _arg(state: State, each: Instruction, around: Surroundings) -> State:
    """Each value of one ARG sees those before it on its line."""
    for word in each.words:
        name, equals, default = word.text.partition("=")
        value: str | None
        if name in around.build_args:
            value = around.build_args[name]
        elif equals:
            value = around.value(default, state)
        elif name in around.outside:
            value = around.outside[name]
        else:
            continue
        others = {key: old for key, old in state.args.items() if key != name}
        if value is None:
            state = replace(state, args=others, unknown=state.unknown | {name})
        else:
            state = replace(state, args={**others, name: value}, unknown=state.unknown - {name})
    return state


def _below(workdir: str | None, path: str | None, empty: bool) -> str | None:
    if path is None:
        return _NOT_KNOWN
    if path.startswith("/"):
        return "/" + posixpath.normpath(path).lstrip("/")
    above = workdir or ("/" if empty else None)
    return posixpath.normpath(f"{above}/{path}").replace("//", "/") if above else _NOT_KNOWN


def pairs(instruction: Instruction) -> list[tuple[str, str]]:
    """The names and values of ENV or LABEL, in both forms, as written."""
    words = [word.text for word in instruction.words]
    if "=" not in words[0]:
        name, value = re.split(r"[\t\v\f\r ]+", instruction.value, maxsplit=1)
        return [(name, value)]
    return [(name, value) for name, _, value in (word.partition("=") for word in words)]
