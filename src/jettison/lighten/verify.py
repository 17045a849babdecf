"""The end: the result built cold, weighed, its contract replayed."""

from __future__ import annotations

from collections.abc import Generator

from jettison.contract.model import Replay
from jettison.contract.replay import judge
from jettison.core.errors import BuildFailed, ContractError
from jettison.core.units import show_bytes
from jettison.lighten import events
from jettison.lighten.baseline import Baseline
from jettison.lighten.bench import Bench, Version, build, discard, target_of
from jettison.lighten.ledger import Verification

DRIFT_SHARE = 0.001  # of the result, where two builds of v0 happened to weigh the same


def verify(bench: Bench, baseline: Baseline, kept: Version) -> Generator[events.Event, None, Verification]:
    """Build the result cold; its weight may drift from the kept version's by twice the noise of v0.

    Where that is nearly nothing, by a thousandth of the result: two builds of v0 may weigh the same by chance.
    """
    try:
        return (yield from _verify(bench, baseline, kept))
    finally:
        discard(bench, "verification")


def _verify(bench: Bench, baseline: Baseline, kept: Version) -> Generator[events.Event, None, Verification]:
    try:
        cold = yield from build(bench, kept.sources, "verification", cold=True, seconds=baseline.patience)
    except BuildFailed as error:
        return Verification(None, None, None, False, f"the result does not build cold: {error.told}")
    drift = cold.weight.sizes.unpacked - kept.weight.sizes.unpacked
    reason = _too_far(drift, kept, baseline)
    replay = None
    if baseline.contract is not None:
        yield events.Checking("verification")
        replay, broken = _replayed(bench, baseline, cold)
        reason = reason or broken
    return Verification(cold.weight, drift, replay, not reason, reason)


def _replayed(bench: Bench, baseline: Baseline, cold: Version) -> tuple[Replay | None, str]:
    """The replay, and what it says against the result."""
    assert baseline.contract is not None
    try:
        replay, _ = judge(baseline.contract, target_of(bench, cold), target_of(bench, baseline.version), stop=True)
    except ContractError as error:  # the original itself has become unsteady: nothing is proven
        return None, error.message
    if replay.held:
        return replay, ""
    first = replay.failures[0]
    return replay, f"{first.check.what}: {first.evidence}"


def _too_far(drift: int, kept: Version, baseline: Baseline) -> str:
    """Why this drift is a failure; empty where the noise explains it."""
    allowed = max(baseline.noise_bytes * 2, int(kept.weight.sizes.unpacked * DRIFT_SHARE))
    if abs(drift) <= allowed:
        return ""
    word = "more" if drift > 0 else "less"
    return f"the cold build weighs {show_bytes(abs(drift))} {word} than the kept version"
