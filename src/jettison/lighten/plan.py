"""What would be tried: one build, no contract, nothing changed."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass

from jettison.engine.model import Capabilities
from jettison.lighten import events
from jettison.lighten.ask import Worth, advised
from jettison.lighten.bench import Bench, build, discard, subject_of, told_and_swept
from jettison.lighten.choose import Candidate, candidates, instruction_seconds, wanted
from jettison.lighten.forewarn import forewarned
from jettison.lighten.ledger import Weight
from jettison.lighten.project import check_text
from jettison.lighten.sources import Sources, untriable
from jettison.rule import Finding


@dataclass(frozen=True)
class Plan:
    """`tried` in the order of the first round; `left` are findings that would not be tried, and why not."""

    weight: Weight
    tried: tuple[Candidate, ...]
    left: tuple[tuple[Finding, str], ...]
    worth: int


def plan(bench: Bench, text: str) -> Generator[events.Event, None, Plan]:
    """Build the original (the cache may be used) and ask the rules.

    Raises DockerfileError and UsageError before anything is built, BuildFailed, EngineError, DiskError; their texts
    are redacted.
    """
    check_text(text, bench.recipe)
    with told_and_swept(bench):
        return (yield from _plan(bench, text))


def _plan(bench: Bench, text: str) -> Generator[events.Event, None, Plan]:
    recipe = bench.recipe
    bench.journal.write("plan", project=str(recipe.project), started=time.time(), engine=bench.engine.name)
    yield from forewarned(bench, text)
    yield events.Building("v0", "the Dockerfile as it is", "to see what there is to gain")
    version = yield from build(bench, Sources(text), "v0", cold=False)
    subject = subject_of(bench, version)
    whole = version.instructions_run == version.instructions  # what was cached was timed in some other build
    seconds = instruction_seconds(subject.alignment, version.weight.build_seconds) if whole else {}
    worth = recipe.worth(version.weight.sizes.unpacked)
    findings = yield from advised(bench, version.sources, subject, lambda name: wanted(name, recipe), Worth(worth))
    can = bench.engine.capabilities
    buildable = [each for each in findings if each.fix is None or not untriable(each.fix, can)]
    tried = candidates(buildable, version.dockerfile, recipe, worth, seconds)
    chosen = {id(candidate.finding) for candidate in tried}
    left = tuple((finding, _why_not(finding, worth, can)) for finding in findings if id(finding) not in chosen)
    discard(bench, "v0")
    bench.run.drop_caches()
    bench.journal.write("end", held=True)
    return Plan(version.weight, tuple(tried), left, worth)


def _why_not(finding: Finding, worth: int, can: Capabilities) -> str:
    if finding.proposal:
        return finding.proposal
    if finding.fix is None:
        return finding.refusal or "no fix"
    if finding.predicted < worth:
        return "not worth a build"
    if why := untriable(finding.fix, can):
        return why
    return "not allowed by --select, --ignore or --allow"
