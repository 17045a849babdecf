"""Stages and what they stand on; names with their variables filled in.

Source: moby/buildkit `frontend/dockerfile/dockerfile2llb/convert.go` (behaviour).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from jettison.core.errors import DockerfileError, UsageError
from jettison.dockerfile.model import Dockerfile, Instruction, Stage

_VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+])([^}]*))?\})")
_MOUNT_FROM = re.compile(r"(?:^|,)from=([^,]+)")


def resolve_target(dockerfile: Dockerfile, target: str | None) -> Stage:
    """The stage that ships: the last, or the one that `--target` names. Raises UsageError."""
    if target is None:
        return dockerfile.stages[-1]
    for stage in dockerfile.stages:
        if stage.name == target.lower():
            return stage
    if target.isdigit() and int(target) < len(dockerfile.stages):
        return dockerfile.stages[int(target)]
    names = [stage.name or str(stage.index) for stage in dockerfile.stages]
    raise UsageError(f"there is no stage called {target}", hint=f"stages: {', '.join(names)}")


def find_stage(dockerfile: Dockerfile, name: str, before: int) -> Stage | None:
    """The earlier stage that a name means; None where it means an image."""
    for stage in reversed(dockerfile.stages[:before]):
        if stage.name == name.lower():
            return stage
    return None


def stage_chain(dockerfile: Dockerfile, stage: Stage) -> tuple[Stage, ...]:
    """The local stages that a stage is FROM, the lowest first, itself last."""
    parent = find_stage(dockerfile, stage.base, stage.index)
    return (*stage_chain(dockerfile, parent), stage) if parent else (stage,)


def needed(dockerfile: Dockerfile, stage: Stage) -> tuple[Stage, ...]:
    """Every stage that is built for `stage`, in the order of the file, itself included."""
    found: dict[int, Stage] = {}
    waiting = [stage]
    while waiting:
        one = waiting.pop()
        if one.index in found:
            continue
        found[one.index] = one
        names = [one.base]
        for instruction in one.instructions:
            names += [flag.value for flag in instruction.flags if flag.name == "from" and flag.value]
            for flag in instruction.flags:
                if flag.name == "mount" and flag.value:
                    names += _MOUNT_FROM.findall(flag.value)
        for name in names:
            other = find_stage(dockerfile, name, one.index)
            if other is None and name.isdigit() and int(name) < one.index:
                other = dockerfile.stages[int(name)]
            if other is not None:
                waiting.append(other)
    return tuple(found[index] for index in sorted(found))


def check_references(dockerfile: Dockerfile) -> None:
    """Refuse what no builder can order: a stage that copies from itself or from a later one. DockerfileError."""
    names = {stage.name: stage.index for stage in dockerfile.stages if stage.name}
    for stage in dockerfile.stages:
        for instruction in stage.instructions:
            source = instruction.flag("from")
            if source is None:
                continue
            index = names.get(source.lower(), int(source) if source.isdigit() else -1)
            if index >= stage.index:
                raise DockerfileError(
                    f"line {instruction.line} copies from the stage {source}, which is not built before it",
                    hint="a stage can only use earlier stages: reorder them",
                    line=instruction.line,
                )


def expand(text: str, variables: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """`text` with `$X`, `${X}`, `${X:-d}`, `${X:+d}` filled in, and the names that nothing defines."""
    missing: list[str] = []

    def fill(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        value, operator, word = variables.get(name), match[3] or "", match[4] or ""
        is_set = value is not None and (value != "" or not operator.startswith(":"))
        if operator.endswith("-"):
            return value if is_set and value is not None else word
        if operator.endswith("+"):
            return word if is_set else ""
        if value is None:
            missing.append(name)
        return value or ""

    return _VARIABLE.sub(fill, text), tuple(missing)


def global_variables(dockerfile: Dockerfile, build_args: Mapping[str, str]) -> dict[str, str]:
    """ARGs before the first FROM, with the values given on the command line."""
    values = {"TARGETOS": "linux", "BUILDOS": "linux"}
    for instruction in dockerfile.global_args:
        for word in instruction.words:
            name, equals, default = word.text.partition("=")
            if name in build_args:
                values[name] = build_args[name]
            elif equals:
                values[name] = expand(unquote(default), values)[0]
    return values


def expand_from(dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str]) -> str:
    """The image or stage that FROM names. Raises DockerfileError where a variable leaves nothing."""
    name, missing = expand(unquote(stage.base), global_variables(dockerfile, build_args))
    if missing and not re.sub(r"[:@/.-]", "", name):
        line = stage.instructions[0].line
        raise DockerfileError(
            f"FROM {stage.base} in line {line} names no image: {missing[0]} is not defined",
            hint=f"give --build-arg {missing[0]}=VALUE, or ARG {missing[0]}=DEFAULT before the first FROM",
            line=line,
        )
    return name


def unquote(text: str) -> str:
    """A word without the quotes around it."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text


@dataclass(frozen=True)
class State:
    """What is in force before an instruction; None where the base image decides."""

    env: Mapping[str, str] = field(default_factory=dict)
    workdir: str | None = None
    user: str | None = None
    shell: tuple[str, ...] | None = None


def state_at(dockerfile: Dockerfile, stage: Stage, instruction: Instruction) -> State:
    """ENV, WORKDIR, USER and SHELL as the instructions before this one set them, local bases included."""
    env: dict[str, str] = {}
    workdir: str | None = None
    user: str | None = None
    shell: tuple[str, ...] | None = None
    for one in stage_chain(dockerfile, stage):
        for each in one.instructions:
            if each is instruction:
                return State(env, workdir, user, shell)
            if each.keyword == "ENV":
                env |= _env(each, env)
            elif each.keyword == "USER":
                user = expand(unquote(each.value), env)[0]
            elif each.keyword == "SHELL":
                shell = each.exec_form
            elif each.keyword == "WORKDIR":
                path = expand(unquote(each.value), env)[0]
                workdir = path if path.startswith("/") else f"{(workdir or '').rstrip('/')}/{path}" if workdir else None
    return State(env, workdir, user, shell)


def _env(instruction: Instruction, env: Mapping[str, str]) -> dict[str, str]:
    words = [word.text for word in instruction.words]
    if words and "=" not in words[0]:  # ENV NAME the rest
        return {words[0]: expand(instruction.value[len(words[0]) :].strip(), env)[0]}
    found = {}
    for word in words:
        name, _, value = word.partition("=")
        found[name] = expand(unquote(value), env)[0]
    return found
