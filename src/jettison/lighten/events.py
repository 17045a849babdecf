"""What `lighten` tells while it works: frozen events, for faces to show."""

from __future__ import annotations

from dataclasses import dataclass

from jettison.image.model import Sizes
from jettison.lighten.ledger import Ledger, Step


@dataclass(frozen=True)
class Event:
    """Something happened."""


@dataclass(frozen=True)
class Note(Event):
    """One sentence that the user should know."""

    text: str


@dataclass(frozen=True)
class Resumed(Note):
    """An interrupted run goes on; `ledger` is the best so far."""

    ledger: Ledger


@dataclass(frozen=True)
class Building(Event):
    """A build starts: of what, and why it is worth trying."""

    version: str
    title: str
    why: str
    predicted: int | None = None
    cold: bool = False
    number: int = 0  # which try this is, 1-based; 0 for the original
    candidates: int = 0  # how many changes are known now
    predicted_seconds: float | None = None  # fewer after a source change, where that is the currency


@dataclass(frozen=True)
class Built(Event):
    """A build ended well."""

    version: str
    seconds: float


@dataclass(frozen=True)
class Weighed(Event):
    """An image was weighed."""

    version: str
    sizes: Sizes


@dataclass(frozen=True)
class Asking(Event):
    """A small build starts, which answers what a rule asks before it predicts."""

    title: str


@dataclass(frozen=True)
class Recording(Event):
    """The contract is being recorded."""

    text: str


@dataclass(frozen=True)
class Recorded(Event):
    """The contract stands: how many distinct answers it exercises, and what it could not see."""

    exercised: int
    checks: int
    not_exercised: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checking(Event):
    """The contract is replayed on a candidate."""

    version: str


@dataclass(frozen=True)
class Done(Event):
    """A step has its verdict; `ledger` is the best so far."""

    step: Step
    ledger: Ledger


@dataclass(frozen=True)
class Verifying(Event):
    """The result is built cold, weighed and checked once more."""

    version: str
