"""One step of the loop: predict, change, rebuild, weigh, check, and a verdict."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

from jettison.compare import compare_config, compare_trees
from jettison.contract.declared import withdrawn
from jettison.contract.model import Contract
from jettison.contract.replay import judge
from jettison.contract.start_up import STARTS, compare_starts, seems_slow
from jettison.core.errors import BuildFailed
from jettison.core.units import show_bytes, show_seconds
from jettison.core.values import Applicability
from jettison.lighten import events
from jettison.lighten.baseline import Baseline
from jettison.lighten.bench import Bench, Version, build, discard, ignore_of, target_of, with_weight
from jettison.lighten.choose import Candidate, limited, permitted
from jettison.lighten.ledger import Step, Verdict
from jettison.lighten.probe import CannotProbe, why_not
from jettison.lighten.rebuild import measure_rebuild, no_gain, worth_keeping
from jettison.lighten.recipe import Recipe
from jettison.lighten.sources import difference
from jettison.rule import Fix


@dataclass(frozen=True)
class Outcome:
    """A step with its verdict; `version` is the candidate where it was kept; the contract may have lost
    checks that turned out unsteady."""

    step: Step
    version: Version | None
    contract: Contract | None


def attempt(
    bench: Bench, baseline: Baseline, current: Version, candidate: Candidate, name: str
) -> Generator[events.Event, None, Outcome]:
    """Try one change on `current`; what is not kept leaves nothing behind."""
    outcome = yield from _attempt(bench, baseline, current, candidate, name)
    step = replace(outcome.step, reason=bench.redactor.text(outcome.step.reason))
    if outcome.version is None:
        discard(bench, name)
        return replace(outcome, step=replace(step, version=""))
    return replace(outcome, step=step)


def _attempt(
    bench: Bench, baseline: Baseline, current: Version, candidate: Candidate, name: str
) -> Generator[events.Event, None, Outcome]:
    finding = candidate.finding
    assert finding.fix is not None
    made = candidate.made_of(current.sources)
    diff = difference(current.sources, made, bench.recipe.dockerfile_name, bench.ignore)
    step = _untried(candidate, finding.fix, diff)
    if finding.probe and (reason := why_not(bench, ignore_of(bench, current.sources), finding.probe)):
        return Outcome(replace(step, reason=reason), None, baseline.contract)
    try:
        version = yield from build(bench, made, name, cold=False, seconds=baseline.patience)
    except BuildFailed as error:
        failed = replace(step, verdict=Verdict.BUILD_FAILED, reason=error.told)
        return Outcome(failed, None, baseline.contract)
    step = replace(
        step,
        version=name,
        measured=current.weight.sizes.unpacked - version.weight.sizes.unpacked,
        weight=version.weight,
        instructions=version.instructions,
        instructions_run=version.instructions_run,
    )
    step = yield from _gain(bench, baseline, (current, version), candidate, step)
    outcome = Outcome(step, None, baseline.contract)
    if step.verdict.kept:
        outcome = yield from _judge(bench, baseline, (current, version), step, finding.fix.declares)
    if outcome.version is not None and bench.recipe.cold_times:
        return (yield from _time_cold(bench, baseline, outcome, name))
    return outcome


def _untried(candidate: Candidate, fix: Fix, diff: str) -> Step:
    return Step(
        version="",
        rules=(candidate.finding.rule,),
        title=fix.title,
        applicability=fix.applicability,
        predicted=candidate.finding.predicted,
        predicted_seconds=candidate.spared_seconds,
        measured=None,
        weight=None,
        verdict=Verdict.SKIPPED,
        reason="",
        diff=diff,
    )


def _gain(
    bench: Bench, baseline: Baseline, versions: tuple[Version, Version], candidate: Candidate, step: Step
) -> Generator[events.Event, None, Step]:
    """The step with KEPT or KEPT_CACHE where it is better in its currency, and works; else with what it is."""
    gain = step.measured or 0
    if candidate.finding.probe:
        return (yield from _gain_in_seconds(bench, baseline, versions, candidate, step))
    needed = needed_bytes(bench.recipe, baseline, versions[0])
    if gain < needed and not candidate.by_name:
        return replace(step, verdict=Verdict.NO_GAIN, reason=_no_gain(gain, needed))
    told = "done because --select names it" if gain < needed else ""
    return replace(step, verdict=Verdict.KEPT, reason=told)


def _gain_in_seconds(
    bench: Bench, baseline: Baseline, versions: tuple[Version, Version], candidate: Candidate, step: Step
) -> Generator[events.Event, None, Step]:
    """Seconds are worth no more bytes than the fix declared, and what v0 moves by itself."""
    current, version = versions
    grown = -(step.measured or 0)
    if grown > max(-candidate.finding.predicted, baseline.noise_bytes):
        return replace(step, verdict=Verdict.NO_GAIN, reason=_no_gain(-grown, 0))
    try:
        found = yield from measure_rebuild(
            bench, (current.sources, version.sources), candidate.finding.probe, baseline.patience
        )
    except CannotProbe as error:
        return replace(step, verdict=Verdict.NO_GAIN, reason=f"its seconds cannot be measured: {error.reason}")
    step = replace(step, rebuild=found)
    if not worth_keeping(found):
        return replace(step, verdict=Verdict.NO_GAIN, reason=no_gain(found))
    return replace(step, verdict=Verdict.KEPT_CACHE)


def _judge(
    bench: Bench, baseline: Baseline, versions: tuple[Version, Version], step: Step, declares: tuple[str, ...]
) -> Generator[events.Event, None, Outcome]:
    contract, (current, version) = baseline.contract, versions
    step = _check_claim(baseline, current, version, step)
    if not permitted(step.applicability, step.rules[0], limited(bench.recipe, contract)):
        return Outcome(replace(step, verdict=Verdict.SKIPPED), None, contract)
    if contract is None:
        return Outcome(step, version, contract)
    yield events.Checking(version.name)
    targets = target_of(bench, version), target_of(bench, baseline.version)
    given = contract
    replay, contract = judge(given, *targets, declares=declares)
    weight = replace(version.weight, start_seconds=replay.start_seconds)
    version, step = with_weight(version, weight), replace(step, weight=weight)
    if not replay.held:
        first = replay.failures[0]
        reason = f"{first.check.what}: {first.evidence}"
        return Outcome(replace(step, verdict=Verdict.BROKE_CONTRACT, reason=reason), None, contract)
    if seems_slow(contract, replay):
        yield events.Note(f"{version.name} was slow to start: it and v0 are started {STARTS} times more, in turn")
        starts = compare_starts(contract, targets[1], targets[0])
        if starts.worse:
            weight = replace(weight, start_seconds=starts.seconds)
            told = f"{starts}{_start_before(baseline, current)}"
            step = replace(step, weight=weight, verdict=Verdict.NO_GAIN, reason=told)
            return Outcome(step, None, withdrawn(contract, given))
        if starts.slower:
            step = replace(step, reason=f"{starts}; measured on a machine too busy for that to prove anything")
            yield events.Note(f"{version.name} {step.reason}")
    return Outcome(step, version, contract)


def _start_before(baseline: Baseline, current: Version) -> str:
    """What of a slow start came with the changes before this one, for its reason; empty where there are none."""
    seconds = current.weight.start_seconds
    if current.name == baseline.version.name or seconds is None:
        return ""
    return f"; {current.name}, which it changes, started in {show_seconds(seconds)}"


def _time_cold(bench: Bench, baseline: Baseline, outcome: Outcome, name: str) -> Generator[events.Event, None, Outcome]:
    """The kept version built cold as well (--cold-times): its seconds; undone where that fails."""
    version, step = outcome.version, outcome.step
    assert version is not None
    assert step.weight is not None
    yield events.Building(name, step.title, "to compare its seconds with those of v0", cold=True)
    try:
        cold = yield from build(bench, version.sources, f"{name}-cold", cold=True, seconds=baseline.patience)
    except BuildFailed as error:
        failed = replace(step, verdict=Verdict.BUILD_FAILED, reason=f"built cold, {error.told}")
        return replace(outcome, step=failed, version=None)
    finally:
        discard(bench, f"{name}-cold")
    weight = replace(step.weight, build_seconds=cold.weight.build_seconds, cold=True)
    return replace(outcome, step=replace(step, weight=weight), version=with_weight(version, weight))


def needed_bytes(recipe: Recipe, baseline: Baseline, current: Version) -> int:
    """What a change must save of `current`: enough to be worth a build, and more than v0 moves by itself."""
    return max(recipe.worth(current.weight.sizes.unpacked), baseline.noise_bytes + 1)


def _check_claim(baseline: Baseline, current: Version, version: Version, step: Step) -> Step:
    """A LOSSLESS claim is believed only after the trees and the configs were compared."""
    if step.applicability is not Applicability.LOSSLESS:
        return step
    difference = compare_trees(current.image, version.image, noise=baseline.noise)
    keys = compare_config(current.image, version.image)
    if not difference and not keys:
        return step
    what = f"config {', '.join(keys)}" if keys else difference.summary()
    return replace(
        step, applicability=Applicability.TESTED, reason=f"claimed to leave the tree equal, and did not: {what}"
    )


def _no_gain(gain: int, needed: int) -> str:
    if gain < 0:
        return f"grew by {show_bytes(-gain)}"
    if gain == 0:
        return "saved nothing"
    return f"saved {show_bytes(gain)}; a change is kept from {show_bytes(needed)} on"
