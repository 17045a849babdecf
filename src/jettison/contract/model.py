"""Checks, the contract, and a replay's outcome, as data.

Strength: 0 static, 1 starts, 2 answers, 3 exercised by the user.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jettison.core.values import Skipped
from jettison.subject import Observed

KINDS = (  # in the order of causes: the first that fails is the one to tell
    "start",
    "exit",
    "port",
    "user",
    "health",
    "output",
    "http",
    "probe",
    "command",
    "written",
    "writable",
    "config",
    "environment",
    "closure",
    "stop",
    "version",
)


class Strength(enum.IntEnum):
    """How much of the application a check exercised."""

    STATIC = 0
    STARTS = 1
    ANSWERS = 2
    EXERCISED = 3


@dataclass(frozen=True)
class Check:
    """One thing that must stay true. `expected` and `volatile` are JSON values."""

    kind: str  # one of KINDS
    what: str  # the URL, the port, the command ...
    strength: Strength
    expected: Any
    volatile: Any = None
    source: str = "recorded"  # recorded, user
    decides: bool = True  # False: explains, warns, never fails a step

    @property
    def key(self) -> tuple[str, str]:
        """What tells this check from the others of a contract."""
        return self.kind, self.what


@dataclass(frozen=True)
class Contract:
    """What v0 does. `exercised` counts distinct good answers of strength 2 and up."""

    checks: tuple[Check, ...]
    exercised: int
    not_exercised: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    engine: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)  # values of --env: never written to a file
    environment_keys: tuple[str, ...] = ()  # what must be given again where the contract came from a file
    start_seconds: float | None = None  # until the original was ready
    log: tuple[str, ...] = ()  # lines that the original prints, one of a kind: what is new in a candidate is a reason
    observed: Observed = field(default_factory=Observed)  # of the start that was watched; never written to a file

    @property
    def deciding(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.decides)


@dataclass(frozen=True)
class Outcome:
    """One check after a replay. `evidence` is the log line or difference that shows why it failed."""

    check: Check
    ok: bool
    evidence: str = ""


@dataclass(frozen=True)
class Replay:
    """A whole replay. `held` is True where every deciding check is ok; `reason` is one sentence else."""

    outcomes: tuple[Outcome, ...]
    seconds: float
    start_seconds: float | None = None
    notes: tuple[str, ...] = ()
    observed: Observed = field(default_factory=Observed)

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """Deciding checks that failed, in the order of causes: start, exit, port, user, health, /, the rest."""
        return tuple(outcome for outcome in self.outcomes if outcome.check.decides and not outcome.ok)

    @property
    def held(self) -> bool:
        return not self.failures


@dataclass(frozen=True)
class RecordOptions:
    """What the user said about the application."""

    environment: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[str, ...] = ()  # --check
    probes: tuple[str, ...] = ()  # --probe
    build_only: bool = False
