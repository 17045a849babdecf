"""A project of tests/real/evidence, built twice as it is and then with one rule's own fixes, weighed and held together.

With JETTISON_EVIDENCE set, what was measured is written into the package; without it, compared with what is there.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from example import ROOT, house

import jettison.rules
from jettison.compare import compare_config, compare_trees, noise_of
from jettison.dockerfile import edit
from jettison.dockerfile.graph import expand_from, resolve_target, stage_chain
from jettison.engine.find import find_engine
from jettison.evidence import NOT_MEASURED, Evidence, Measured, read_evidence
from jettison.lighten.ask import Worth, advised
from jettison.lighten.bench import Bench, Version, build, subject_of
from jettison.lighten.project import open_project
from jettison.lighten.recipe import Recipe
from jettison.lighten.run import open_run
from jettison.lighten.sources import Sources
from jettison.rule import Finding

PROJECTS = ROOT / "tests" / "real" / "evidence"
SOURCES = PROJECTS / "sources"
FILE = Path(jettison.rules.__file__).with_name("evidence.toml")
ROUNDS = 4  # of fixes of one rule; one that needs more does not converge
HEAD = """\
# What the fix of each rule has saved, in bytes: written by builds (docs/evidence.md), not by hand.
# By hand is only the last table: why a rule has no measurement.
"""
Made = TypeVar("Made")


@dataclass(frozen=True)
class Expected:
    """What may differ in the tree when a project is fixed; patterns of paths, where * takes slashes too."""

    differs: tuple[str, ...] | None = None  # nothing else does; None: the fix replaces the base, or divides the stage
    equal: tuple[str, ...] = ()  # what stays as it was in any case
    config: tuple[str, ...] = ()  # keys that differ besides those that the fix declares
    bases: tuple[str, ...] = ()  # that the rule may ask for, besides those of the Dockerfile
    sources: str = ""  # a folder of files that several projects have
    worked_in: bool = False  # the copy is a repository with a history, as the directory of a developer is


@dataclass(frozen=True)
class Tried:
    """The project as it was, and with the fixes."""

    before: Version
    after: Version
    noise: int  # bytes
    fixed: tuple[Finding, ...]
    again: tuple[Finding, ...]  # what the rule says of the fixed one
    differences: tuple[tuple[str, str], ...]  # (path, aspect), without what two builds of the original differ in
    config: tuple[str, ...]  # keys
    engine: str
    commit: str  # of the source, when it began


def expected() -> dict[str, Expected]:
    """By the name of the rule, which is that of the project's folder."""
    tables = tomllib.loads((PROJECTS / "expected.toml").read_text())
    return {
        name: Expected(**{key: tuple(value) if isinstance(value, list) else value for key, value in table.items()})
        for name, table in tables.items()
    }


def copy_of(rule: str, folder: Path) -> Path:
    """A rule's project in a folder of its own."""
    wish, made, copied = expected()[rule], folder / "made", folder / rule
    if wish.sources:
        shutil.copytree(SOURCES / wish.sources, made)
    shutil.copytree(PROJECTS / rule, made, dirs_exist_ok=True)
    if wish.worked_in:
        subprocess.run([str(ROOT / "scripts" / "worked-in"), str(made), str(copied)], check=True)
        return copied
    return made


@contextmanager
def tried(rule: str, project: Path) -> Iterator[Tried]:
    """Build, fix, build; the images are there until the end. Raises BuildFailed, EngineError."""
    opened = open_project(project, None)
    recipe = Recipe(opened.context, opened.dockerfile, select=frozenset({rule}))
    with open_run(opened.context) as run:
        bench = Bench(recipe, find_engine("buildah"), run)
        try:
            yield _tried(bench, Sources(opened.text))
        finally:
            bench.engine.sweep(run.tag(""))


