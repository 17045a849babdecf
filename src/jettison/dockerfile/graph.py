"""Stages and what they stand on; names with their variables filled in.

Source: moby/buildkit `frontend/dockerfile/dockerfile2llb/convert.go` (behaviour). A FROM means an earlier stage or
an image; COPY --from and a mount's from= may name a later stage, too, which is built only where nothing needs it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from jettison.core.errors import DockerfileError, UsageError
from jettison.core.platform import host
from jettison.dockerfile.lexer import expand
from jettison.dockerfile.model import Dockerfile, Instruction, Stage
from jettison.dockerfile.mounts import mount_source

NO_ARGUMENTS: Mapping[str, str] = {}
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")
_CYCLE = "a stage cannot need itself, directly or through others: split it"


def resolve_target(dockerfile: Dockerfile, target: str | None) -> Stage:
    """The stage that ships: the last, or the one that `--target` names. Raises UsageError.

    A number is what other builders take; BuildKit knows names alone.
    """
    if target is None:
        return dockerfile.stages[-1]
    stage = named_stage(dockerfile, target) or (source_stage(dockerfile, target) if target.isdigit() else None)
    if stage is None:
        raise _no_target(dockerfile, target)
    return stage


def _no_target(dockerfile: Dockerfile, target: str) -> UsageError:
    names = [stage.name or str(stage.index) for stage in dockerfile.stages]
    return UsageError(f"there is no stage called {target}", hint=f"stages: {', '.join(names)}")


def find_stage(
    dockerfile: Dockerfile, name: str, before: int, build_args: Mapping[str, str] = NO_ARGUMENTS
) -> Stage | None:
    """The earlier stage that a FROM means; None where it means an image.

    Names of stages are lower case, and FROM is not lowered: `FROM x AS Build` makes a stage that `FROM build` finds.
    """
    if "$" in name or dockerfile.escape in name:
        name = dockerfile.once(("filled", name, key_of(build_args)), lambda: _filled(dockerfile, name, build_args))
    named = dockerfile.stages_named.get(name)
    if named is None:  # as with most bases
        return None
    return next((stage for stage in reversed(named) if stage.index < before), None)


def _filled(dockerfile: Dockerfile, name: str, build_args: Mapping[str, str]) -> str:
    """A name in a FROM with its variables filled in; empty, which names nothing, where that cannot be done."""
    try:
        return expand(name, global_variables(dockerfile, build_args), dockerfile.escape)[0]
    except DockerfileError:
        return ""


def named_stage(dockerfile: Dockerfile, name: str) -> Stage | None:
    """The stage that a mount's `from=name` means: of two with one name the last; None where it means an image."""
    return dockerfile.stages_named.get(name.lower(), (None,))[-1]


def source_stage(dockerfile: Dockerfile, name: str) -> Stage | None:
    """The stage that `COPY --from=name` means, by its number or name; None where it means an image."""
    if not _is_number(name):
        return named_stage(dockerfile, name)
    return dockerfile.stages[int(name)] if 0 <= int(name) < len(dockerfile.stages) else None


def _is_number(name: str) -> bool:
    return _NUMBER.fullmatch(name) is not None


def stage_chain(
    dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str] = NO_ARGUMENTS
) -> tuple[Stage, ...]:
    """The local stages that a stage is FROM, the lowest first, itself last."""
    key = ("chain", stage.index, key_of(build_args))
    known: tuple[Stage, ...] | None = dockerfile.known.get(key)
    if known is not None and known[-1] is stage:
        return known
    found = _chain(dockerfile, stage, build_args)
    if dockerfile.has(stage):
        dockerfile.known[key] = found
    return found


def _chain(dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str]) -> tuple[Stage, ...]:
    above: list[Stage] = [stage]
    below: tuple[Stage, ...] = ()
    while (parent := find_stage(dockerfile, above[-1].base, above[-1].index, build_args)) is not None:
        below = dockerfile.known.get(("chain", parent.index, key_of(build_args)), ())
        if below:
            break
        above.append(parent)
    return (*below, *reversed(above))


def key_of(build_args: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Build arguments as part of a key of what is known of a Dockerfile."""
    return tuple(sorted(build_args.items())) if build_args else ()


def triggered(
    dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str] = NO_ARGUMENTS
) -> tuple[Instruction, ...]:
    """What runs before a stage's own instructions: the ONBUILDs of the stage that it is FROM, and of no other."""
    if not dockerfile.has_triggers:
        return ()
    parent = find_stage(dockerfile, stage.base, stage.index, build_args)
    return tuple(each.trigger for each in parent.instructions if each.trigger) if parent else ()


def _sources(
    dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str]
) -> Iterator[tuple[Stage, Instruction]]:
    """The stages that a stage takes files from, each with the instruction that says so."""
    for instruction in (*triggered(dockerfile, stage, build_args), *stage.instructions):
        for flag in instruction.flags:
            other = None
            if flag.name == "from" and flag.value and instruction.keyword == "COPY":
                other = source_stage(dockerfile, flag.value)
            elif flag.name == "mount":
                other = named_stage(dockerfile, mount_source(flag.value or ""))
            if other is not None:
                yield other, instruction


def takers(dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str] = NO_ARGUMENTS) -> Iterator[Instruction]:
    """The instructions of other stages that use this one: FROM, COPY --from, mounts."""
    for other in dockerfile.stages:
        if find_stage(dockerfile, other.base, other.index, build_args) is stage:
            yield other.instructions[0]
        yield from (instruction for used, instruction in _sources(dockerfile, other, build_args) if used is stage)


