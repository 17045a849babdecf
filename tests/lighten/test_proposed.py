"""Proposals stand in the ledger with their consequence, in no sum; `--select` does what one names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from scripted_engine import ScriptedEngine
from scripted_run import JUNK, TEXT, drive, recipe_for, use_rules

from jettison.core.values import Applicability
from jettison.documents.ledger import balance, ledger_to_json
from jettison.documents.schemas import schema
from jettison.lighten.ledger import Proposal
from jettison.report.ledger_html import ledger_html
from jettison.report.ledger_markdown import ledger_markdown
from jettison.report.ledger_text import ledger_table
from jettison.rule import Finding, Fix, Rule
from jettison.subject import Subject
from jettison.synthesis.merge import between

Patch = pytest.MonkeyPatch
PINNED = TEXT.replace('CMD ["/app/main"]', 'LABEL pinned=yes\nCMD ["/app/main"]')


def proposing(new: str = PINNED) -> Rule:
    """A rule for one test that proposes another text."""

    def check(subject: Subject) -> Iterator[Finding]:
        first = subject.dockerfile.instructions[0]
        if "pinned" not in subject.dockerfile.text:
            wanted = new.replace("junk 50000", "junk 0") if "junk 0" in subject.dockerfile.text else new
            fix = Fix("pin it", Applicability.PROPOSED, between(subject.dockerfile.text, wanted))
            yield Finding("moves", "it moves", first, 0, fix, proposal="pinned, it stays as it is")

    return Rule("moves", "JT000", "moves: a rule of a test.", check)


def test_a_proposal_is_told_and_not_done(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    use_rules(monkeypatch, proposing(), JUNK)
    driven = drive(engine, recipe_for(project))
    assert [("junk", "kept", "v1")] == driven.fates
    assert (Proposal("moves", 1, "it moves: pinned, it stays as it is", "pin it"),) == driven.end.proposals
    balance(driven.end)


def test_every_face_tells_it_in_one_line(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    use_rules(monkeypatch, proposing(), JUNK)
    ledger = drive(engine, recipe_for(project)).end
    words = "it moves: pinned, it stays as it is; --select moves does it: pin it"
    (line,) = (each for each in ledger_table(ledger, width=140, colour=False).splitlines() if words in each)
    assert line.startswith("  propose  ")
    assert words in ledger_html(ledger)
    assert "- **propose**: it moves: pinned" in ledger_markdown(ledger)
    document = ledger_to_json(ledger)
    Draft202012Validator(schema("ledger")).validate(document)
    text = "it moves: pinned, it stays as it is"
    assert [{"rule": "moves", "line": 1, "text": text, "fix": "pin it"}] == document["proposals"]


def test_what_select_names_is_done_for_its_own_sake(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    use_rules(monkeypatch, proposing(), JUNK)
    driven = drive(engine, recipe_for(project, select=frozenset({"moves"})))
    (step,) = driven.end.steps
    assert ("kept", 0, "done because --select names it") == (step.verdict.value, step.measured, step.reason)
    assert PINNED == driven.end.text_after
    assert () == driven.end.proposals
    balance(driven.end)


def test_what_select_names_must_still_work(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    broken = TEXT.replace('CMD ["/app/main"]', 'RUN rm /usr/lib/needed\nLABEL pinned=yes\nCMD ["/app/main"]')
    use_rules(monkeypatch, proposing(broken))
    driven = drive(engine, recipe_for(project, select=frozenset({"moves"})))
    assert [("moves", "broke-contract", "")] == driven.fates
    assert TEXT == driven.end.text_after
