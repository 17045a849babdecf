"""What a compiler remembers is thrown away with each build."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from jettison.commands.invocation import Invocation
from jettison.commands.left import Left, filled, is_mounted
from jettison.commands.model import Run
from jettison.commands.tables import go
from jettison.context.ci_builders import without_mounts
from jettison.context.sources import source_file
from jettison.core.errors import DockerfileError, UsageError
from jettison.core.values import Applicability, Severity
from jettison.dockerfile import edit
from jettison.dockerfile.graph import needed
from jettison.dockerfile.model import Stage
from jettison.rule import Finding, Fix, rule
from jettison.subject import Subject
from jettison.synthesis.left_in_text import ROOT

NAME = "build-cache-not-mounted"
_CLEANS = re.compile(r"\.cache\b|go-build|GOCACHE|go\s+clean")
_SOURCES = ".go"


@rule("JT206", severity=Severity.NOTE)  # seconds, which only a rebuild tells
def build_cache_not_mounted(subject: Subject) -> Iterator[Finding]:
    """A compiler's cache is empty at each build, so that one changed line compiles everything anew.

    **What it costs.** No bytes: time. `go build` remembers each package that it compiled, the standard library's too,
    in `~/.cache/go-build`; a builder begins every RUN that it cannot take from its cache without that folder.

    **The fix** keeps the folder from build to build: `RUN --mount=type=cache,target=/root/.cache/go-build`. Only in
    stages that do not ship: in one that ships, the cache itself is what costs, and a stage for building is the way. The
    variant for builders without cache mounts is dependencies-installed-after-the-sources, whose changes come first.

    **Safety.** LOSSLESS is claimed and looked at: the image's tree is the same. Not tried where the builder at hand
    takes no cache mounts (Docker's classic one), where a CI file of the project names kaniko or the classic builder,
    where the RUN cleans the cache itself, or where it runs as somebody else than root, to whom a mount belongs. Whoever
    can build on a machine can write to its cache mounts: one that strangers share should not have any.

    It is kept where a build after a source change became shorter, measured as for
    dependencies-installed-after-the-sources. Cold builds are timed with the mounts empty, as a fresh machine finds
    them. What a try left in a mount of BuildKit's stays there, where your own next build finds it.

    This rule's example needs a build context and a builder, which a listing of layers does not hold: it is tested on
    handmade projects (tests/rules/test_build_cache_not_mounted.py) and on a real build
    (tests/lighten/test_cache_mount_built.py).
    """
    if subject.cache_mounts is None:
        return
    try:
        for stage in needed(subject.dockerfile, subject.stage, subject.build_args):
            yield from _of_stage(subject, stage)
    except (UsageError, DockerfileError):
        return  # no context, or one that the builder refuses: it says so itself


def _of_stage(subject: Subject, stage: Stage) -> Iterator[Finding]:
    own = {id(each) for each in stage.instructions}
    found = [left for left in _compiling(subject) if id(left.run.instruction) in own]
    if not found:
        return
    taken = frozenset().union(*(each.paths for each in subject.text.taken([stage])))
    changed = source_file(subject.sent, frozenset(path for path in taken if path.endswith(_SOURCES)))
    if changed is None:
        return
    first = found[0].run.instruction
    message = f"line {first.line} compiles all packages anew after each change of a source"
    refusal = _refusal(subject, found)
    if refusal:
        yield Finding(NAME, message, first, 0, refusal=refusal)
        return
    runs = {id(left.run.instruction): left for left in found}
    edits = tuple(
        edit.add_flag(left.run.instruction, f"--mount=type=cache,target={_place(left)}") for left in runs.values()
    )
    fix = Fix("keep Go's build cache in a cache mount", Applicability.LOSSLESS, edits)
    yield Finding(NAME, message, first, 0, fix, probe=changed, after="dependencies-installed-after-the-sources")


def _compiling(subject: Subject) -> Iterator[Left]:
    """What each RUN that does not ship surely leaves of a compiler's cache, no mount holding it."""
    for run, invocation in subject.text.managed:
        if run.readable and invocation.call.certain and not subject.text.ships(run):
            yield from _unmounted(run, invocation)


def _unmounted(run: Run, invocation: Invocation) -> Iterator[Left]:
    for left in filled(run, invocation):
        if left.store is go.BUILDS and not is_mounted(left, run) and not _CLEANS.search(run.instruction.value):
            yield left


def _refusal(subject: Subject, found: Sequence[Left]) -> str:
    """Why no mount is written, where one could be expected."""
    if not subject.cache_mounts:
        return "the builder here takes no cache mounts: BuildKit (DOCKER_BUILDKIT=1) does"
    lesser = without_mounts(subject.context)
    if lesser is not None:
        return f"{lesser.file} builds with {lesser.name}, which has no cache mounts"
    other = next((left for left in found if (left.call.user or "root").partition(":")[0] not in ROOT), None)
    if other is not None:
        return f"line {other.run.instruction.line} runs as {other.call.user}, and a cache mount belongs to root"
    return ""


def _place(left: Left) -> str:
    return "/root" + left.places[0][1:] if left.places[0].startswith("~") else left.places[0]
