"""Named build contexts: what a build is given in the place of a stage or an image that its Dockerfile names.

Sources: docs.docker.com/reference/cli/docker/buildx/build ("build-context") and build/concepts/context ("Named
contexts"); moby/buildkit `frontend/dockerui/namedcontext.go` and `dockerfile2llb/convert.go`: a stage of the name is
replaced as a whole, an image of the name wherever it is taken; a FROM that means an earlier stage means that.
docker/buildx `util/buildflags/context.go` and `build/opt.go`: how a name is compared, which values are no folders.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from jettison.core.errors import DockerfileError, UsageError
from jettison.dockerfile.graph import NO_ARGUMENTS, find_stage, global_variables, source_stage
from jettison.dockerfile.lexer import expand
from jettison.dockerfile.model import Dockerfile, Named, Stage
from jettison.dockerfile.mounts import mount_source
from jettison.dockerfile.names import image_problem

_IMAGE = "docker-image://"
ELSEWHERE = re.compile(r"(?:[a-z][a-z0-9+.-]*://|target:|service:|[\w.-]+@[\w.-]+:|github\.com/)")


def familiar(name: str) -> str:
    """An image's name as contexts are compared by: `docker.io/library/alpine:latest` is `alpine`."""
    return name.removeprefix("docker.io/").removeprefix("library/").removesuffix(":latest")


def named(name: str, value: str, folder: Path) -> Named:
    """The context that a name and its value come to; a path is seen from `folder`. Nothing is looked up.

    Raises UsageError where the name could be none of a stage or an image, or the value is empty.
    """
    if not name:
        raise UsageError(f"the build context {value} has no name", hint=f"write NAME={value}")
    if why := image_problem(name):
        raise UsageError(f"{name} names no build context: {why}", hint="write NAME=VALUE: src=../lib")
    if not value:
        raise UsageError(
            f"the build context {name} has no value", hint=f"write {name}=../lib, or {name}=docker-image://NAME:TAG"
        )
    if value.startswith(_IMAGE):
        image = value.removeprefix(_IMAGE)
        if why := image_problem(image):
            raise UsageError(f"{value} of the build context {name} names no image: {why}", hint="write NAME:TAG")
        return Named(name, value, image=image)
    if ELSEWHERE.match(value):
        return Named(name, value)
    place = Path(os.path.normpath(folder / value))
    return Named(name, value, folder=None if place == Path(place.anchor) else place)  # nobody walks a whole file system


def given(
    dockerfile: Dockerfile, contexts: Mapping[str, Named], build_args: Mapping[str, str] = NO_ARGUMENTS
) -> Dockerfile:
    """The same text as a builder takes it that is given these contexts, by their familiar names."""
    if not contexts:
        return dockerfile
    stages = tuple(_stage(dockerfile, each, contexts, build_args) for each in dockerfile.stages)
    return replace(dockerfile, stages=stages, contexts=contexts)


def _stage(dockerfile: Dockerfile, stage: Stage, contexts: Mapping[str, Named], build_args: Mapping[str, str]) -> Stage:
    if stage.name is not None and stage.name in contexts:
        base = _image(dockerfile, contexts[stage.name])
        return replace(stage, base=base, instructions=stage.instructions[:1], context=stage.name)
    if find_stage(dockerfile, stage.base, stage.index, build_args) is not None:
        return stage
    try:
        base = expand(stage.base, global_variables(dockerfile, build_args), dockerfile.escape)[0]
    except DockerfileError:
        return stage
    name = familiar(base)
    if base == "scratch" or name not in contexts:
        return stage
    return replace(stage, base=_image(dockerfile, contexts[name]), context=name)


def _image(dockerfile: Dockerfile, context: Named) -> str:
    """The image's name, which no FROM takes for that of a stage."""
    return f"{context.image}:latest" if context.image in dockerfile.stages_named else context.image


def meant(dockerfile: Dockerfile, source: str) -> str:
    """The context that `--from=source` means, by its familiar name; empty where it is a stage or an image."""
    stage = source_stage(dockerfile, source)
    if stage is not None:
        return stage.context if stage.context == stage.name else ""
    name = familiar(source)
    return name if name in dockerfile.contexts else ""


def used(dockerfile: Dockerfile) -> frozenset[str]:
    """The contexts that some `from=` of the file means: the others are not looked into."""
    if not dockerfile.contexts:
        return frozenset()
    every = [each for stage in dockerfile.stages for one in stage.instructions for each in (one, one.trigger) if each]
    flags = [(flag.name, flag.value or "") for each in every for flag in each.flags]
    sources = [mount_source(value) if name == "mount" else value for name, value in flags if name in ("from", "mount")]
    return frozenset(meant(dockerfile, each) for each in sources) - {""}


def also(dockerfile: Dockerfile, folder: Path) -> frozenset[str]:
    """The contexts that are this very folder, which the build has as its own: what one of them takes, both lose."""
    every = dockerfile.contexts.items()
    return frozenset(name for name, each in every if each.folder is not None and _is_same(each.folder, folder))


def _is_same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
