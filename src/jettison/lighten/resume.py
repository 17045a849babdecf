"""An interrupted run taken up again from its journal: kept steps stay kept, tried texts are not tried again."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from jettison.core.errors import UsageError
from jettison.core.reference import parse as parse_reference
from jettison.core.values import Applicability
from jettison.engine.model import Built, InstructionRun
from jettison.image.model import Sizes
from jettison.lighten import events
from jettison.lighten.baseline import Baseline, measure, stored_contract, stored_noise
from jettison.lighten.bench import Bench, Version, build, weigh
from jettison.lighten.ledger import Step, Verdict, Weight


@dataclass(frozen=True)
class Recovered:
    """What the journal gave back."""

    baseline: Baseline
    current: Version
    steps: tuple[Step, ...]
    tried: frozenset[str]


def resumed(bench: Bench, text: str) -> Generator[events.Event, None, Recovered]:
    """Take the run up where it stopped. Raises UsageError where the Dockerfile is another one now."""
    first = bench.journal.last("run") or {}
    if first.get("text") != text:
        raise UsageError(
            "the Dockerfile has changed since that run was interrupted", hint="start anew, without --resume"
        )
    yield events.Note(f"taking up run {bench.run.id}")
    baseline = yield from _baseline(bench, text)
    steps, tried, kept_text = _steps(bench)
    current = baseline.version
    if kept_text is not None:
        kept = [step for step in steps if step.verdict.kept]
        current = yield from _version(bench, kept_text, kept[-1].version, cold=False)
    return Recovered(baseline, current, steps, tried | {text})


def _baseline(bench: Bench, text: str) -> Generator[events.Event, None, Baseline]:
    noise = stored_noise(bench)
    build_only = bench.recipe.record.build_only
    contract = None if build_only else bench.recipe.contract or stored_contract(bench)
    if noise is None or (contract is None and not build_only):
        return (yield from measure(bench, text))
    version = yield from _version(bench, text, "v0", cold=True)
    return Baseline(version, *noise, contract)


def _version(bench: Bench, text: str, name: str, *, cold: bool) -> Generator[events.Event, None, Version]:
    """The version's image where the engine still has it, else built again."""
    for record in reversed(list(bench.journal.records())):
        if record.get("kind") == "built" and record.get("version") == name and record.get("text") == text:
            if not bench.engine.image_exists(bench.run.tag(name)):
                break
            return weigh(text, name, bench.run.tag(name), _built_from(record))
    yield events.Building(name, "built again", "the interrupted run's image is gone", cold=cold)
    return (yield from build(bench, text, name, cold=cold))


def _steps(bench: Bench) -> tuple[tuple[Step, ...], frozenset[str], str | None]:
    """Steps with a verdict, their texts, and the text of the last kept one."""
    steps, tried, kept = [], set(), None
    for record in bench.journal.records():
        if record["kind"] != "step":
            continue
        step = step_from(record["step"])
        steps.append(step)
        tried.add(record["text"])
        if step.verdict.kept:
            kept = record["text"]
    return tuple(steps), frozenset(tried), kept


def record_step(bench: Bench, step: Step, text: str) -> None:
    """Journal a step with its verdict."""
    values = asdict(step) | {"verdict": step.verdict.value, "applicability": step.applicability.value}
    bench.journal.write("step", step=values, text=text)


def step_from(values: Mapping[str, Any]) -> Step:
    """The step that `record_step` wrote."""
    weight = values["weight"]
    return Step(
        **{
            **values,
            "rules": tuple(values["rules"]),
            "applicability": Applicability(values["applicability"]),
            "verdict": Verdict(values["verdict"]),
            "weight": Weight(**{**weight, "sizes": Sizes(**weight["sizes"])}) if weight else None,
        }
    )


def _built_from(record: Mapping[str, Any]) -> Built:
    reference = parse_reference(record["reference"])
    if reference is None:
        raise UsageError(f"the journal names no image: {record['reference']}", hint="start anew, without --resume")
    runs = tuple(InstructionRun(text, cached, seconds) for text, cached, seconds in record["instructions"])
    return Built(reference, record["image_id"], record["seconds"], record["cold"], runs)
