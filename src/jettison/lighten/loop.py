"""measure, change one thing, rebuild, weigh, check that it still works, keep it or undo it, repeat."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from jettison.core.units import show_bytes, show_seconds
from jettison.dockerfile.parse import parse
from jettison.lighten import events
from jettison.lighten.ask import Worth, advised
from jettison.lighten.baseline import Baseline, measure, store_contract
from jettison.lighten.bench import (
    Bench,
    Version,
    context_fingerprint,
    count_packages,
    discard,
    measure_transfer,
    subject_of,
    told_and_swept,
)
from jettison.lighten.choose import Candidate, candidates, carry_seconds, instruction_seconds, limited, wanted
from jettison.lighten.forewarn import forewarned
from jettison.lighten.ledger import Ledger, Noise, Proposal, Rebuild, Step, Verdict, Verification
from jettison.lighten.probe import CannotProbe
from jettison.lighten.project import check_text
from jettison.lighten.rebuild import changeable, measure_rebuild
from jettison.lighten.resume import check_resumable, ignore_key, record_step, resumed
from jettison.lighten.sources import difference, untriable
from jettison.lighten.trial import Outcome, attempt, needed_bytes
from jettison.lighten.verify import verify
from jettison.rule import Finding

_CACHE_WORTH_TELLING = 1_000_000  # bytes
_LEFT_SHOWN = 5  # findings without a fix that are told in the end


@dataclass(frozen=True)
class Standing:
    """Where the loop stands between two steps."""

    baseline: Baseline
    current: Version
    steps: tuple[Step, ...] = ()
    tried: frozenset[str] = frozenset()  # keys of sources, and of candidates that were undone
    seconds: dict[str, float] | None = None
    notes: tuple[str, ...] = ()
    unbuildable: tuple[str, ...] = ()  # changes worth a build that this engine cannot try, and why
    proposals: tuple[Proposal, ...] = ()  # as the version at hand stands

    @property
    def next_name(self) -> str:
        return f"v{1 + sum(step.verdict.kept for step in self.steps)}"


def lighten(bench: Bench, text: str, *, resume: bool = False) -> Generator[events.Event, None, Ledger]:
    """The whole loop over the Dockerfile `text`; each Done carries the best so far as a ledger.

    Nothing of the user's is written. Raises DockerfileError and UsageError before anything is built, BuildFailed
    where v0 does not build, ContractError where its behaviour cannot be pinned down, EngineError, DiskError; their
    texts are redacted. Interrupted leaves the versions for `--resume`; any other error leaves nothing but the
    journal, from which `--resume` can go on as well.
    """
    check_text(text, bench.recipe)
    if resume:
        check_resumable(bench, text)
    with told_and_swept(bench):
        return (yield from _run(bench, text, resume))


def _run(bench: Bench, text: str, resume: bool) -> Generator[events.Event, None, Ledger]:
    started, used = time.monotonic(), bench.engine.usage()
    before = context_fingerprint(*bench.recipe.folders)
    standing = yield from (_again(bench, text, before) if resume else _begin(bench, text, before))
    while True:
        standing, found = yield from _look(bench, standing, started)
        fitting = [each for each in found if _fits(bench, standing, each, time.monotonic() - started)]
        if not fitting:
            break
        standing = yield from _step(bench, standing, fitting)
    for note in standing.unbuildable:
        standing = _note(standing, note)
    if found:
        standing = _note(standing, _not_tried(found, time.monotonic() - started))
    verification = None
    if any(step.verdict.kept for step in standing.steps):
        yield events.Verifying(standing.current.name)
        verification = yield from verify(bench, standing.baseline, standing.current)
        if context_fingerprint(*bench.recipe.folders) != before:
            standing = _note(
                standing, "files in the build context changed while this ran: the numbers are of a mixture"
            )
        yield events.Note("packing both ends as a registry would hold them, to weigh what a pull moves")
        standing = _with_transfer(bench, standing)
    rebuild = None
    if verification is not None and verification.held and bench.recipe.cold_times:
        standing, rebuild = yield from _rebuilt(bench, standing)
    _clean(bench, standing)
    standing = _tell_cache(bench, standing, used)
    ledger = replace(ledger_of(bench, standing, verification), complete=True, rebuild=rebuild)
    bench.journal.write("end", held=verification is None or verification.held, kept_images=bench.recipe.keep_images)
    return ledger


def _begin(bench: Bench, text: str, fingerprint: int) -> Generator[events.Event, None, Standing]:
    recipe = bench.recipe
    bench.journal.write(
        "run",
        project=str(recipe.project),
        dockerfile=str(recipe.dockerfile),
        text=text,
        started=time.time(),
        fingerprint=fingerprint,
        ignore=ignore_key(bench.ignore),
        build_key=recipe.build_key,
        engine=bench.engine.name,
        keeps_images=recipe.keep_images,
    )
    yield from forewarned(bench, text)
    baseline = yield from measure(bench, text)
    return Standing(baseline, baseline.version, tried=frozenset({text}))


def _again(bench: Bench, text: str, fingerprint: int) -> Generator[events.Event, None, Standing]:
    """Where the interrupted run stood; instruction seconds as it had carried them."""
    found = yield from resumed(bench, text)
    v0 = found.baseline.version
    seconds = instruction_seconds(subject_of(bench, v0).alignment, v0.weight.build_seconds)
    for kept in found.kept_texts:
        seconds = carry_seconds(seconds, parse(kept))
    standing = Standing(found.baseline, found.current, found.steps, found.tried, seconds)
    if found.fingerprint not in (None, fingerprint):
        note = "files in the build context changed since the run was interrupted: the numbers are of a mixture"
        yield events.Note(note)
        standing = _note(standing, note)
    yield events.Resumed(f"{len(found.steps)} changes were tried before", ledger_of(bench, standing, None))
    return standing


def _look(
    bench: Bench, standing: Standing, started: float
) -> Generator[events.Event, None, tuple[Standing, list[Candidate]]]:
    """What is worth a build now, best first; the standing with the seconds of each instruction as far as known."""
    contract = standing.baseline.contract
    subject = subject_of(bench, standing.current)
    subject = replace(subject, observed=contract.observed) if contract is not None else subject
    dockerfile = standing.current.dockerfile
    standing = _counted(standing, count_packages(standing.current, subject))
    if standing.seconds is None:
        seconds = instruction_seconds(subject.alignment, standing.current.weight.build_seconds)
    else:
        seconds = carry_seconds(standing.seconds, dockerfile)
    recipe = limited(bench.recipe, contract)
    needed = needed_bytes(recipe, standing.baseline, standing.current)
    sources = standing.current.sources
    worth = Worth(needed, started + _building_seconds(bench, standing))
    findings = yield from advised(bench, sources, subject, lambda name: wanted(name, recipe), worth)
    found = candidates(findings, dockerfile, recipe, needed, seconds)
    whys = [(each, untriable(each.finding.fix, bench.engine.capabilities)) for each in found if each.finding.fix]
    found = [each for each, why in whys if not why]
    largest = {each.finding.rule: _unbuildable(each.finding, why) for each, why in reversed(whys) if why}
    unbuildable = tuple(reversed(largest.values()))
    unbuildable += tuple(_left(findings, needed))
    tried = standing.tried
    fresh = [each for each in found if tried.isdisjoint({each.made_of(sources).key, each.key, each.kind})]
    fresh = [each for each in fresh if not _waits(each, fresh)]
    proposals = tuple(_proposals(findings))
    return replace(standing, seconds=seconds, unbuildable=unbuildable, proposals=proposals), fresh


def _waits(candidate: Candidate, fresh: Sequence[Candidate]) -> bool:
    """Whether changes of the rule that this one comes behind are still to be tried; of its own rule, other ones."""
    after = candidate.finding.after
    return any(each.finding.rule == after != each.finding.after for each in fresh)


def _proposals(findings: Sequence[Finding]) -> Iterator[Proposal]:
    for each in findings:
        if each.proposal:
            line, fix = each.instruction.line if each.instruction else 0, each.fix.title if each.fix else ""
            yield Proposal(each.rule, line, f"{each.message}: {each.proposal}", fix)


def _left(findings: Sequence[Finding], needed: int) -> Iterator[str]:
    """What was found and cannot be changed for the user, with the reason; a few."""
    refused = [each for each in findings if each.fix is None and each.refusal and not 0 < each.predicted < needed]
    for each in refused[:_LEFT_SHOWN]:
        size = f" ({show_bytes(each.predicted)})" if each.predicted else ""
        yield f"left as it is{size}: {each.message}; {each.refusal}"


def _unbuildable(finding: Finding, why: str) -> str:
    return f"not tried: {finding.rule} ({show_bytes(finding.predicted)} predicted): {why}"


def _counted(standing: Standing, current: Version) -> Standing:
    if current.name != "v0":
        return replace(standing, current=current)
    return replace(standing, current=current, baseline=replace(standing.baseline, version=current))


def _step(bench: Bench, standing: Standing, found: list[Candidate]) -> Generator[events.Event, None, Standing]:
    candidate, name = found[0], standing.next_name
    finding, made = candidate.finding, candidate.made_of(standing.current.sources)
    told = {"rule": finding.rule, "predicted": finding.predicted, "text": made.text, "files": dict(made.files)}
    told |= {"predicted_seconds": candidate.spared_seconds} if finding.probe else {}
    bench.journal.write("prediction", version=name, **told)
    yield events.Building(
        name,
        finding.fix.title if finding.fix else finding.rule,
        finding.message,
        predicted=finding.predicted,
        number=len(standing.steps) + 1,
        candidates=len(found),
        predicted_seconds=candidate.spared_seconds,
    )
    outcome = yield from attempt(bench, standing.baseline, standing.current, candidate, name)
    if outcome.contract is not None and outcome.contract is not standing.baseline.contract:
        store_contract(bench, outcome.contract)
    settled = tuple(_settled(candidate, outcome))
    record_step(bench, outcome.step, made, settled)
    standing = replace(
        standing,
        steps=(*standing.steps, outcome.step),
        tried=standing.tried | {made.key, *settled},
        baseline=replace(standing.baseline, contract=outcome.contract),
    )
    if outcome.version is not None:
        old = standing.current
        standing = replace(standing, current=outcome.version)
        if old.name != "v0" and not bench.recipe.keep_images:
            discard(bench, old.name)
    yield events.Done(outcome.step, ledger_of(bench, standing, None))
    return standing


def _settled(candidate: Candidate, outcome: Outcome) -> Iterator[str]:
    """What marks changes that need no further try after this one."""
    if outcome.version is None:
        yield candidate.key
    if outcome.step.verdict is Verdict.BROKE_CONTRACT:
        yield candidate.kind


def _fits(bench: Bench, standing: Standing, candidate: Candidate, elapsed: float) -> bool:
    """Whether the budget holds this build and the cold one that proves the end."""
    return elapsed + (candidate.expected_seconds or 0.0) <= _building_seconds(bench, standing)


def _building_seconds(bench: Bench, standing: Standing) -> float:
    """From the beginning on, those that the budget leaves for builds before the one that proves the end."""
    budget = bench.recipe.budget_seconds
    return math.inf if budget is None else budget - standing.baseline.version.weight.build_seconds


def _not_tried(found: list[Candidate], elapsed: float) -> str:
    shown = ", ".join(f"{each.finding.rule} ({_predicted(each)})" for each in found[:4])
    more = f" and {len(found) - 4} more" if len(found) > 4 else ""
    return f"stopped by --budget after {show_seconds(elapsed)}; not tried: {shown}{more}"


def _predicted(candidate: Candidate) -> str:
    if not candidate.finding.probe:
        return f"{show_bytes(candidate.finding.predicted)} predicted"
    spared = candidate.spared_seconds
    return f"{'seconds' if spared is None else show_seconds(spared)} after a source change predicted"


def _rebuilt(bench: Bench, standing: Standing) -> Generator[events.Event, None, tuple[Standing, Rebuild | None]]:
    """What a source change cost v0, and what it costs the result (--cold-times); None, and a note, where unknown."""
    v0, current = standing.baseline.version, standing.current
    changed = changeable(bench, v0, current)
    if changed is None:
        return _note(standing, "after a source change: no source file was found to change"), None
    try:
        return standing, (
            yield from measure_rebuild(bench, (v0.sources, current.sources), changed, standing.baseline.patience)
        )
    except CannotProbe as error:
        return _note(standing, f"seconds after a source change were not measured: {error.reason}"), None


def _with_transfer(bench: Bench, standing: Standing) -> Standing:
    """v0 and the result with what a pull of each moves."""
    v0, current = (measure_transfer(bench, each) for each in (standing.baseline.version, standing.current))
    steps = list(standing.steps)
    last = max(number for number, step in enumerate(steps) if step.verdict.kept)
    steps[last] = replace(steps[last], weight=current.weight)
    return replace(standing, baseline=replace(standing.baseline, version=v0), current=current, steps=tuple(steps))


def _note(standing: Standing, note: str) -> Standing:
    return replace(standing, notes=(*standing.notes, note))


def ledger_of(bench: Bench, standing: Standing, verification: Verification | None) -> Ledger:
    """The books as they stand."""
    v0, current, baseline = standing.baseline.version, standing.current, standing.baseline
    return Ledger(
        project=str(bench.recipe.project),
        dockerfile=bench.recipe.dockerfile_name,
        engine=(bench.engine.name, bench.engine.version),
        platform=v0.image.platform,
        contract=baseline.contract,
        before=v0.weight,
        after=current.weight,
        noise=Noise(baseline.noise_bytes, baseline.noise.paths),
        steps=standing.steps,
        verification=verification,
        text_before=v0.text,
        text_after=current.text,
        files=current.sources.files,
        diff=difference(v0.sources, current.sources, bench.recipe.dockerfile_name, bench.ignore),
        reference=str(current.image.reference) if bench.recipe.keep_images else "",
        complete=False,
        notes=standing.notes,
        proposals=standing.proposals,
    )


def _clean(bench: Bench, standing: Standing) -> None:
    """Take away every image that is not to be kept, also what an interruption before left half done."""
    discard(bench, "v0-again", standing.next_name)
    bench.run.drop_caches()
    if not bench.recipe.keep_images:
        discard(bench, "v0", standing.current.name)


def _tell_cache(bench: Bench, standing: Standing, used: int | None) -> Standing:
    """The bytes that the run leaves in the engine's store, which its next builds start from."""
    now = bench.engine.usage()
    if used is None or now is None or now - used < _CACHE_WORTH_TELLING:
        return standing
    kind = "images and build cache" if bench.recipe.keep_images else "build cache"
    return _note(standing, f"{bench.engine.name} now stores {show_bytes(now - used)} more than before ({kind})")
