"""One build of one version: written down, built, weighed."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from jettison.align import Alignment, align
from jettison.contract.observe import Target
from jettison.core import state
from jettison.core.errors import (
    BuildFailed,
    DiskError,
    EngineError,
    ImageError,
    Interrupted,
    JettisonError,
    UsageError,
)
from jettison.core.redact import Redactor
from jettison.core.reference import Reference
from jettison.dockerfile.contexts import given
from jettison.dockerfile.graph import expand_from, resolve_target, stage_chain
from jettison.dockerfile.model import Dockerfile, Stage
from jettison.dockerfile.parse import encode, parse
from jettison.engine.model import BuildRequest, Built, Engine
from jettison.image.model import Image
from jettison.image.open import open_image
from jettison.image.transfer import transfer_size
from jettison.lighten import events
from jettison.lighten.empty_caches import with_empty_caches
from jettison.lighten.journal import Journal
from jettison.lighten.ledger import Weight
from jettison.lighten.recipe import Recipe
from jettison.lighten.run import Run
from jettison.lighten.secrecy import redact_error
from jettison.lighten.sources import Sources, encode_file, ignore_file
from jettison.packages.dpkg import read_status
from jettison.subject import IGNORE_FILE, Answer, IgnoreFile, Question, Subject

PACKED_AT_MOST = 4 * 10**9  # bytes; a minute or two of one core
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Bench:
    """What every trial of a run works with."""

    recipe: Recipe
    engine: Engine
    run: Run
    progress: Progress | None = None
    redactor: Redactor = field(default_factory=Redactor)
    bases: dict[str, Image | None] = field(default_factory=dict)  # fetched so far, by name
    answers: dict[Question, Answer] = field(default_factory=dict)  # to what rules asked so far
    packed: dict[str, int] = field(default_factory=dict)  # compressed bytes of layers, by diff ID

    @property
    def journal(self) -> Journal:
        return Journal(self.run.directory / "journal")

    @cached_property
    def ignore(self) -> IgnoreFile:
        """The ignore file that counts for the user's own build, as it was when first asked. Raises UsageError."""
        return ignore_file(self.recipe, self.engine)


@dataclass(frozen=True)
class Version:
    """Sources, built and weighed."""

    name: str  # v0, v1 ...
    sources: Sources
    tag: str
    image_id: str
    image: Image
    weight: Weight
    instructions: int
    instructions_run: int

    @property
    def text(self) -> str:
        """The Dockerfile's."""
        return self.sources.text

    @cached_property
    def dockerfile(self) -> Dockerfile:
        return parse(self.text)


@contextmanager
def told_and_swept(bench: Bench) -> Iterator[None]:
    """An error on its way out is redacted and goes into the journal, and the run's images go.

    Interrupted goes as it is: from the images of its versions `--resume` goes on.
    """
    try:
        yield
    except Interrupted:
        raise
    except JettisonError as error:
        redact_error(error, bench.redactor)
        with suppress(JettisonError):
            bench.engine.sweep(bench.run.tag(""))
            bench.journal.write("failed", reason=error.message)
        raise


def build(
    bench: Bench, sources: Sources, name: str, *, cold: bool, seconds: float | None = None
) -> Generator[events.Event, None, Version]:
    """Build and weigh `sources` as `name`, within `seconds`. Raises BuildFailed, EngineError, DiskError, UsageError."""
    request = request_for(bench, sources, name, cold=cold, seconds=seconds)
    try:
        built = bench.engine.build(request, bench.progress)
    except (BuildFailed, DiskError):
        as_written = encode(sources.text)
        if request.dockerfile.read_bytes() == as_written:
            raise
        with state.disk_errors("write", request.dockerfile, hint=state.MOVE):
            request.dockerfile.write_bytes(as_written)
        built = bench.engine.build(request, bench.progress)
        yield events.Note(
            f"{name} was not built with its cache mounts empty, in memory, but with what they hold: else it failed"
        )
    record_built(bench, built, sources, name)
    yield events.Built(name, built.seconds)
    version = weigh(sources, name, request.tag, built)
    yield events.Weighed(name, version.weight.sizes)
    return version


def request_for(
    bench: Bench,
    sources: Sources,
    name: str,
    *,
    cold: bool,
    context: Path | None = None,
    seconds: float | None = None,
) -> BuildRequest:
    """What the engine is asked for, its Dockerfile written down. Raises DiskError, EngineError.

    `context`: a copy of the user's. `seconds`: how long the build may take, None for ever.
    """
    recipe = bench.recipe
    if recipe.contexts and not bench.engine.capabilities.build_contexts:
        raise EngineError(
            f"{bench.engine.name} here has no --build-context",
            hint="name another --engine, buildah for example; or install docker buildx as the builder of docker build",
        )
    kept = bench.engine.builder == "buildkit"  # its cache mounts, by the daemon; Buildah has those of `caches`, or none
    path = bench.run.directory / name / "Dockerfile"
    with state.disk_errors("write", path, hint=state.MOVE):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(encode(with_empty_caches(sources.text) if cold and kept else sources.text))
        ignored = _write_ignore_file(bench, sources, path)
    return BuildRequest(
        context=context or recipe.project,
        dockerfile=path,
        tag=bench.run.tag(name),
        target=recipe.target,
        build_args=recipe.build_args,
        secrets=recipe.secrets,
        ignore_file=ignored,
        use_cache=not cold,
        caches=None if cold else bench.run.caches,
        cache_seconds=bench.run.age,
        contexts=tuple(f"{each.name}={each.value}" for each in recipe.contexts.values()),
        arguments=recipe.engine_arguments,
        seconds=seconds,
    )


