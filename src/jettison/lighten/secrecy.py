"""Secrets kept out of what leaves the loop: reasons, notes and evidence, which may quote what a program printed.

The Dockerfile's own text and diffs of it stay as they are: they are the user's, and must apply.
"""

from __future__ import annotations

from dataclasses import replace

from jettison.contract.model import Check, Contract, Replay
from jettison.core.errors import JettisonError
from jettison.core.redact import Redactor
from jettison.lighten.ledger import Ledger


def redact_ledger(ledger: Ledger, redactor: Redactor) -> Ledger:
    """The same ledger, fit to be shown."""
    steps = tuple(replace(step, reason=redactor.text(step.reason)) for step in ledger.steps)
    proof = ledger.verification
    if proof is not None:
        replay = _replay(proof.replay, redactor) if proof.replay is not None else None
        proof = replace(proof, reason=redactor.text(proof.reason), replay=replay)
    contract = redact_contract(ledger.contract, redactor) if ledger.contract is not None else None
    notes = tuple(redactor.text(note) for note in ledger.notes)
    proposals = tuple(replace(each, text=redactor.text(each.text)) for each in ledger.proposals)
    return replace(ledger, steps=steps, verification=proof, contract=contract, notes=notes, proposals=proposals)


def redact_contract(contract: Contract, redactor: Redactor) -> Contract:
    """The same contract for a document; it can be shown, not replayed."""
    return replace(
        contract,
        checks=tuple(_check(check, redactor) for check in contract.checks),
        not_exercised=tuple(map(redactor.text, contract.not_exercised)),
        notes=tuple(map(redactor.text, contract.notes)),
        log=tuple(map(redactor.text, contract.log)),
    )


def _check(check: Check, redactor: Redactor) -> Check:
    return replace(check, what=redactor.text(check.what), expected=redactor.data(check.expected))


def _replay(replay: Replay, redactor: Redactor) -> Replay:
    outcomes = tuple(
        replace(each, check=_check(each.check, redactor), evidence=redactor.text(each.evidence))
        for each in replay.outcomes
    )
    return replace(replay, outcomes=outcomes, notes=tuple(map(redactor.text, replay.notes)))


def redact_error(error: JettisonError, redactor: Redactor) -> None:
    """Clean an error on its way out: its message, its hint, and the log that a failed build carries."""
    error.message, error.hint = redactor.text(error.message), redactor.text(error.hint)
    error.args = (error.message,)
    log = getattr(error, "log", "")
    if log:
        error.log = redactor.text(log)  # type: ignore[attr-defined]
