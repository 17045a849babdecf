"""The ledger: one row a change, every number measured."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from jettison.contract.model import Contract, Replay
from jettison.core.values import Applicability
from jettison.image.model import Sizes


class Verdict(enum.Enum):
    """What became of a step."""

    KEPT = "kept"
    KEPT_CACHE = "kept-cache"
    KEPT_ENABLING = "kept-enabling"
    NO_GAIN = "no-gain"
    BROKE_CONTRACT = "broke-contract"
    BUILD_FAILED = "build-failed"
    SKIPPED = "skipped"

    @property
    def kept(self) -> bool:
        return self in {Verdict.KEPT, Verdict.KEPT_CACHE, Verdict.KEPT_ENABLING}


@dataclass(frozen=True)
class Weight:
    """An image's numbers at one point of the loop."""

    sizes: Sizes
    layers: int
    build_seconds: float
    cold: bool
    start_seconds: float | None = None
    packages: int | None = None


@dataclass(frozen=True)
class Rebuild:
    """Seconds of a build after one source file changed, all else from the cache: before a change and with it."""

    changed: str  # the file, by its path in the build context
    before: float
    after: float


@dataclass(frozen=True)
class Proposal:
    """What is never done unasked, with its consequence; it is in no sum."""

    rule: str
    line: int  # 0 where it is about no line
    text: str
    fix: str = ""  # what `--select RULE` would do; empty where that is the user's alone


@dataclass(frozen=True)
class Step:
    """One change, tried: its prediction was journaled before its build began."""

    version: str  # v1, v2 ... of kept steps; "" else
    rules: tuple[str, ...]
    title: str
    applicability: Applicability
    predicted: int
    measured: int | None
    weight: Weight | None
    verdict: Verdict
    reason: str
    diff: str
    instructions: int = 0
    instructions_run: int = 0
    predicted_seconds: float | None = None  # fewer after a source change; None where it is about bytes, or not known
    rebuild: Rebuild | None = None  # measured where that is the currency


@dataclass(frozen=True)
class Noise:
    """What differs between two cold builds of v0 by itself."""

    size: int  # bytes that differ in `unpacked`
    paths: frozenset[bytes]


@dataclass(frozen=True)
class Verification:
    """The result built cold, weighed, its contract replayed. `drift` is bytes against the last kept version.

    Where it did not build there is nothing that could have been weighed.
    """

    weight: Weight | None
    drift: int | None
    replay: Replay | None
    held: bool
    reason: str = ""


@dataclass(frozen=True)
class Ledger:
    """A whole run."""

    project: str
    dockerfile: str
    engine: tuple[str, str]
    platform: str
    contract: Contract | None
    before: Weight
    after: Weight
    noise: Noise
    steps: tuple[Step, ...]
    verification: Verification | None
    text_before: str
    text_after: str
    files: Mapping[str, str]
    diff: str
    reference: str
    complete: bool = True  # False: interrupted, the best so far
    notes: tuple[str, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    rebuild: Rebuild | None = None  # v0 and the result, with --cold-times

    @property
    def kept(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.verdict.kept)

    @property
    def changed(self) -> bool:
        return bool(self.kept)