def _write_ignore_file(bench: Bench, sources: Sources, dockerfile: Path) -> Path | None:
    """The ignore file beside the Dockerfile that is built, where the one at the context's root must not count.

    The user's `Dockerfile.dockerignore` stands beside theirs, where no builder looks while it is given ours.
    """
    path = dockerfile.with_name(f"{dockerfile.name}.dockerignore")
    text = sources.files.get(IGNORE_FILE, bench.ignore.text if bench.ignore.beside else None)
    if text is None:
        path.unlink(missing_ok=True)  # of an interrupted try under the same name
        return None
    path.write_bytes(encode_file(text))
    return path


def record_built(bench: Bench, built: Built, sources: Sources, name: str) -> None:
    """Journal a finished build, so that `--resume` need not repeat it."""
    bench.journal.write(
        "built",
        version=name,
        text=sources.text,
        files=dict(sources.files),
        reference=str(built.reference),
        image_id=built.image_id,
        seconds=built.seconds,
        cold=built.cold,
        instructions=[[bench.redactor.text(run.text), run.cached, run.seconds] for run in built.instructions],
    )


def weigh(sources: Sources, name: str, tag: str, built: Built) -> Version:
    """The version that a build made, with its numbers read from its layers."""
    image = open_image(built.reference)
    weight = Weight(
        sizes=image.sizes,
        layers=len(image.layers),
        build_seconds=built.seconds,
        cold=built.cold,
    )
    run = sum(not instruction.cached for instruction in built.instructions)
    return Version(name, sources, tag, built.image_id, image, weight, len(built.instructions), run)


def target_of(bench: Bench, version: Version) -> Target:
    """The version as something that can be started."""
    return Target(bench.engine, version.image_id, version.image, bench.run.id)


def measure_transfer(bench: Bench, version: Version) -> Version:
    """The same version with its transfer size; layers that were packed before in this run are not packed again."""
    to_pack = sum(layer.unpacked for layer in version.image.layers if layer.diff_id not in bench.packed)
    if to_pack > PACKED_AT_MOST:
        return version
    try:
        size = transfer_size(version.image, bench.packed)
    except (ImageError, OSError):
        return version
    return with_weight(version, replace(version.weight, sizes=replace(version.weight.sizes, transfer=size)))


def count_packages(version: Version, subject: Subject) -> Version:
    """The same version with its number of Debian packages, None where it has no such database."""
    packages = read_status(subject.tree)
    return with_weight(version, replace(version.weight, packages=len(packages) if packages else None))


def with_weight(version: Version, weight: Weight) -> Version:
    """The same version with these numbers."""
    return replace(version, weight=weight)


def subject_of(bench: Bench, version: Version) -> Subject:
    """The one view that rules look at."""
    dockerfile = given(version.dockerfile, bench.recipe.contexts, bench.recipe.build_args)
    stage = resolve_target(dockerfile, bench.recipe.target)
    return Subject(
        dockerfile=dockerfile,
        context=bench.recipe.project,
        image=version.image,
        alignment=_align(bench, version, dockerfile, stage),
        stage=stage,
        build_args=bench.recipe.build_args,
        base=lambda name: fetched(bench, name),
        policy=bench.recipe.base,
        ignore=ignore_of(bench, version.sources),
        path=bench.recipe.dockerfile,
        cache_mounts=bench.engine.capabilities.cache_mounts,
    )


def ignore_of(bench: Bench, sources: Sources) -> IgnoreFile:
    """The ignore file that these sources are built with."""
    text = sources.files.get(IGNORE_FILE)
    return bench.ignore if text is None else replace(bench.ignore, name=IGNORE_FILE, text=text, beside=False)


def fetched(bench: Bench, name: str) -> Image | None:
    """A base image that may replace another, asked for once a run; None where it cannot be had or read."""
    if name not in bench.bases:
        reference = bench.engine.fetch(name)
        try:
            bench.bases[name] = open_image(reference) if reference is not None else None
        except ImageError:
            bench.bases[name] = None
    return bench.bases[name]


def _align(bench: Bench, version: Version, dockerfile: Dockerfile, stage: Stage) -> Alignment:
    chain = stage_chain(dockerfile, stage, bench.recipe.build_args)
    name = expand_from(dockerfile, chain[0], bench.recipe.build_args) if chain[0].base else ""
    base = None
    if name not in ("", "scratch"):
        try:
            base = open_image(Reference(version.image.reference.transport, name))
        except (ImageError, UsageError):
            base = None
    return align(chain, version.image, base, builder=bench.engine.builder)


def discard(bench: Bench, *names: str) -> None:
    """Forget the images of versions that nobody needs."""
    bench.engine.remove_images([bench.run.tag(name) for name in names])
    for name in names:
        shutil.rmtree(bench.run.directory / name, ignore_errors=True)


def context_fingerprint(project: Path, *others: Path) -> int:
    """A number that changes when a file below one of these is added, removed, resized or touched; 64 bits."""
    total = 0
    every = {project, *others}
    stack = [each for each in every if every.isdisjoint(each.parents)]
    while stack:
        try:
            entries = list(stack.pop().iterdir())
        except OSError:
            continue
        for entry in entries:
            try:
                status = entry.lstat()
            except OSError:
                continue
            told = (os.path.relpath(entry, project), status.st_size, status.st_mtime_ns, status.st_mode)
            total ^= int.from_bytes(hashlib.sha256(repr(told).encode()).digest()[:8], "big")
            if stat.S_ISDIR(status.st_mode):
                stack.append(entry)
    return total
