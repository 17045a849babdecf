"""Instruction <-> layer: which Dockerfile line made which layer; "not known" is a legal answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jettison.dockerfile.model import Instruction


@dataclass(frozen=True)
class Alignment:
    """`base_layers` lowest layers belong to the base; `instruction_of[layer index]` made the others.

    `known` is False where rows and instructions could not be matched; then both mappings are empty
    and `reason` says why.
    """

    known: bool
    base_layers: int
    instruction_of: Mapping[int, Instruction] = field(default_factory=dict)
    reason: str = ""

    def layers_of(self, instruction: Instruction) -> tuple[int, ...]:
        """Indices of the layers that this instruction made."""
        return tuple(i for i, made_by in self.instruction_of.items() if made_by is instruction)
