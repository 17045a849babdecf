"""What the commands of `jettison ignore` look at: a context, its Dockerfile where it has one, and who reads what."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from jettison.cli.pairs import context_option, contexts, pairs
from jettison.context.copies import Taken, copies
from jettison.context.ignore import Dialect, Ignore, named_ignore_file, read_ignore
from jettison.context.precedence import Precedence, precedence
from jettison.context.secrets import secrets_of
from jettison.context.walk import Context, filtered, walk
from jettison.core.errors import UsageError
from jettison.dockerfile.contexts import given
from jettison.dockerfile.graph import check_references, needed, resolve_target
from jettison.dockerfile.model import Dockerfile, Named, Stage
from jettison.dockerfile.parse import parse
from jettison.documents.ignore import ContextShown
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
    contexts: Mapping[str, Named]  # named build contexts
    named: str = ""  # which of them `root` is; empty: the build's own context

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
        if not self.named:
            return precedence(self.root, self.dockerfile_path, self.dialect)
        names = (".dockerignore",) if self.dialect is Dialect.BUILDKIT else ()
        return Precedence(self.dialect, named_ignore_file(self.root, self.dialect), (), names)

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
        """What each instruction takes of a context, one that begins at `root`; nothing without a Dockerfile."""
        if self.dockerfile is None:
            return ()
        return copies(self.dockerfile, self.stages, context, self.build_args, self.named)

    def holding(self, name: str) -> Asked:
        """The same upon the named build context that a file of the command line lies in, if it is not in this one."""
        places = _places(name)
        if any(each.is_relative_to(self.root) for each in places):
            return self
        found = (each for each in self.views.values() if any(place.is_relative_to(each.root) for place in places))
        return next(found, self)

    @cached_property
    def views(self) -> Mapping[str, Asked]:
        """The same upon each named build context that is a folder, by its name; none of one of these itself."""
        named = {} if self.named else self.contexts
        folders = {name: each.folder for name, each in named.items() if each.folder is not None}
        return {name: replace(self, root=Path(os.path.realpath(folders[name])), named=name) for name in folders}

    @cached_property
    def every_taking(self) -> tuple[tuple[Taken, ...], tuple[Taken, ...]]:
        """What instructions take of what the ignore file leaves, and what they would of everything."""
        named = tuple(self.by_name())
        return self.takings(self.left) + named, self.takings(self.everything) + named

    def upon(self, name: str) -> ContextShown:
        """What a named build context holds and who takes it. Raises UsageError."""
        found, view = self.contexts[name], self.views.get(name)
        if view is None:
            return ContextShown(found)
        takings = view.takings(view.left)
        return ContextShown(found, view.precedence.file, view.left, takings, secrets_of(view.left, takings))

    def by_name(self) -> Iterator[Taken]:
        """What instructions take of folders in this context that are named ones as well, by its paths in this one."""
        for view in self.views.values():
            if view.root != self.root and view.root.is_relative_to(self.root):
                below = view.root.relative_to(self.root)
                for taken in view.takings(view.left):
                    sources, paths = ([str(below / path) for path in found] for found in (taken.sources, taken.paths))
                    yield replace(taken, sources=tuple(sources), paths=frozenset(paths))


def asked(options: Mapping[str, Any]) -> Asked:
    """The build that the flags describe. Raises UsageError, DockerfileError."""
    place: Path = options["context"]
    file: Path | None = options["file"]
    dialect = Dialect(options["builder"] or Dialect.BUILDKIT)
    build_args = pairs(options["build_args"], "--build-arg")
    named = contexts(options["build_contexts"])
    if file is None and place.is_dir() and not any(os.path.lexists(place / each) for each in NAMES):
        root = place.resolve()
        if root == Path(root.anchor):
            raise UsageError("the build context would be the whole file system", hint="give another --context")
        return Asked(root, dialect, None, None, (), build_args, named)
    if named and dialect is Dialect.CLASSIC:
        raise UsageError("the classic builder takes no named build contexts", hint="leave --builder or them out")
    project = open_project(place, file)
    dockerfile = given(parse(project.text), named, build_args)
    stage = resolve_target(dockerfile, options["target"])
    check_references(dockerfile, stage, build_args)
    stages = needed(dockerfile, stage, build_args)
    return Asked(project.context, dialect, project, dockerfile, stages, build_args, named)


def inside(build: Asked, name: str) -> str:
    """A file that is named on the command line, relative to the context: from here, or else from the context.

    Raises UsageError where it lies outside, or is the context.
    """
    found = next((each for each in _places(name) if each.is_relative_to(build.root)), None)
    path = os.path.normpath(name) if found is None else found.relative_to(build.root).as_posix()
    if path.startswith("/") or path.split("/")[0] == "..":
        hint = "name a file in it, or give another --context"
        raise UsageError(f"{name} is not in the build context {build.root}", hint=hint)
    if path == ".":
        raise UsageError("the build context itself is never left out", hint="name a file in it")
    return path


def _places(name: str) -> tuple[Path, Path]:
    """Where a file that is named lies, seen from here: as it is named, and with links among its folders followed."""
    here = Path(os.path.normpath(Path(os.path.realpath(Path.cwd())) / name))
    return here, Path(os.path.normpath(Path(os.path.realpath(here.parent)) / here.name))


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
            context_option,
            click.option(
                "--builder",
                type=click.Choice([each.value for each in Dialect]),
                help="Whose reading of the ignore file is followed (default: buildkit).",
            ),
        )
    ):
        function = option(function)
    return function
