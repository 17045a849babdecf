"""measure, change one thing, rebuild, weigh, check that it still works, keep it or undo it, repeat."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, replace

from jettison.core.diff import unified
from jettison.core.errors import Interrupted, JettisonError
from jettison.core.units import show_bytes, show_seconds
from jettison.dockerfile.graph import resolve_target
from jettison.lighten import events
from jettison.lighten.baseline import Baseline, measure
from jettison.lighten.bench import Bench, Version, context_fingerprint, discard, subject_of
from jettison.lighten.choose import Candidate, candidates, carry_seconds, instruction_seconds
from jettison.lighten.ledger import Ledger, Noise, Step, Verification
from jettison.lighten.resume import record_step, resumed
from jettison.lighten.trial import attempt, limit
from jettison.lighten.verify import verify
from jettison.rules import advise


@dataclass(frozen=True)
class Standing:
    """Where the loop stands between two steps."""

    baseline: Baseline
    current: Version
    steps: tuple[Step, ...] = ()
    tried: frozenset[str] = frozenset()  # texts
    seconds: dict[str, float] | None = None
    notes: tuple[str, ...] = ()

    @property
    def next_name(self) -> str:
        return f"v{1 + sum(step.verdict.kept for step in self.steps)}"


def lighten(bench: Bench, text: str, *, resume: bool = False) -> Generator[events.Event, None, Ledger]:
    """The whole loop over the Dockerfile `text`; each Done carries the best so far as a ledger.

    Nothing of the user's is written. Raises BuildFailed where v0 does not build, ContractError where its behaviour
    cannot be pinned down, EngineError, DiskError. Interrupted leaves the versions for `--resume`; any other error
    leaves nothing.
    """
    try:
        return (yield from _run(bench, text, resume))
    except Interrupted:
        raise
    except JettisonError as error:
        with suppress(JettisonError):
            bench.engine.sweep(bench.run.tag(""))
            bench.journal.write("failed", reason=bench.redactor.text(error.message))
        raise


def _run(bench: Bench, text: str, resume: bool) -> Generator[events.Event, None, Ledger]:
    started = time.monotonic()
    before = context_fingerprint(bench.recipe.project)
    standing = yield from (_again(bench, text) if resume else _begin(bench, text))
    spent = ""
    while not spent:
        found, seconds = _advice(bench, standing)
        standing = replace(standing, seconds=seconds)
        if not found:
            break
        spent = _budget_spent(bench, found[0], time.monotonic() - started)
        if not spent:
            standing = yield from _step(bench, standing, found)
    if spent:
        standing = replace(standing, notes=(*standing.notes, spent))
    ledger = ledger_of(bench, standing, None)
    verification = None
    if ledger.changed:
        yield events.Verifying(standing.current.name)
        verification = yield from verify(bench, standing.baseline, standing.current)
        if context_fingerprint(bench.recipe.project) != before:
            note = "files in the build context changed while this ran: the numbers are of a mixture"
            standing = replace(standing, notes=(*standing.notes, note))
    ledger = replace(ledger_of(bench, standing, verification), complete=True)
    _clean(bench, standing)
    bench.journal.write("end", held=verification is None or verification.held)
    return ledger


def _begin(bench: Bench, text: str) -> Generator[events.Event, None, Standing]:
    recipe = bench.recipe
    bench.journal.write(
        "run", project=str(recipe.project), dockerfile=str(recipe.dockerfile), text=text, started=time.time()
    )
    baseline = yield from measure(bench, text)
    return Standing(baseline, baseline.version, tried=frozenset({text}))


def _again(bench: Bench, text: str) -> Generator[events.Event, None, Standing]:
    found = yield from resumed(bench, text)
    return Standing(found.baseline, found.current, found.steps, found.tried)


def _advice(bench: Bench, standing: Standing) -> tuple[list[Candidate], dict[str, float]]:
    """What is worth a build now, best first, and the seconds of each instruction as far as known."""
    subject = subject_of(bench, standing.current)
    dockerfile = standing.current.dockerfile
    if standing.seconds is None:
        stage = resolve_target(dockerfile, bench.recipe.target)
        seconds = instruction_seconds(standing.current.image, subject.alignment, stage.instructions)
    else:
        seconds = carry_seconds(standing.seconds, dockerfile)
    allowed = replace(bench.recipe, allow=limit(bench, standing.baseline.contract))
    worth = max(bench.recipe.worth(standing.current.weight.sizes.unpacked), standing.baseline.noise_bytes + 1)
    found = candidates(advise(subject), dockerfile, allowed, worth, seconds)
    return [each for each in found if each.text not in standing.tried], seconds


def _step(bench: Bench, standing: Standing, found: list[Candidate]) -> Generator[events.Event, None, Standing]:
    candidate, name = found[0], standing.next_name
    finding = candidate.finding
    bench.journal.write("prediction", version=name, rule=finding.rule, predicted=finding.predicted, text=candidate.text)
    yield events.Building(
        name,
        finding.fix.title if finding.fix else finding.rule,
        finding.message,
        predicted=finding.predicted,
        number=len(standing.steps) + 1,
        candidates=len(found),
    )
    outcome = yield from attempt(bench, standing.baseline, standing.current, candidate, name)
    record_step(bench, outcome.step, candidate.text)
    standing = replace(
        standing,
        steps=(*standing.steps, outcome.step),
        tried=standing.tried | {candidate.text},
        baseline=replace(standing.baseline, contract=outcome.contract),
    )
    if outcome.version is not None:
        old = standing.current
        standing = replace(standing, current=outcome.version)
        if old.name != "v0" and not bench.recipe.keep_images:
            discard(bench, old.name)
    yield events.Done(outcome.step, ledger_of(bench, standing, None))
    return standing


def _budget_spent(bench: Bench, candidate: Candidate, elapsed: float) -> str:
    """Why the loop must stop now: the budget would not hold this build and the cold one that proves the end."""
    budget = bench.recipe.budget_seconds
    if budget is None or elapsed + (candidate.expected_seconds or 0.0) <= budget:
        return ""
    return (
        f"stopped by --budget after {show_seconds(elapsed)}: {candidate.finding.rule} "
        f"({show_bytes(candidate.finding.predicted)} predicted) was not tried"
    )


def ledger_of(bench: Bench, standing: Standing, verification: Verification | None) -> Ledger:
    """The books as they stand."""
    v0, current, baseline = standing.baseline.version, standing.current, standing.baseline
    platform = "/".join(str(v0.image.config.get(key, "")) for key in ("os", "architecture"))
    return Ledger(
        project=str(bench.recipe.project),
        dockerfile=bench.recipe.dockerfile.name,
        engine=(bench.engine.name, bench.engine.version),
        platform=platform,
        contract=baseline.contract,
        before=v0.weight,
        after=current.weight,
        noise=Noise(baseline.noise_bytes, baseline.noise.paths),
        steps=standing.steps,
        verification=verification,
        text_before=v0.text,
        text_after=current.text,
        files={},
        diff=unified(v0.text, current.text, bench.recipe.dockerfile.name),
        reference=str(current.image.reference) if bench.recipe.keep_images else "",
        complete=False,
        notes=standing.notes,
    )


def _clean(bench: Bench, standing: Standing) -> None:
    if not bench.recipe.keep_images:
        discard(bench, *{"v0", standing.current.name})
