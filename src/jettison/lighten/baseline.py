"""The original: built cold twice, weighed, its behaviour recorded from two fresh starts."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict, dataclass, replace
from typing import Any

from jettison.compare import Noise, noise_from_json, noise_of, noise_to_json
from jettison.contract.files import contract_from_json, contract_to_json
from jettison.contract.model import Contract
from jettison.contract.record import record
from jettison.contract.replay import replay
from jettison.contract.start_up import start_seconds
from jettison.core.errors import ContractError
from jettison.lighten import events
from jettison.lighten.bench import Bench, Version, build, discard, target_of, with_weight
from jettison.lighten.secrecy import redact_contract
from jettison.lighten.sources import Sources
from jettison.subject import Observed

_PATIENCE = 10  # times what the original took cold
_LEAST_PATIENCE = 900.0  # seconds


@dataclass(frozen=True)
class Baseline:
    """v0, what two cold builds of it differ in, and what it does (None with --build-only)."""

    version: Version
    noise: Noise
    noise_bytes: int
    contract: Contract | None

    @property
    def patience(self) -> float:
        """Seconds that a build of a changed text may take, cached or not: one that hangs must not hold the run."""
        return max(_LEAST_PATIENCE, _PATIENCE * self.version.weight.build_seconds)


def measure(bench: Bench, text: str) -> Generator[events.Event, None, Baseline]:
    """Build v0 twice, learn the noise, record the contract. Raises BuildFailed, ContractError (exit 4)."""
    yield events.Building("v0", "the Dockerfile as it is", "everything is measured against it", cold=True)
    again = yield from build(bench, Sources(text), "v0-again", cold=True)
    yield events.Building("v0", "the same once more", "what differs now differs by itself, and is noise", cold=True)
    version = yield from build(bench, Sources(text), "v0", cold=True)
    noise = noise_of(again.image, version.image)
    noise_bytes = abs(again.weight.sizes.unpacked - version.weight.sizes.unpacked)
    store_weight(bench, version)
    bench.journal.write("noise", bytes=noise_bytes, noise=noise_to_json(noise))
    contract = yield from _contract(bench, version)
    discard(bench, "v0-again")
    return Baseline(started(version, contract), noise, noise_bytes, contract)


def store_weight(bench: Bench, version: Version) -> None:
    """Journal what v0 weighs: what the steps that follow are measured against."""
    bench.journal.write("weight", unpacked=version.weight.sizes.unpacked, weight=asdict(version.weight))


def started(version: Version, contract: Contract | None) -> Version:
    """v0 with the seconds of its start that the contract holds."""
    seconds = contract.start_seconds if contract is not None else None
    return with_weight(version, replace(version.weight, start_seconds=seconds))


def _contract(bench: Bench, version: Version) -> Generator[events.Event, None, Contract | None]:
    given = bench.recipe.contract
    if given is None and bench.recipe.record.build_only:
        return None
    if given is None:
        yield events.Recording("two fresh starts of the original")
        contract = record(target_of(bench, version), bench.recipe.record, bench.progress)
    else:
        yield events.Recording("the given contract, held against the original")
        contract = given
        if not contract.exercised:
            raise ContractError(
                "the given contract exercises nothing: whatever is taken away, it would hold",
                hint="record one with --contract-out, or give --check CMD or --probe URL",
            )
        answer = replay(contract, target_of(bench, version), watch=True)
        if not answer.held:
            first = answer.failures[0]
            raise ContractError(
                f"the original does not hold the contract: {first.check.what}: {first.evidence}",
                hint="correct the contract file, or record a new one with --contract-out",
            )
        # measured here, not where it was recorded, and unwatched as the candidates' starts are
        seconds = start_seconds(contract, target_of(bench, version))
        contract = replace(contract, start_seconds=seconds, observed=answer.observed)
    bench.journal.write("observed", **_observed_to_json(contract.observed))
    store_contract(bench, contract)  # last: where it is there, --resume does not look again
    shown = redact_contract(contract, bench.redactor)
    yield events.Recorded(contract.exercised, len(contract.deciding), shown.not_exercised, shown.notes)
    return contract


def store_contract(bench: Bench, contract: Contract) -> None:
    """Journal the contract as it stands now, for `--resume`."""
    bench.journal.write("contract", contract=contract_to_json(contract, bench.redactor.text))


def stored_contract(bench: Bench) -> Contract | None:
    """The contract that an interrupted run recorded, or held against the original where it was given."""
    found = bench.journal.last("contract")
    if not found:
        return None
    return replace(contract_from_json(found["contract"]), environment=bench.recipe.record.environment)


def _observed_to_json(observed: Observed) -> dict[str, Any]:
    return {key: sorted(value) if isinstance(value, frozenset) else value for key, value in asdict(observed).items()}


def stored_observed(bench: Bench) -> Observed:
    """What the original was seen to do while an interrupted run recorded its contract; nothing where nobody looked."""
    told = bench.journal.last("observed")
    if told is None:
        return Observed()
    sets = {key: frozenset(told[key]) for key in ("executed", "opened", "listened")}
    return Observed(**sets, user=told["user"], whole=told.get("whole", False))


def stored_noise(bench: Bench) -> tuple[Noise, int] | None:
    """The noise that an interrupted run measured, and its bytes."""
    found = bench.journal.last("noise")
    return (noise_from_json(found["noise"]), found["bytes"]) if found else None
