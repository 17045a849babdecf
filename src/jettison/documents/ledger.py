"""The ledger as a JSON document, `jettison.ledger/1`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from jettison.contract.model import Check
from jettison.documents.text import path_fields, plain, text_fields
from jettison.lighten.ledger import Ledger, Rebuild, Step, Verification, Weight

SCHEMA = "jettison.ledger/1"


def ledger_to_json(ledger: Ledger) -> dict[str, Any]:
    """The document; `jettison schema ledger` describes it. Bytes are integers, times seconds."""
    return {
        "schema": SCHEMA,
        **text_fields(ledger.project, "project"),
        **text_fields(ledger.dockerfile, "dockerfile"),
        "engine": {"name": ledger.engine[0], "version": ledger.engine[1]},
        "platform": ledger.platform,
        "complete": ledger.complete,
        "contract": _contract(ledger),
        "before": _weight(ledger.before),
        "after": _weight(ledger.after),
        "noise": _noise(ledger),
        "steps": [_step(step) for step in ledger.steps],
        "verification": _verification(ledger.verification),
        "rebuild_seconds": _rebuild(ledger.rebuild),
        "notes": [plain(note) for note in ledger.notes],
        "proposals": [
            {"rule": each.rule, "line": each.line or None, "text": plain(each.text), "fix": plain(each.fix) or None}
            for each in ledger.proposals
        ],
        "result": {
            "changed": ledger.changed,
            **text_fields(ledger.text_after, "dockerfile"),
            "files": {plain(path): plain(text) for path, text in ledger.files.items()},
            **text_fields(ledger.diff, "diff"),
            "reference": ledger.reference,
        },
    }


def imbalance(ledger: Ledger) -> int:
    """before - after - the sum of what kept steps measured, bytes of `unpacked`; 0 where the books balance."""
    measured = sum(step.measured or 0 for step in ledger.kept)
    return ledger.before.sizes.unpacked - ledger.after.sizes.unpacked - measured


def balance(ledger: Ledger) -> None:
    """Raises ValueError where both ends and the kept steps do not agree to the byte."""
    gap = imbalance(ledger)
    if gap:
        raise ValueError(f"the ledger does not balance: {gap} bytes are not explained by its kept steps")
    for step in ledger.kept:
        if step.measured is None or step.weight is None:
            raise ValueError(f"{step.version} was kept without being measured")


def _weight(weight: Weight) -> dict[str, Any]:
    return {
        "sizes": asdict(weight.sizes),
        "build_seconds": weight.build_seconds,
        "cold": weight.cold,
        "start_seconds": weight.start_seconds,
        "layers": weight.layers,
        "packages": weight.packages,
    }


def _contract(ledger: Ledger) -> dict[str, Any] | None:
    contract = ledger.contract
    if contract is None:
        return None
    answers = _answers(ledger)
    return {
        "exercised": contract.exercised,
        "checks": [
            {
                "kind": check.kind,
                "what": plain(check.what),
                "strength": int(check.strength),
                "decides": check.decides,
                "ok": answers.get(check.key, _held(ledger, check)),
            }
            for check in contract.checks
        ],
        "not_exercised": [plain(text) for text in contract.not_exercised],
        "notes": [plain(text) for text in contract.notes],
    }


def _answers(ledger: Ledger) -> Mapping[tuple[str, str], bool]:
    """What the last replay, that of the cold build, said of each check."""
    found = ledger.verification
    return {} if found is None or found.replay is None else {each.check.key: each.ok for each in found.replay.outcomes}


def _held(ledger: Ledger, check: Check) -> bool | None:
    """Without such an answer: v0 holds what was recorded from it, a kept version what decides; else not known."""
    if ledger.verification is not None:
        return None
    return True if check.decides or not ledger.changed else None


def _noise(ledger: Ledger) -> dict[str, Any]:
    fields = [path_fields(path) for path in sorted(ledger.noise.paths)]
    raw = {each["path"]: each["path_base64"] for each in fields if "path_base64" in each}
    document: dict[str, Any] = {"bytes": ledger.noise.size, "paths": [each["path"] for each in fields]}
    return document | ({"paths_base64": raw} if raw else {})


def _step(step: Step) -> dict[str, Any]:
    weight = step.weight
    return {
        "version": step.version or None,
        "rules": list(step.rules),
        "title": plain(step.title),
        "applicability": step.applicability.value,
        "predicted": step.predicted,
        "measured": step.measured,
        "sizes": asdict(weight.sizes) if weight else None,
        "build_seconds": weight.build_seconds if weight else None,
        "cold": weight.cold if weight else None,
        "instructions": step.instructions,
        "instructions_run": step.instructions_run,
        "start_seconds": weight.start_seconds if weight else None,
        "predicted_seconds": step.predicted_seconds,
        "rebuild_seconds": _rebuild(step.rebuild),
        "verdict": step.verdict.value,
        "reason": plain(step.reason),
        **text_fields(step.diff, "diff"),
    }


def _rebuild(found: Rebuild | None) -> dict[str, Any] | None:
    return None if found is None else {"changed": plain(found.changed), "before": found.before, "after": found.after}


def _verification(found: Verification | None) -> dict[str, Any] | None:
    if found is None:
        return None
    replay = None
    if found.replay is not None:
        failures = [
            {"kind": each.check.kind, "what": plain(each.check.what), "evidence": plain(each.evidence)}
            for each in found.replay.failures
        ]
        replay = {"held": found.replay.held, "checks": len(found.replay.outcomes), "failures": failures}
    return {
        "held": found.held,
        "reason": plain(found.reason),
        "sizes": asdict(found.weight.sizes) if found.weight else None,
        "drift": found.drift,
        "contract": replay,
        "build_seconds": found.weight.build_seconds if found.weight else None,
        "start_seconds": found.replay.start_seconds if found.replay is not None else None,
    }
