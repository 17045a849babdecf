"""Which finding to try next: that of the most predicted bytes; of the most for each expected second, under a budget.

Seconds are noise: told by them, the same project would have another ledger on each run and with each engine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from jettison.align import Alignment
from jettison.contract.model import Contract
from jettison.core.values import Applicability
from jettison.dockerfile import edit
from jettison.dockerfile.model import Dockerfile, Instruction
from jettison.dockerfile.parse import parse
from jettison.lighten.rebuild import WORTH_SECONDS
from jettison.lighten.recipe import Recipe
from jettison.lighten.sources import Sources, meaning
from jettison.rule import Finding, Fix


@dataclass(frozen=True)
class Candidate:
    """A finding whose fix may be tried, and the text that it makes of the Dockerfile."""

    finding: Finding
    text: str
    expected_seconds: float | None  # of its build; None where the original's seconds are not known
    key: str = ""  # the change itself, whatever else has changed in the file; what was undone is not tried twice
    spared_seconds: float | None = None  # after a source change, where that is the currency; None: not known
    kind: str = ""  # the same change upon the same base; where it broke the application it is not tried once more
    by_name: bool = False  # a proposal that `--select` names: done for its own sake, whatever it weighs

    def made_of(self, current: Sources) -> Sources:
        """What is built when the change is made on `current`: files stay as they are but for those it writes."""
        written = dict(self.finding.fix.files) if self.finding.fix is not None else {}
        return Sources(self.text, {**current.files, **written})


def limited(recipe: Recipe, contract: Contract | None) -> Recipe:
    """The same recipe; without behaviour to check only what leaves the tree equal is allowed."""
    return recipe if contract is not None else replace(recipe, allow=Applicability.LOSSLESS)


def permitted(applicability: Applicability, rule: str, recipe: Recipe) -> bool:
    """Whether `--allow` lets such a fix in; a PROPOSED one also where `--select` names its rule."""
    if applicability.rank <= recipe.allow.rank:
        return True
    named = applicability is Applicability.PROPOSED and rule in recipe.select
    return named and recipe.allow is not Applicability.LOSSLESS


def wanted(rule: str, recipe: Recipe) -> bool:
    """Whether `--select` and `--ignore` leave this rule in."""
    return rule not in recipe.ignore and (not recipe.select or rule in recipe.select)


def candidates(
    findings: Sequence[Finding], dockerfile: Dockerfile, recipe: Recipe, worth: int, seconds: Mapping[str, float]
) -> list[Candidate]:
    """Findings with an allowed fix that is worth a build, best first; `seconds` are by instruction value.

    What saves bytes comes before what saves seconds after a source change: that is tried where no bytes are left.
    """
    found = []
    for finding in findings:
        fix = finding.fix
        if fix is None or not wanted(finding.rule, recipe) or not permitted(fix.applicability, finding.rule, recipe):
            continue
        by_name = _by_name(fix, finding, recipe)
        text = edit.apply(dockerfile.text, fix.edits)
        spared = _spared(finding, text, seconds) if finding.probe else None
        if not (
            finding.predicted >= worth or by_name or (finding.probe and (spared is None or spared >= WORTH_SECONDS))
        ):
            continue
        expected = _expected(dockerfile, fix, seconds)
        if finding.probe and expected is not None:
            expected = 3 * expected - (spared or 0.0)  # built, and both sides once more with a changed file
        key = _key(finding.rule, dockerfile, fix)
        kind = json.dumps([finding.rule, fix.title, _said(finding), [stage.base for stage in dockerfile.stages]])
        found.append(Candidate(finding, text, expected, key, spared, kind, by_name))
    return sorted(found, key=lambda each: _order(each, by_seconds=recipe.budget_seconds is not None))


def _said(finding: Finding) -> str:
    """What the instruction says that a finding is about."""
    return finding.instruction.value if finding.instruction is not None else ""


def _by_name(fix: Fix, finding: Finding, recipe: Recipe) -> bool:
    """Whether the user named a proposal that is about no bytes."""
    return fix.applicability is Applicability.PROPOSED and not finding.predicted and finding.rule in recipe.select


def _spared(finding: Finding, text: str, seconds: Mapping[str, float]) -> float | None:
    """Seconds of the instruction that the cache will answer for; None where not known, or where it runs otherwise."""
    if finding.instruction is None or finding.instruction.keyword != "RUN":
        return None
    flags = [flag.value for flag in finding.instruction.flags]
    same = (each for each in parse(text).instructions if each.value == finding.instruction.value)
    if all([flag.value for flag in each.flags] != flags for each in same):
        return None
    return seconds.get(finding.instruction.value)


def _key(rule: str, dockerfile: Dockerfile, fix: Fix) -> str:
    """The rule, the instructions that the edits touch, the edits without places, the files, the number of stages.

    What failed in the only stage may do once building has a stage of its own.
    """
    edits = fix.edits
    touched = [
        instruction.value
        for instruction in dockerfile.instructions
        if any(e.span.start <= instruction.span.end and instruction.span.start <= e.span.end for e in edits)
    ]
    told: list[object] = [rule, touched, [[e.span.of(dockerfile.text), e.text] for e in edits]]
    told += [len(dockerfile.stages)] if len(dockerfile.stages) > 1 else []
    return json.dumps([*told, meaning(dict(fix.files))] if fix.files else told)


def _order(candidate: Candidate, *, by_seconds: bool) -> tuple[bool, float, str, int]:
    finding = candidate.finding
    seconds = max(candidate.expected_seconds or 1.0, 1.0) if by_seconds else 1.0
    line = finding.instruction.line if finding.instruction else 0
    spared = (candidate.spared_seconds or 0.0) if by_seconds else 0.0
    gain = spared if finding.probe else finding.predicted
    return (bool(finding.probe), -gain / seconds, finding.rule, line)


def _expected(dockerfile: Dockerfile, fix: Fix, seconds: Mapping[str, float]) -> float | None:
    """Everything from the first edited instruction on runs again; with a file, from the first that takes some."""
    starts = [change.span.start for change in fix.edits]
    if fix.files:
        starts += [each.span.start for each in dockerfile.instructions if _takes_files(each)]
    if not seconds or not starts:
        return None
    first = min(starts)
    return sum(seconds.get(i.value, 0.0) for i in dockerfile.instructions if i.span.end > first)


def _takes_files(instruction: Instruction) -> bool:
    return instruction.keyword in ("COPY", "ADD") and instruction.flag("from") is None


def instruction_seconds(alignment: Alignment, build_seconds: float) -> dict[str, float]:
    """Seconds of each instruction of a cold build by its value, from the differences of `created` in the history.

    What stands before the first instruction's row is not told: it gets what is left of the build's own seconds.
    Empty where rows and instructions were not matched, or carry no times.
    """
    times = [(instruction, _moment(row.created)) for instruction, row in alignment.matched]
    result: dict[str, float] = {}
    for (_, before), (instruction, after) in pairwise(times):
        if before is None or after is None:
            return {}
        result[instruction.value] = result.get(instruction.value, 0.0) + max(0.0, (after - before).total_seconds())
    if times:
        first = times[0][0].value
        result[first] = result.get(first, 0.0) + max(0.0, build_seconds - sum(result.values()))
    return result


def carry_seconds(seconds: Mapping[str, float], dockerfile: Dockerfile) -> dict[str, float]:
    """The same seconds for an edited text: what the vanished instructions took goes to the new RUNs, evenly."""
    values = {instruction.value for instruction in dockerfile.instructions}
    kept = {value: each for value, each in seconds.items() if value in values}
    lost = sum(seconds.values()) - sum(kept.values())
    new = [i.value for i in dockerfile.instructions if i.keyword == "RUN" and i.value not in seconds]
    return kept | {value: lost / len(new) for value in new}


def _moment(text: str) -> datetime | None:
    """RFC 3339 (OCI image-spec `config.md`, `created`); None where it is not."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
