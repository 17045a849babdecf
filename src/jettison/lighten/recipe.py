"""What the user asked for, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jettison.contract.model import Contract, RecordOptions
from jettison.core.values import Applicability

WORTH_BYTES = 1_000_000
WORTH_SHARE = 0.005


@dataclass(frozen=True)
class Recipe:
    """One run of the loop: the project and its limits. Seconds and bytes are plain numbers."""

    project: Path  # the build context
    dockerfile: Path
    target: str | None = None
    build_args: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    engine_arguments: tuple[str, ...] = ()
    record: RecordOptions = field(default_factory=RecordOptions)
    contract: Contract | None = None  # given by --contract
    allow: Applicability = Applicability.TESTED
    select: frozenset[str] = frozenset()  # empty: all rules
    ignore: frozenset[str] = frozenset()
    min_saving: int | None = None
    budget_seconds: float | None = None
    keep_images: bool = False
    cold_times: bool = False

    def worth(self, unpacked: int) -> int:
        """The bytes that a change must be predicted to save, and then save, of an image of `unpacked` bytes."""
        if self.min_saving is not None:
            return self.min_saving
        return max(WORTH_BYTES, int(unpacked * WORTH_SHARE))
