"""What BuildKit refuses although every line is an instruction: names, references, values, expansions.

Behaves as moby/buildkit's `frontend/dockerfile/dockerfile2llb`: FROMs and references of all stages count, everything
else only in the stages that the target needs. What depends on a variable whose value nobody knows is not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from jettison.core.errors import DockerfileError
from jettison.dockerfile.check import check
from jettison.dockerfile.graph import (
    NO_ARGUMENTS,
    check_references,
    find_stage,
    global_variables,
    named_stage,
    needed,
    source_stage,
    triggered,
)
from jettison.dockerfile.lexer import NotSet, expand
from jettison.dockerfile.lines import BLANK
from jettison.dockerfile.model import Dockerfile, Instruction, Stage
from jettison.dockerfile.names import image_problem, platform_problem
from jettison.dockerfile.parse import KEYWORDS
from jettison.dockerfile.scope import State, Surroundings, after, surroundings
from jettison.dockerfile.values import problems


@dataclass(frozen=True)
class Refusal:
    """One reason for which BuildKit would not build the target."""

    line: int
    message: str
    hint: str = ""


def refusals(
    dockerfile: Dockerfile,
    target: Stage | None = None,
    build_args: Mapping[str, str] = NO_ARGUMENTS,
    *,
    complete: bool = True,
) -> tuple[Refusal, ...]:
    """Every reason that the text alone shows, by line; none where BuildKit would begin to build.

    Where the arguments are not `complete`, an ARG without a default may yet be given a value, and what hangs on it is
    not judged.
    """
    target = target or dockerfile.stages[-1]
    waiting = frozenset() if complete else awaited(dockerfile.global_args, build_args)
    found = list(_of_the_head(dockerfile))
    try:
        variables = global_variables(dockerfile, build_args, target.name)
    except DockerfileError as error:
        return tuple(found) if waiting else (*found, _refusal(error, 0))
    for stage in dockerfile.stages:
        if not waiting.intersection(_asked(dockerfile, stage, variables)):
            found += _of_a_from(dockerfile, stage, (variables, build_args))
    try:
        check_references(dockerfile, target, build_args)
    except DockerfileError as error:
        found.append(_refusal(error, 0))
    found += _of_stages(dockerfile, target, build_args, complete=complete)
    return tuple(sorted(dict.fromkeys(found), key=lambda each: each.line))


def awaited(arguments: Iterable[Instruction], build_args: Mapping[str, str]) -> frozenset[str]:
    """The names to which these ARGs give no default, and which were given no value."""
    words = [word.text for each in arguments if each.keyword == "ARG" for word in each.words]
    defaults = {text.partition("=")[0] for text in words if "=" in text}
    return frozenset(text for text in words if "=" not in text) - defaults - build_args.keys()


def _asked(dockerfile: Dockerfile, stage: Stage, variables: Mapping[str, str]) -> Iterator[str]:
    """The names in a FROM that nothing gives a value."""
    for text in (stage.base, stage.platform or ""):
        try:
            yield from expand(text, variables, dockerfile.escape)[1]
        except NotSet as error:
            yield error.name
        except DockerfileError:
            continue


def _of_stages(
    dockerfile: Dockerfile, target: Stage, build_args: Mapping[str, str], *, complete: bool
) -> Iterator[Refusal]:
    """What the stages that the target needs are refused for; each begins with what was in force at its base's end."""
    ends: dict[int, tuple[Surroundings, State]] = {}
    for stage in needed(dockerfile, target, build_args):
        parent = find_stage(dockerfile, stage.base, stage.index, build_args)
        around, state = ends[parent.index] if parent else (surroundings(dockerfile, stage, build_args), State())
        for each in (*triggered(dockerfile, stage, build_args), *stage.instructions[1:]):
            trigger = each.span.start < stage.instructions[0].span.start
            yield from _of_an_instruction(dockerfile, each, (around, state), trigger)
            state = after(state, each, around)
            if each.keyword == "ARG" and not complete:
                waiting = awaited((each,), {**build_args, **state.variables})
                state = replace(state, unknown=state.unknown | waiting) if waiting else state
        ends[stage.index] = around, state


def _refusal(error: DockerfileError, line: int) -> Refusal:
    return Refusal(error.line or line, str(error), error.hint)


def _of_the_head(dockerfile: Dockerfile) -> Iterator[Refusal]:
    """`# check=` takes skip, error and experimental."""
    told = dict(dockerfile.directives).get("check", "").strip(BLANK)
    line = [name for name, _ in dockerfile.directives].index("check") + 1 if told else 0
    for option in told.split(";", 2) if told else ():
        key, equals, value = (part.strip(BLANK) for part in option.partition("="))
        truth = value in ("1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False")
        if not equals or key not in ("skip", "error", "experimental") or (key == "error" and not truth):
            yield Refusal(line, f"# check={told} is none", "write # check=skip=RULE,RULE;error=true")


def _of_a_from(
    dockerfile: Dockerfile, stage: Stage, given: tuple[Mapping[str, str], Mapping[str, str]]
) -> Iterator[Refusal]:
    variables, build_args = given
    line = stage.instructions[0].line
    try:
        name = expand(stage.base, variables, dockerfile.escape)[0]
        platform = expand(stage.platform or "", variables, dockerfile.escape)[0]
    except DockerfileError as error:
        yield _refusal(error, line)
        return
    if stage.context:
        pass  # what was given stands there, whatever the name is
    elif not name:
        yield Refusal(line, f"FROM {stage.base} names no image: it is empty", "give its variables a default")
    elif find_stage(dockerfile, stage.base, stage.index, build_args) is None and (why := image_problem(name)):
        other = named_stage(dockerfile, name)
        hint = f"a stage is called so: write FROM {other.name}" if other and other.index < stage.index else ""
        yield Refusal(line, f"FROM {name} names no image: {why}", hint)
    if stage.platform and not platform:
        yield Refusal(line, f"--platform={stage.platform} is empty", "give its variables a default")
    elif stage.platform and (why := platform_problem(platform)):
        yield Refusal(line, f"--platform={platform} is no platform: {why}")


def _of_an_instruction(
    dockerfile: Dockerfile, each: Instruction, at: tuple[Surroundings, State], trigger: bool
) -> Iterator[Refusal]:
    """What one instruction of a stage, or one that it triggers, is refused for."""
    try:
        if trigger:
            _check_trigger(each)
        yield from (Refusal(each.line, why) for why in problems(dockerfile, each, *at))
    except NotSet as error:
        if _decided(error, *at):
            yield _refusal(error, each.line)
    except DockerfileError as error:
        yield _refusal(error, each.line)
    source = each.flag("from") if each.keyword == "COPY" else None
    if source and source_stage(dockerfile, source) is None and not re.fullmatch(r"[+-]?[0-9]+", source):
        why = image_problem(source)
        if why and source != "scratch":
            yield Refusal(each.line, f"--from={source} names no image: {why}")


def _decided(error: NotSet, around: Surroundings, state: State) -> bool:
    """Whether nothing but this file could have set the variable."""
    return error.empty or (around.empty and error.name not in state.unknown and error.name != "PATH")


def _check_trigger(each: Instruction) -> None:
    if each.keyword not in KEYWORDS:
        raise DockerfileError(f"ONBUILD triggers {each.keyword}, which is no instruction", line=each.line)
    check(each)
