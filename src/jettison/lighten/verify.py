"""The end: the result built cold, weighed, its contract replayed."""

from __future__ import annotations

from collections.abc import Generator

from jettison.contract.replay import judge
from jettison.core.errors import BuildFailed
from jettison.core.units import show_bytes
from jettison.lighten import events
from jettison.lighten.baseline import Baseline
from jettison.lighten.bench import Bench, Version, build, discard, target_of
from jettison.lighten.ledger import Verification

DRIFT_SHARE = 0.001  # of the result, where two builds of v0 happened to weigh the same


def verify(bench: Bench, baseline: Baseline, kept: Version) -> Generator[events.Event, None, Verification]:
    """Build the result cold; its weight may drift from the kept version's by the noise of v0 and no more."""
    try:
        cold = yield from build(bench, kept.text, "verification", cold=True)
    except BuildFailed as error:
        return Verification(kept.weight, 0, None, False, f"the result does not build cold: {error.message}")
    drift = cold.weight.sizes.unpacked - kept.weight.sizes.unpacked
    allowed = max(baseline.noise_bytes * 2, int(kept.weight.sizes.unpacked * DRIFT_SHARE))
    reason = "" if abs(drift) <= allowed else f"the cold build weighs {show_bytes(drift)} more than the kept version"
    replay = None
    if baseline.contract is not None:
        yield events.Checking("verification")
        replay, _ = judge(baseline.contract, target_of(bench, cold), target_of(bench, baseline.version), stop=True)
        if not replay.held:
            first = replay.failures[0]
            reason = reason or f"{first.check.what}: {first.evidence}"
    discard(bench, "verification")
    return Verification(cold.weight, drift, replay, not reason, reason)
