"""Rules, one file each, discovered, never listed; `advise` asks them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from jettison.rule import Finding, all_rules
from jettison.subject import Subject


def advise(subject: Subject, wanted: Callable[[str], bool] = bool) -> tuple[Finding, ...]:
    """Findings of the rules whose names are wanted, most predicted bytes first; the same for the same subject."""
    found = [finding for rule in all_rules() if wanted(rule.name) for finding in rule.check(subject)]
    return by_weight(found)


def by_weight(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The same findings, most predicted bytes first."""
    return tuple(
        sorted(
            findings, key=lambda each: (-each.predicted, each.rule, each.instruction.line if each.instruction else 0)
        )
    )
