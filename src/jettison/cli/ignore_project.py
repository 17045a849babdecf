"""What the commands of `jettison ignore` look at: a context, its Dockerfile where it has one, and who reads what."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from jettison.cli.pairs import pairs
from jettison.context.copies import Taken, copies
from jettison.context.ignore import Dialect, Ignore, read_ignore
from jettison.context.precedence import Precedence, precedence
from jettison.context.walk import Context, filtered, walk
from jettison.core.errors import UsageError
from jettison.dockerfile.graph import check_references, needed, resolve_target
from jettison.dockerfile.model import Dockerfile, Stage
from jettison.dockerfile.parse import parse
from jettison.lighten.project import NAMES, Project, open_project


@dataclass(frozen=True)
class Asked:
    """A build as it is described: nothing is built for what stands here."""

    root: Path
    dialect: Dialect
    project: Project | None  # None: there is no Dockerfile
    dockerfile: Dockerfile | None
    stages: tuple[Stage, ...]  # those that the target needs
    build_args: Mapping[str, str]

    @property
    def dockerfile_path(self) -> Path:
        """The Dockerfile, or where one would be."""
        if self.project is None:
            return self.root / NAMES[0]
        found = self.project.dockerfile
        return found.parent.resolve() / found.name

    @cached_property
    def precedence(self) -> Precedence:
        """The ignore file that counts for the builder that was asked for."""
        return precedence(self.root, self.dockerfile_path, self.dialect)

    @cached_property
    def ignore(self) -> Ignore | None:
        """That file, parsed. Raises UsageError where it cannot be read or is refused."""
        found = self.precedence.file
        return None if found is None else read_ignore(found, self.dialect)

    @cached_property
    def everything(self) -> Context:
        """The directory, whatever ignore files say."""
        return walk(self.root)

    @cached_property
    def left(self) -> Context:
        """What the ignore file leaves of it."""
        return self.everything if self.ignore is None else filtered(self.everything, self.ignore)

    def takings(self, context: Context) -> tuple[Taken, ...]:
        """What each instruction takes of a context; nothing without a Dockerfile."""
        return () if self.dockerfile is None else copies(self.dockerfile, self.stages, context, self.build_args)


def asked(options: Mapping[str, Any]) -> Asked:
    """The build that the flags describe. Raises UsageError, DockerfileError."""
    given: Path = options["context"]
    file: Path | None = options["file"]
    dialect = Dialect(options["builder"] or Dialect.BUILDKIT)
    build_args = pairs(options["build_args"], "--build-arg")
    if file is None and given.is_dir() and not any(os.path.lexists(given / each) for each in NAMES):
        root = given.resolve()
        if root == Path(root.anchor):
            raise UsageError("the build context would be the whole file system", hint="give another --context")
        return Asked(root, dialect, None, None, (), build_args)
    project = open_project(given, file)
    dockerfile = parse(project.text)
    stage = resolve_target(dockerfile, options["target"])
    check_references(dockerfile, stage, build_args)
    return Asked(project.context, dialect, project, dockerfile, needed(dockerfile, stage, build_args), build_args)


def inside(build: Asked, name: str) -> str:
    """A file that is named on the command line, relative to the context: from here, or else from the context.

    Raises UsageError where it lies outside, or is the context.
    """
    here = os.path.normpath(Path(os.path.realpath(Path.cwd())) / name)
    real = os.path.normpath(Path(os.path.realpath(Path(here).parent)) / Path(here).name)
    found = next((each for each in (here, real) if Path(each).is_relative_to(build.root)), None)
    path = os.path.normpath(name) if found is None else Path(found).relative_to(build.root).as_posix()
    if path.startswith("/") or path.split("/")[0] == "..":
        hint = "name a file in it, or give another --context"
        raise UsageError(f"{name} is not in the build context {build.root}", hint=hint)
    if path == ".":
        raise UsageError("the build context itself is never left out", hint="name a file in it")
    return path


def build_options(function: Any) -> Any:
    """What describes the build, the same for each of the commands."""
    for option in reversed(
        (
            click.option(
                "--context",
                type=click.Path(path_type=Path),
                default=".",
                metavar="PATH",
                help="The build context (default: here).",
            ),
            click.option(
                "-f", "--file", type=click.Path(path_type=Path), help="The Dockerfile, if not PATH/Dockerfile."
            ),
            click.option("--target", help="The stage to build."),
            click.option("--build-arg", "build_args", multiple=True, metavar="K=V", help="A build argument."),
            click.option(
                "--builder",
                type=click.Choice([each.value for each in Dialect]),
                help="Whose reading of the ignore file is followed (default: buildkit).",
            ),
        )
    ):
        function = option(function)
    return function
