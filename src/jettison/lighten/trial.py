"""One step of the loop: predict, change, rebuild, weigh, check, and a verdict."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

from jettison.compare import compare_config, compare_trees
from jettison.contract.model import Contract
from jettison.contract.replay import judge
from jettison.core.diff import unified
from jettison.core.errors import BuildFailed
from jettison.core.units import show_bytes
from jettison.core.values import Applicability
from jettison.lighten import events
from jettison.lighten.baseline import Baseline
from jettison.lighten.bench import Bench, Version, build, discard, target_of
from jettison.lighten.choose import Candidate
from jettison.lighten.ledger import Step, Verdict, Weight


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
    finding = candidate.finding
    assert finding.fix is not None
    step = Step(
        version="",
        rules=(finding.rule,),
        title=finding.fix.title,
        applicability=finding.fix.applicability,
        predicted=finding.predicted,
        measured=None,
        weight=None,
        verdict=Verdict.SKIPPED,
        reason="",
        diff=unified(current.text, candidate.text, bench.recipe.dockerfile.name),
    )
    try:
        version = yield from build(bench, candidate.text, name, cold=False)
    except BuildFailed as error:
        discard(bench, name)
        reason = f"{error.message}: {error.log.strip().splitlines()[-1]}" if error.log.strip() else error.message
        return Outcome(replace(step, verdict=Verdict.BUILD_FAILED, reason=reason), None, baseline.contract)
    step = replace(
        step,
        measured=current.weight.sizes.unpacked - version.weight.sizes.unpacked,
        weight=version.weight,
        instructions=version.instructions,
        instructions_run=version.instructions_run,
    )
    outcome = yield from _judge(bench, baseline, current, version, replace(step, version=name))
    if outcome.version is None:
        discard(bench, name)
        return replace(outcome, step=replace(outcome.step, version=""))
    return outcome


def _judge(
    bench: Bench, baseline: Baseline, current: Version, version: Version, step: Step
) -> Generator[events.Event, None, Outcome]:
    contract = baseline.contract
    gain = step.measured or 0
    worth = bench.recipe.worth(current.weight.sizes.unpacked)
    if gain < max(worth, baseline.noise_bytes + 1):
        return Outcome(replace(step, verdict=Verdict.NO_GAIN, reason=_no_gain(gain, worth)), None, contract)
    step = _check_claim(baseline, current, version, step)
    if step.applicability.rank > limit(bench, contract).rank:
        return Outcome(replace(step, verdict=Verdict.SKIPPED), None, contract)
    if contract is None:
        return Outcome(replace(step, verdict=Verdict.KEPT), version, contract)
    yield events.Checking(version.name)
    replay, contract = judge(contract, target_of(bench, version), target_of(bench, baseline.version))
    weight: Weight = replace(version.weight, start_seconds=replay.start_seconds)
    version, step = replace(version, weight=weight), replace(step, weight=weight)
    if not replay.held:
        first = replay.failures[0]
        reason = f"{first.check.what}: {first.evidence}"
        return Outcome(replace(step, verdict=Verdict.BROKE_CONTRACT, reason=reason), None, contract)
    return Outcome(replace(step, verdict=Verdict.KEPT), version, contract)


def limit(bench: Bench, contract: Contract | None) -> Applicability:
    """The furthest a fix may go: without behaviour to check, only what leaves the tree equal."""
    if contract is None:
        return Applicability.LOSSLESS
    return bench.recipe.allow


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


def _no_gain(gain: int, worth: int) -> str:
    if gain < 0:
        return f"grew by {show_bytes(-gain)}"
    if gain == 0:
        return "saved nothing"
    return f"saved {show_bytes(gain)}; a change is kept from {show_bytes(worth)} on"
