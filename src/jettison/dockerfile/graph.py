"""Stages and what they stand on; names with their variables filled in.

Source: moby/buildkit `frontend/dockerfile/dockerfile2llb/convert.go` (behaviour). A FROM means an earlier stage or
an image; COPY --from and a mount's from= may also mean a later stage, as long as nothing needs itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from jettison.core.errors import DockerfileError, UsageError
from jettison.core.platform import host
from jettison.dockerfile.lexer import expand
from jettison.dockerfile.model import Dockerfile, Instruction, Stage

_MOUNT_FROM = re.compile(r"(?:^|,)from=([^,]+)")


def resolve_target(dockerfile: Dockerfile, target: str | None) -> Stage:
    """The stage that ships: the last, or the one that `--target` names. Raises UsageError."""
    if target is None:
        return dockerfile.stages[-1]
    for stage in reversed(dockerfile.stages):
        if stage.name == target.lower():
            return stage
    if _is_number(target) and int(target) < len(dockerfile.stages):
        return dockerfile.stages[int(target)]
    names = [stage.name or str(stage.index) for stage in dockerfile.stages]
    raise UsageError(f"there is no stage called {target}", hint=f"stages: {', '.join(names)}")


def find_stage(dockerfile: Dockerfile, name: str, before: int) -> Stage | None:
    """The earlier stage that a FROM means; None where it means an image."""
    for stage in reversed(dockerfile.stages[:before]):
        if stage.name == name.lower():
            return stage
    return None


def source_stage(dockerfile: Dockerfile, name: str) -> Stage | None:
    """The stage that `COPY --from=name` means: of two with one name the last; None where it means an image."""
    if _is_number(name):
        return dockerfile.stages[int(name)] if int(name) < len(dockerfile.stages) else None
    return find_stage(dockerfile, name, len(dockerfile.stages))


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) < 6


def stage_chain(dockerfile: Dockerfile, stage: Stage) -> tuple[Stage, ...]:
    """The local stages that a stage is FROM, the lowest first, itself last."""
    chain = [stage]
    while (parent := find_stage(dockerfile, chain[-1].base, chain[-1].index)) is not None:
        chain.append(parent)
    return tuple(reversed(chain))


def _sources(dockerfile: Dockerfile, stage: Stage) -> Iterator[tuple[Stage, Instruction]]:
    """The stages that a stage uses directly, each with the instruction that says so."""
    parent = find_stage(dockerfile, stage.base, stage.index)
    if parent is not None:
        yield parent, stage.instructions[0]
    for instruction in stage.instructions:
        for flag in instruction.flags:
            names = [flag.value] if flag.name == "from" else []
            if flag.name == "mount":
                names = _MOUNT_FROM.findall(flag.value or "")
            for name in names:
                other = source_stage(dockerfile, name) if name else None
                if other is not None:
                    yield other, instruction


def takers(dockerfile: Dockerfile, stage: Stage) -> Iterator[Instruction]:
    """The instructions of other stages that use this one: FROM, COPY --from, mounts."""
    for other in dockerfile.stages:
        yield from (instruction for used, instruction in _sources(dockerfile, other) if used is stage)


def needed(dockerfile: Dockerfile, stage: Stage) -> tuple[Stage, ...]:
    """Every stage that is built for `stage`, in the order of the file, itself included."""
    found: dict[int, Stage] = {}
    waiting = [stage]
    while waiting:
        one = waiting.pop()
        if one.index not in found:
            found[one.index] = one
            waiting += [other for other, _ in _sources(dockerfile, one)]
    return tuple(found[index] for index in sorted(found))


def check_references(dockerfile: Dockerfile) -> None:
    """Refuse what no builder can order: stages that need each other, a number that no stage has. DockerfileError."""
    for stage in dockerfile.stages:
        for instruction in stage.instructions:
            source = instruction.flag("from")
            if source and _is_number(source) and int(source) >= len(dockerfile.stages):
                raise DockerfileError(
                    f"line {instruction.line} copies from stage {source}, and there are {len(dockerfile.stages)}",
                    hint="stages are counted from 0; better give the stage a name: FROM IMAGE AS NAME",
                    line=instruction.line,
                )
    waiting = {stage.index: list(_sources(dockerfile, stage)) for stage in dockerfile.stages}
    while ready := [index for index, uses in waiting.items() if not any(each.index in waiting for each, _ in uses)]:
        for index in ready:
            del waiting[index]
    for index, uses in waiting.items():
        for other, instruction in uses:
            if dockerfile.stages[index] in needed(dockerfile, other):
                name = other.name or str(other.index)
                raise DockerfileError(
                    f"line {instruction.line} uses the stage {name}, which cannot be built before it",
                    hint="a stage cannot need itself, directly or through others: split it",
                    line=instruction.line,
                )


def global_variables(dockerfile: Dockerfile, build_args: Mapping[str, str]) -> dict[str, str]:
    """What FROM may use: the platforms, and ARGs before the first FROM with the values of the command line."""
    values = dict(_platforms())
    for instruction in dockerfile.global_args:
        for word in instruction.words:
            name, equals, default = word.text.partition("=")
            if name in build_args:
                values[name] = build_args[name]
            elif equals:
                values[name] = expand(default, values, dockerfile.escape)[0]
    return values


def _platforms() -> Iterator[tuple[str, str]]:
    """The platform arguments of a build for this machine."""
    here = host()
    for side in ("BUILD", "TARGET"):
        yield f"{side}PLATFORM", str(here)
        yield f"{side}OS", here.os
        yield f"{side}ARCH", here.architecture
        yield f"{side}VARIANT", here.variant


def expand_from(dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str]) -> str:
    """The image or stage that FROM names. Raises DockerfileError where a variable leaves no name of one."""
    name, missing = expand(stage.base, global_variables(dockerfile, build_args), dockerfile.escape)
    if not name or (missing and re.search(r"^[:@/]|[:@/]$|//|:[@/]|/:", name)):
        line = stage.instructions[0].line
        what = f"{missing[0]} is not defined" if missing else "it is empty"
        variable = missing[0] if missing else "NAME"
        raise DockerfileError(
            f"FROM {stage.base} in line {line} names no image: {what}",
            hint=f"give --build-arg {variable}=VALUE, or ARG {variable}=DEFAULT before the first FROM",
            line=line,
        )
    return name
