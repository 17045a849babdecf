"""What a match of instructions and layers says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jettison.dockerfile.model import Instruction
from jettison.image.model import HistoryRow


@dataclass(frozen=True)
class Alignment:
    """`base_layers` lowest layers belong to the base; `instruction_of[layer index]` made the others.

    `known` is False where rows and instructions could not be matched; then the mapping is empty and `reason` says why.
    `together` has a layer that several instructions made, in a build that is one layer or was squashed into one.
    """

    known: bool
    base_layers: int
    instruction_of: Mapping[int, Instruction] = field(default_factory=dict)
    reason: str = ""
    matched: tuple[tuple[Instruction, HistoryRow], ...] = ()  # each instruction with its row, where known
    together: Mapping[int, tuple[Instruction, ...]] = field(default_factory=dict)

    def layers_of(self, instruction: Instruction) -> tuple[int, ...]:
        """Indices of the layers that this instruction made."""
        return tuple(i for i, made_by in self.instruction_of.items() if made_by is instruction)


def unknown(reason: str) -> Alignment:
    """Nothing is known, and why."""
    return Alignment(False, 0, reason=reason)