def _tried(bench: Bench, sources: Sources) -> Tried:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    other = _end(build(bench, sources, "v0-again", cold=True))
    before = after = _end(build(bench, sources, "v0", cold=True))
    fixed: list[Finding] = []
    again = _findings(bench, before)
    while (finding := _to_fix(again, bench.recipe, after)) and len(fixed) < ROUNDS:
        fixed.append(finding)
        after = _end(build(bench, _made(after, finding), f"v{len(fixed)}", cold=False))
        again = _findings(bench, after)
    noise = noise_of(other.image, before.image)
    found = compare_trees(before.image, after.image, noise=noise).differences
    return Tried(
        before,
        after,
        abs(other.weight.sizes.unpacked - before.weight.sizes.unpacked),
        tuple(fixed),
        again,
        tuple((path.decode("utf-8", "replace"), aspect) for path, aspect in found),
        tuple(compare_config(before.image, after.image)),
        f"{bench.engine.name} {bench.engine.version}",
        commit.stdout.strip(),
    )


def _end(steps: Generator[Any, None, Made]) -> Made:
    """What a generator returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            made: Made = end.value
            return made


def _findings(bench: Bench, version: Version) -> tuple[Finding, ...]:
    """What the one rule says, with answers to what it asks, as in the loop."""
    return _end(advised(bench, version.sources, subject_of(bench, version), bench.recipe.select.__contains__, Worth(0)))


def _to_fix(findings: tuple[Finding, ...], recipe: Recipe, version: Version) -> Finding | None:
    """The first that the loop would try for its bytes; of a rule that predicts none, the first with a fix."""
    worth = recipe.worth(version.weight.sizes.unpacked)
    fitting = (each for each in findings if each.fix is not None and (each.predicted >= worth or not each.predicted))
    return next((each for each in fitting if _made(version, each).key != version.sources.key), None)


def _made(version: Version, finding: Finding) -> Sources:
    assert finding.fix is not None
    text = edit.apply(version.text, finding.fix.edits)
    return Sources(text, {**version.sources.files, **dict(finding.fix.files)})


def fixed_again(tried: Tried) -> list[Sources]:
    """What the fixes would make of the fixed project, where that is not what it is already."""
    made = [_made(tried.after, each) for each in tried.again if each.fix is not None]
    return [each for each in made if each.key != tried.after.sources.key]


def measurement(tried: Tried) -> Measured:
    """What goes into the package."""
    stages = stage_chain(tried.before.dockerfile, resolve_target(tried.before.dockerfile, None))
    base = expand_from(tried.before.dockerfile, stages[0], {})
    predicted = sum(each.predicted for each in tried.fixed)
    return Measured(
        before=tried.before.weight.sizes.unpacked,
        after=tried.after.weight.sizes.unpacked,
        predicted=predicted if any(each.predicted for each in tried.fixed) else None,
        noise=tried.noise,
        fix="; ".join(each.fix.title for each in tried.fixed if each.fix is not None),
        base=base,
        stand_in=is_stand_in(base),
        engine=tried.engine,
        date=datetime.now(UTC).date().isoformat(),
        commit=tried.commit,
    )


@cache
def _served() -> str:
    return house("status")


def is_stand_in(base: str) -> bool:
    """Whether this base was made from parts; one that is not listed was pulled by the engine itself."""
    return any(line.split("  ")[:2] == [base, "stand-in"] for line in _served().splitlines())


def recorded() -> Evidence:
    """What the file in the package holds now."""
    return read_evidence(FILE.read_text("utf-8"))


def write(rule: str, measured: Measured) -> None:
    """Put one measurement into the package, in place of an older one or of a reason why there was none."""
    known = recorded()
    reasons = {name: why for name, why in known.reasons.items() if name != rule}
    FILE.write_text(document(replace(known, measured={**known.measured, rule: measured}, reasons=reasons)), "utf-8")


def document(known: Evidence) -> str:
    """The file that `read_evidence` reads. Strings are written as JSON has them, which TOML reads alike."""
    entries: dict[str, Mapping[str, Any]] = {name: asdict(known.measured[name]) for name in sorted(known.measured)}
    entries[NOT_MEASURED] = dict(sorted(known.reasons.items()))
    parts = [f"[{name}]\n{''.join(_line(*each) for each in table.items())}" for name, table in entries.items()]
    return "\n".join([HEAD, *parts])


def _line(key: str, value: Any) -> str:
    return "" if value is None else f"{key} = {json.dumps(value, ensure_ascii=False)}\n"
