"""What a source change costs: two versions built with one file changed, all else from the cache."""

from __future__ import annotations

from collections.abc import Generator

from jettison.context.copies import copies
from jettison.context.sources import source_file
from jettison.core.errors import BuildFailed, DockerfileError, UsageError
from jettison.core.units import show_seconds
from jettison.dockerfile.graph import needed
from jettison.lighten import events
from jettison.lighten.bench import Bench, Version, discard, ignore_of, request_for, subject_of
from jettison.lighten.ledger import Rebuild
from jettison.lighten.probe import CannotProbe, changed_context
from jettison.lighten.sources import Sources

WORTH_SECONDS = 1.0
WORTH_SHARE = 0.10  # of what a build took after a source change; a stranger's load on the machine moves it, too
_NAMES = ("probe-before", "probe-after")


def measure_rebuild(
    bench: Bench, versions: tuple[Sources, Sources], changed: str, patience: float
) -> Generator[events.Event, None, Rebuild]:
    """Seconds of the engine's process for both, each built before and so in the cache but for what `changed` touches.

    `patience`: seconds that each build may take.

    That build before is made here, mostly out of the cache: where a stage was built cold twice, buildah finds the one
    chain of layers for its first instructions and goes on from there, though what follows stands in the other chain.
    Raises CannotProbe, also where one of them does not build with the changed file.
    """
    seconds = []
    with changed_context(bench, ignore_of(bench, versions[0]), changed) as probe:
        try:
            for name, sources, which in zip(_NAMES, versions, ("before", "after"), strict=True):
                yield events.Building(name, f"as it is {which} the change", f"{changed} differs, the rest is cached")
                bench.engine.build(request_for(bench, sources, name, cold=False, seconds=patience), bench.progress)
                probe.change()  # for each anew: what they have in common would be built once
                request = request_for(bench, sources, name, cold=False, context=probe.context, seconds=patience)
                built = bench.engine.build(request, bench.progress)
                yield events.Built(name, built.seconds)
                seconds.append(built.seconds)
        except BuildFailed as error:
            raise CannotProbe(f"with a comment added to {changed} it does not build: {error.message}") from error
        finally:
            discard(bench, *_NAMES)
    return Rebuild(changed, *seconds)


def changeable(bench: Bench, *versions: Version) -> str | None:
    """A source file that every one of these versions takes from the context; None where there is none."""
    among: frozenset[str] | None = None
    context = None
    for version in versions:
        subject = subject_of(bench, version)
        try:
            context = context or subject.sent
            stages = needed(subject.dockerfile, subject.stage, subject.build_args)
            every = copies(subject.dockerfile, stages, subject.sent, subject.build_args)
        except (UsageError, DockerfileError):
            return None
        taken = frozenset().union(*(each.paths for each in every))
        among = taken if among is None else among & taken
    return source_file(context, among) if context is not None and among else None


def worth_keeping(found: Rebuild) -> bool:
    """Whether a build after a source change became shorter by more than chance makes it."""
    return found.before - found.after >= max(WORTH_SECONDS, found.before * WORTH_SHARE)


def no_gain(found: Rebuild) -> str:
    """Why not."""
    needed = max(WORTH_SECONDS, found.before * WORTH_SHARE)
    spared = found.before - found.after
    word = f"saved {show_seconds(spared)}" if spared > 0 else "saved nothing"
    return f"{word} after a source change; it is kept from {show_seconds(needed)} on"
