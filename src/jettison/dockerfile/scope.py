"""What is in force before an instruction: ENV, ARG, WORKDIR, USER, SHELL."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from jettison.dockerfile.graph import global_variables, stage_chain
from jettison.dockerfile.lexer import expand
from jettison.dockerfile.model import Dockerfile, Instruction, Stage

_CHANGES = {"ARG", "ENV", "SHELL", "USER", "WORKDIR"}
NO_ARGUMENTS: Mapping[str, str] = {}


@dataclass(frozen=True)
class State:
    """None, or a name that is absent, where the base image or an unknown variable decides."""

    env: Mapping[str, str] = field(default_factory=dict)
    args: Mapping[str, str] = field(default_factory=dict)
    workdir: str | None = None
    user: str | None = None
    shell: tuple[str, ...] | None = None

    @property
    def variables(self) -> dict[str, str]:
        """What `$X` means here: ENV goes before ARG."""
        return {**self.args, **self.env}


def state_at(
    dockerfile: Dockerfile, stage: Stage, instruction: Instruction, build_args: Mapping[str, str] = NO_ARGUMENTS
) -> State:
    """The state before `instruction` of `stage`, inherited from the local stages that it is FROM."""
    state = State()
    for _, each, state in _along(dockerfile, stage, build_args):  # noqa: B007
        if each is instruction:
            break
    return state


def states(
    dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str] = NO_ARGUMENTS
) -> Iterator[tuple[Instruction, State]]:
    """Each instruction of `stage` with the state before it; one pass, where `state_at` begins anew each time."""
    for one, each, state in _along(dockerfile, stage, build_args):
        if one is stage and each is not None:
            yield each, state


def _along(
    dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str]
) -> Iterator[tuple[Stage, Instruction | None, State]]:
    """The instructions of a stage and of those below it, each with the state before it; None behind the last."""
    state = State()
    outside = global_variables(dockerfile, build_args)
    for one in stage_chain(dockerfile, stage):
        state = State(state.env, {}, state.workdir, state.user, state.shell)  # an ARG ends with its stage
        for each in one.instructions:
            yield one, each, state
            if each.keyword in _CHANGES:
                state = _after(state, each, (outside, build_args), dockerfile.escape)
    yield stage, None, state


def _after(state: State, each: Instruction, given: tuple[Mapping[str, str], Mapping[str, str]], escape: str) -> State:
    outside, build_args = given
    env, args, workdir, user, shell = dict(state.env), dict(state.args), state.workdir, state.user, state.shell
    variables = state.variables
    if each.keyword == "ENV":
        for name, value in _pairs(each):
            text, missing = expand(value, variables, escape)
            env[name] = text
            if missing:
                del env[name]
    elif each.keyword == "ARG":
        for word in each.words:
            name, equals, default = word.text.partition("=")
            text, missing = expand(default, {**args, **env}, escape)
            if name in build_args:
                args[name] = build_args[name]
            elif equals and not missing:
                args[name] = text
            elif not equals and name in outside:
                args[name] = outside[name]
    elif each.keyword == "USER":
        text, missing = expand(each.value, variables, escape)
        user = None if missing else text
    elif each.keyword == "SHELL":
        shell = each.exec_form
    elif each.keyword == "WORKDIR":
        text, missing = expand(each.value, variables, escape)
        workdir = None if missing else _below(workdir, text)
    return State(env, args, workdir, user, shell)


def _below(workdir: str | None, path: str) -> str | None:
    if path.startswith("/"):
        return posixpath.normpath(path)
    return posixpath.normpath(f"{workdir}/{path}") if workdir else None


def _pairs(instruction: Instruction) -> list[tuple[str, str]]:
    """The names and values of ENV or LABEL, in both forms, as written."""
    words = [word.text for word in instruction.words]
    if "=" not in words[0]:
        name, value = re.split(r"[\t\v\f\r ]+", instruction.value, maxsplit=1)
        return [(name, value)]
    return [(name, value) for name, _, value in (word.partition("=") for word in words)]
