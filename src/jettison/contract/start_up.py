"""Whether a candidate takes longer to start than the original: a bound, and starts in turn where it seems passed.

What else a machine does moves a start: on two busy cores single starts of one image, a Python program that opens its
port after 0.6 s when left alone, took 0.6 to 1.5 s, and 1.1 to 3.0 s on busier ones. So one slow start proves nothing,
and where something waits for a processor nearly all the time, three in turn do not either: 1.8 s became 5.6 s there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median

from jettison.contract.model import Contract, Replay
from jettison.contract.observe import Target, observe
from jettison.contract.pressure import BUSY, Pressure
from jettison.contract.replay import replay_plan
from jettison.core.units import show_seconds

STARTS = 3
SHARE = 1.0  # of the original's seconds
SECONDS = 2.0


@dataclass(frozen=True)
class Starts:
    """Seconds until ready of the original and of the candidate, each started in turn."""

    before: tuple[float, ...]
    after: tuple[float, ...]
    stalled: float = 0.0  # share of the time in which something on the machine waited for a processor

    @property
    def seconds(self) -> float:
        """The candidate's median."""
        return median(self.after)

    @property
    def worse(self) -> bool:
        """Whether they prove that it is slower; on a machine that is too busy nothing does."""
        return self.slower and self.stalled < BUSY

    @property
    def slower(self) -> bool:
        """Every start slower than each of the original's, and the medians further apart than the bound."""
        if len(self.after) < STARTS or min(self.after) <= max(self.before):
            return False
        return self.seconds - median(self.before) > bound(median(self.before))

    def __str__(self) -> str:
        told = f"starts in {show_seconds(self.seconds)}, was {show_seconds(median(self.before))}"
        allowed = show_seconds(bound(median(self.before)))
        return f"{told} (medians of {STARTS} starts each, in turn), and {allowed} more are allowed"


def bound(seconds: float) -> float:
    """How much longer than this a candidate may take: as long again, and two seconds in any case.

    Less than twice is within what a busy machine makes of a program that compiles its modules when it starts.
    """
    return max(SECONDS, SHARE * seconds)


def seems_slow(contract: Contract, answer: Replay) -> bool:
    """Whether this one start gives reason to measure: it took more than half of the bound longer."""
    before, after = contract.start_seconds, answer.start_seconds
    return before is not None and after is not None and after - before > bound(before) / 2


def compare_starts(contract: Contract, original: Target, candidate: Target) -> Starts:
    """Starts in turn, so that a machine's other work meets both; no more of them once they cannot be worse.

    Nothing is asked of them. Where one ends there are fewer starts, and nothing is proven.
    """
    before: list[float] = []
    after: list[float] = []
    pressure = Pressure()
    for _ in range(STARTS):
        seconds = [start_seconds(contract, target) for target in (original, candidate)]
        if seconds[0] is None or seconds[1] is None:
            break
        before.append(seconds[0])
        after.append(seconds[1])
        if min(after) <= max(before):
            break
    return Starts(tuple(before), tuple(after), pressure.share)


def start_seconds(contract: Contract, target: Target) -> float | None:
    """Seconds of one start until it is ready, of which nothing is asked and nobody watches; None where it ends."""
    plan = replace(replay_plan(contract, target), addresses=(), health=None, commands=(), version_of="")
    seen = observe(target, plan)
    return seen.settled.seconds if seen.runs else None
