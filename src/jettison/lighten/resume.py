"""An interrupted run taken up again from its journal: kept steps stay kept, tried changes are not tried again."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from jettison.core.errors import UsageError
from jettison.core.reference import parse as parse_reference
from jettison.core.values import Applicability
from jettison.engine.model import Built, InstructionRun
from jettison.image.model import Sizes
from jettison.lighten import events
from jettison.lighten.baseline import (
    Baseline,
    measure,
    started,
    store_weight,
    stored_contract,
    stored_noise,
    stored_observed,
)
from jettison.lighten.bench import Bench, Version, build, discard, weigh, with_weight
from jettison.lighten.ledger import Rebuild, Step, Verdict, Weight
from jettison.lighten.sources import Sources
from jettison.subject import IgnoreFile

_ANEW = "start anew, without --resume"


@dataclass(frozen=True)
class Recovered:
    """What the journal gave back."""

    baseline: Baseline
    current: Version
    steps: tuple[Step, ...]
    tried: frozenset[str]
    kept_texts: tuple[str, ...]
    fingerprint: int | None  # of the build context when the run began


@dataclass(frozen=True)
class _Tried:
    """A step of the journal with what it was built from, and the keys of changes that need no further try after it."""

    step: Step
    sources: Sources
    settled: tuple[str, ...]


def check_resumable(bench: Bench, text: str) -> None:
    """Raises UsageError where the Dockerfile, the flags or the engine are others now, and nothing has been touched."""
    first = bench.journal.last("run") or {}
    if first.get("text") != text:
        raise UsageError("the Dockerfile has changed since that run was interrupted", hint=_ANEW)
    if "ignore" in first and first["ignore"] != ignore_key(bench.ignore):
        raise UsageError("the ignore file has changed since that run was interrupted", hint=_ANEW)
    if first.get("build_key") != bench.recipe.build_key:
        raise UsageError(
            "that run was started with another --target, --build-arg, --build-context, --secret or --env, or with "
            "other engine arguments",
            hint=f"give the same as then, or {_ANEW}",
        )
    if first.get("engine") != bench.engine.name:
        used = first.get("engine")
        raise UsageError(f"that run used the engine {used}", hint=f"give --engine {used}, or {_ANEW}")


def ignore_key(ignore: IgnoreFile) -> list[str | None]:
    """What is journaled of the user's ignore file: proposals extend its text, so it may not change meanwhile."""
    return [ignore.name, ignore.text]


def resumed(bench: Bench, text: str) -> Generator[events.Event, None, Recovered]:
    """Take the run up where it stopped. Raises UsageError for a journal of another making."""
    tried = _read_steps(bench)
    yield events.Note(f"taking up run {bench.run.id}")
    discard(bench, "v0-again", "verification")  # built anew, under the same names
    baseline = yield from _baseline(bench, text, anew=not tried)
    current = baseline.version
    kept = [each for each in tried if each.step.verdict.kept]
    if kept:
        last = kept[-1]
        current = yield from _version(bench, last.sources, last.step.version, cold=False)
        assert last.step.weight is not None
        current = with_weight(current, last.step.weight)  # what the journal's steps were measured against
    done = {text, *(each.sources.key for each in tried), *(key for each in tried for key in each.settled)}
    return Recovered(
        baseline=baseline,
        current=current,
        steps=tuple(each.step for each in tried),
        tried=frozenset(done),
        kept_texts=tuple(each.sources.text for each in kept),
        fingerprint=(bench.journal.last("run") or {}).get("fingerprint"),
    )


def _baseline(bench: Bench, text: str, *, anew: bool) -> Generator[events.Event, None, Baseline]:
    """v0 as it was measured; measured again where no step stands on it and something of it is missing."""
    build_only = bench.recipe.record.build_only
    contract = None if build_only else stored_contract(bench)  # a given one, too, was held against v0 and timed here
    if contract is not None:
        contract = replace(contract, observed=stored_observed(bench))
    noise, weight = stored_noise(bench), bench.journal.last("weight")
    if noise is None or weight is None or (contract is None and not build_only):
        if not anew:
            raise _unusable("it has lost what was measured of v0")
        discard(bench, "v0")
        return (yield from measure(bench, text))
    version = yield from _version(bench, Sources(text), "v0", cold=True)
    if anew:
        store_weight(bench, version)  # it may have been built again, and weigh a little more or less
    else:
        version = with_weight(version, _weight(weight["weight"]))
    return Baseline(started(version, contract), *noise, contract)


def _version(bench: Bench, sources: Sources, name: str, *, cold: bool) -> Generator[events.Event, None, Version]:
    """The version's image where the engine still has it, else built again."""
    for record in reversed(list(bench.journal.records())):
        if record.get("kind") == "built" and record.get("version") == name and _sources(record) == sources:
            if not bench.engine.image_exists(bench.run.tag(name)):
                break
            return weigh(sources, name, bench.run.tag(name), _built_from(record))
    yield events.Building(name, "built again", "the interrupted run's image is gone", cold=cold)
    return (yield from build(bench, sources, name, cold=cold))


def _sources(record: Mapping[str, Any]) -> Sources:
    """What a `built` or a `step` was made of; runs of before there were files have none."""
    return Sources(record["text"], record.get("files", {}))


def _read_steps(bench: Bench) -> tuple[_Tried, ...]:
    """The steps that have a verdict. Raises UsageError for a journal of another making."""
    try:
        return tuple(
            _Tried(step_from(record["step"]), _sources(record), tuple(record["settled"]))
            for record in bench.journal.records()
            if record.get("kind") == "step"
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unusable(f"a step cannot be read ({error})") from error


def record_step(bench: Bench, step: Step, made: Sources, settled: tuple[str, ...]) -> None:
    """Journal a step with its verdict, and the keys of changes that need no further try after it."""
    values = asdict(step) | {"verdict": step.verdict.value, "applicability": step.applicability.value}
    bench.journal.write("step", step=values, text=made.text, files=dict(made.files), settled=settled)


def step_from(values: Mapping[str, Any]) -> Step:
    """The step that `record_step` wrote."""
    return Step(
        **{
            **values,
            "rules": tuple(values["rules"]),
            "applicability": Applicability(values["applicability"]),
            "verdict": Verdict(values["verdict"]),
            "weight": _weight(values["weight"]) if values["weight"] else None,
            "rebuild": Rebuild(**values["rebuild"]) if values.get("rebuild") else None,
        }
    )


def _weight(values: Mapping[str, Any]) -> Weight:
    return Weight(**{**values, "sizes": Sizes(**values["sizes"])})


def _built_from(record: Mapping[str, Any]) -> Built:
    reference = parse_reference(record["reference"])
    if reference is None:
        raise _unusable(f"it names no image: {record['reference']}")
    runs = tuple(InstructionRun(text, cached, seconds) for text, cached, seconds in record["instructions"])
    return Built(reference, record["image_id"], record["seconds"], record["cold"], runs)


def _unusable(why: str) -> UsageError:
    return UsageError(f"the journal of that run cannot be used: {why}", hint=_ANEW)