def needed(dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str] = NO_ARGUMENTS) -> tuple[Stage, ...]:
    """Every stage that is built for `stage`, in the order of the file, itself included."""
    if not dockerfile.has(stage):
        return _needed(dockerfile, stage, build_args)
    return dockerfile.once(("needed", stage.index, key_of(build_args)), lambda: _needed(dockerfile, stage, build_args))


def _needed(dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str]) -> tuple[Stage, ...]:
    found: dict[int, Stage] = {}
    waiting = [stage]
    while waiting:
        one = waiting.pop()
        if one.index not in found:
            found[one.index] = one
            parent = find_stage(dockerfile, one.base, one.index, build_args)
            waiting += [parent] if parent else []
            waiting += [other for other, _ in _sources(dockerfile, one, build_args)]
    return tuple(found[index] for index in sorted(found))


def check_references(
    dockerfile: Dockerfile, target: Stage | None = None, build_args: Mapping[str, str] = NO_ARGUMENTS
) -> None:
    """Refuse what no builder can order: numbers that no stage has, stages that need each other, or, for the target
    (the last stage where it is None), one that comes later. Raises DockerfileError.
    """
    for stage in dockerfile.stages:
        for instruction in stage.instructions:
            if instruction.keyword == "COPY":
                _check_from(dockerfile, instruction)
    waiting = {stage.index: list(_sources(dockerfile, stage, build_args)) for stage in dockerfile.stages}
    built = {stage.index for stage in needed(dockerfile, target or dockerfile.stages[-1], build_args)}
    for index, uses in waiting.items():
        for other, instruction in uses:
            if index in built and other.index > index:
                if dockerfile.stages[index] in needed(dockerfile, other, build_args):
                    _refuse_order(other, instruction, "which cannot be built before it", _CYCLE)
                _refuse_order(
                    other, instruction, "which comes later", "put that stage first: stages are built in order"
                )
    while ready := [index for index, uses in waiting.items() if not any(each.index in waiting for each, _ in uses)]:
        for index in ready:
            del waiting[index]
    for index in waiting:
        other, instruction = next(use for use in waiting[index] if use[0].index in waiting)
        _refuse_order(other, instruction, "which cannot be built before it", _CYCLE)


def _refuse_order(other: Stage, instruction: Instruction, why: str, hint: str) -> None:
    name = other.name or str(other.index)
    line = instruction.line
    raise DockerfileError(f"line {line} uses the stage {name}, {why}", hint=hint, line=line)


def _check_from(dockerfile: Dockerfile, instruction: Instruction) -> None:
    source, line = instruction.flag("from") or "", instruction.line
    if expand(source, {}, dockerfile.escape)[0] != source:
        hint = "write FROM that image AS NAME, and --from=NAME: FROM takes variables"
        raise DockerfileError(f"--from={source} in line {line} has a variable or a quote", hint=hint, line=line)
    if _is_number(source) and source_stage(dockerfile, source) is None:
        raise DockerfileError(
            f"line {line} copies from stage {source}, and there are {len(dockerfile.stages)}",
            hint="stages are counted from 0; better give the stage a name: FROM IMAGE AS NAME",
            line=line,
        )


def global_variables(
    dockerfile: Dockerfile, build_args: Mapping[str, str], target: str | None = None
) -> Mapping[str, str]:
    """What FROM may use: the platforms, and ARGs before the first FROM with the values of the command line.

    `target` is what the command line names. Raises DockerfileError for a default that cannot be expanded.
    """
    return dockerfile.once(
        ("outer variables", key_of(build_args), target),
        lambda: MappingProxyType(_expanded_globals(dockerfile, build_args, target)),
    )


def _expanded_globals(dockerfile: Dockerfile, build_args: Mapping[str, str], target: str | None) -> dict[str, str]:
    values = {name: build_args.get(name, value) for name, value in _predefined(dockerfile, target)}
    for instruction in dockerfile.global_args:
        for word in instruction.words:
            name, equals, default = word.text.partition("=")
            if name in build_args:
                values[name] = build_args[name]
            elif equals:
                try:
                    values[name] = expand(default, values, dockerfile.escape)[0]
                except DockerfileError as error:
                    raise DockerfileError(str(error), hint=error.hint, line=instruction.line) from None
    return values


def _predefined(dockerfile: Dockerfile, target: str | None) -> Iterator[tuple[str, str]]:
    """The arguments that a builder gives by itself, for a build for this machine."""
    here = host()
    for side in ("BUILD", "TARGET"):
        yield f"{side}PLATFORM", str(here)
        yield f"{side}OS", here.os
        yield f"{side}OSVERSION", ""
        yield f"{side}ARCH", here.architecture
        yield f"{side}VARIANT", here.variant
    yield "TARGETSTAGE", target or dockerfile.stages[-1].name or "default"


def expand_from(dockerfile: Dockerfile, stage: Stage, build_args: Mapping[str, str]) -> str:
    """The image or stage that FROM names. Raises DockerfileError where a variable leaves no name of one, or where a
    named build context that is no image stands there: what that holds is not known."""
    if stage.context and not stage.base:
        line = stage.instructions[0].line
        raise DockerfileError(f"the FROM in line {line} takes the build context {stage.context}", line=line)
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
