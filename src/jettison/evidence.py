"""What the fix of a rule has saved: a small project built as it is, and with that fix alone.

The numbers lie beside the rules, in `rules/evidence.toml`. Builds write them (docs/evidence.md), nobody's hand does;
only the reasons why a rule has none are written by people.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

NOT_MEASURED = "not-measured"  # the table of reasons


@dataclass(frozen=True)
class Measured:
    """One measurement; bytes are those of all layers unpacked."""

    before: int
    after: int
    predicted: int | None  # before the fix was built; None where the rule reads the text alone, and predicts nothing
    noise: int  # how far two cold builds of the same text were apart
    fix: str  # its title
    base: str  # the image that the project is FROM
    stand_in: bool  # that image was made from parts (docs/standins.md), and is not the published one
    engine: str
    date: str
    commit: str

    @property
    def saved(self) -> int:
        """Signed: less than 0 where the image grew."""
        return self.before - self.after


@dataclass(frozen=True)
class Evidence:
    """Each rule that is about bytes stands in one of the two, by its name."""

    measured: Mapping[str, Measured]
    reasons: Mapping[str, str]  # why there is no measurement


@cache
def evidence() -> Evidence:
    """What is known of all rules, read when first asked for."""
    return read_evidence((files("jettison.rules") / "evidence.toml").read_text("utf-8"))


def read_evidence(text: str) -> Evidence:
    """The evidence in such a file. Raises TypeError where an entry lacks something, or has more."""
    found: dict[str, Any] = tomllib.loads(text)
    reasons = found.pop(NOT_MEASURED, {})
    return Evidence({name: Measured(**{"predicted": None, **entry}) for name, entry in found.items()}, reasons)
