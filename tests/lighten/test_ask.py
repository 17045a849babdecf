"""What a rule asks is answered by a small build before anything is tried, and once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from scripted_engine import ScriptedEngine
from scripted_run import DOC, JUNK, drive, recipe_for, use_rules

from jettison.lighten.ask import LONGEST
from jettison.lighten.bench import Bench
from jettison.lighten.events import Asking, Building, Note
from jettison.lighten.journal import Journal
from jettison.lighten.plan import plan
from jettison.lighten.run import open_run
from jettison.rule import Finding, Rule
from jettison.subject import Observed, Question, Subject

Patch = pytest.MonkeyPatch
ASKED = "FROM scratch\nCOPY main /main\nRUN write /answer 4321 && echo told\n"


def asking(rule: Rule, text: str = ASKED, path: str = "/answer") -> Rule:
    """The same rule, which predicts what it was answered: the length of the file."""

    def check(subject: Subject) -> Iterator[Finding]:
        for each in rule.check(subject):
            question = Question("how large it is", text, (path,))
            answer = subject.answers.get(question)
            if answer is None:
                yield replace(each, questions=(question,))
            else:
                yield replace(each, predicted=len(answer.files[path]) if answer.files else each.predicted)

    return replace(rule, check=check, text=None)


def noting(rule: Rule, seen: list[frozenset[str]]) -> Rule:
    """The same rule, which notes what the application was seen to open."""

    def check(subject: Subject) -> Iterator[Finding]:
        seen.append(subject.observed.opened)
        return rule.check(subject)

    return replace(rule, check=check)


def asked_for(engine: ScriptedEngine) -> list[str]:
    """Names of the builds that only answered."""
    return [each.dockerfile.parent.name for each in engine.requests if "asked" in each.tag]


def test_the_answer_is_what_is_predicted(project: Path, engine: ScriptedEngine, monkeypatch: Patch):
    use_rules(monkeypatch, asking(JUNK), DOC)
    driven = drive(engine, recipe_for(project))
    building = [event for event in driven.events if isinstance(event, Building) and event.predicted is not None]
    assert [20000, 4321] == [event.predicted for event in building]
    assert [("doc", "kept"), ("junk", "kept")] == [(rule, verdict) for rule, verdict, _ in driven.fates]


def test_it_is_asked_once_for_all_versions_and_nothing_of_it_is_kept(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
):
    use_rules(monkeypatch, asking(JUNK), DOC)
    driven = drive(engine, recipe_for(project, keep_images=True))
    assert ["asked"] == asked_for(engine)
    assert ["how large it is"] == [event.title for event in driven.events if isinstance(event, Asking)]
    assert [] == [name for name in engine.images() if "asked" in name]
    assert not (driven.run.directory / "asked").exists()


def test_it_is_built_whole_without_the_target_of_the_user(project: Path, engine: ScriptedEngine, monkeypatch: Patch):
    use_rules(monkeypatch, asking(JUNK))
    (project / "Dockerfile").write_text((project / "Dockerfile").read_text().replace("scratch", "scratch AS app"))
    drive(engine, recipe_for(project, target="app"))
    assert {"app", None} == {each.target for each in engine.requests}
    assert [None] == [each.target for each in engine.requests if "asked" in each.tag]


def test_what_is_not_worth_a_build_is_not_asked(project: Path, engine: ScriptedEngine, monkeypatch: Patch):
    use_rules(monkeypatch, asking(JUNK))
    drive(engine, recipe_for(project, min_saving=60000))
    assert [] == asked_for(engine)


def test_what_the_budget_does_not_hold_is_not_asked(project: Path, engine: ScriptedEngine, monkeypatch: Patch):
    use_rules(monkeypatch, asking(JUNK))
    drive(engine, recipe_for(project, budget_seconds=0.0))
    assert [] == asked_for(engine)


def test_an_answer_may_take_no_longer_than_the_budget_lasts(project: Path, engine: ScriptedEngine, monkeypatch: Patch):
    use_rules(monkeypatch, asking(JUNK))
    driven = drive(engine, recipe_for(project, budget_seconds=100.0))
    (given,) = [each.seconds for each in engine.requests if "asked" in each.tag]
    assert given is not None
    assert 0 < given < 100 - driven.end.before.build_seconds


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (ASKED.replace("write /answer 4321", "fail no network"), "the build failed: no network"),
        (ASKED.replace("/answer", "/other"), "the image has no /answer"),
        (ASKED.replace("4321", str(LONGEST + 1)), "/answer has more than 4.2 MB"),
    ],
)
def test_where_there_is_no_answer_the_reason_is_told_and_the_run_goes_on(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch, text: str, why: str
):
    use_rules(monkeypatch, asking(JUNK, text), DOC)
    driven = drive(engine, recipe_for(project))
    notes = [event.text for event in driven.events if isinstance(event, Note)]
    assert f"how large it is: no answer ({why})" in notes
    assert [("junk", "kept"), ("doc", "kept")] == [(rule, verdict) for rule, verdict, _ in driven.fates]
    told = [each for each in Journal(driven.run.directory / "journal").records() if each["kind"] == "asked"]
    assert [why] == [each["reason"] for each in told]


def test_a_secret_in_the_reason_is_not_told(project: Path, engine: ScriptedEngine, monkeypatch: Patch):
    use_rules(monkeypatch, asking(JUNK, "FROM scratch\nRUN fail $TOKEN\n"))
    driven = drive(engine, recipe_for(project, build_args={"TOKEN": "tr0ub4dor&3"}))
    notes = [event.text for event in driven.events if isinstance(event, Note) and "how large" in event.text]
    assert ["how large it is: no answer (the build failed: ***)"] == notes


def test_a_rule_that_never_has_enough_is_asked_no_more(project: Path, engine: ScriptedEngine, monkeypatch: Patch):
    def check(subject: Subject) -> Iterator[Finding]:
        text = f"{ASKED}RUN write /more {len(subject.answers)}\n"
        for each in JUNK.check(subject):
            yield replace(each, questions=(Question("more", text, ("/more",)),))

    use_rules(monkeypatch, replace(JUNK, check=check))
    driven = drive(engine, recipe_for(project))
    first = driven.events.index(next(e for e in driven.events if isinstance(e, Building) and e.number == 1))
    assert 6 == len([event for event in driven.events[:first] if isinstance(event, Asking)])
    assert [("junk", "kept", "v1")] == driven.fates


def test_a_plan_asks_as_well(project: Path, engine: ScriptedEngine, monkeypatch: Patch):
    use_rules(monkeypatch, asking(JUNK), DOC)
    recipe = recipe_for(project)
    with open_run(recipe.project) as run:
        steps = plan(Bench(recipe, engine, run), recipe.dockerfile.read_text())
        while True:
            try:
                next(steps)
            except StopIteration as end:
                found = end.value
                break
    assert [("doc", 20000), ("junk", 4321)] == [(c.finding.rule, c.finding.predicted) for c in found.tried]
    assert [] == engine.images()


def test_what_the_original_was_seen_to_open_reaches_the_rules_also_after_an_interruption(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
):
    seen: list[frozenset[str]] = []
    use_rules(monkeypatch, noting(JUNK, seen), DOC)
    stopped = drive(engine, recipe_for(project), stop_after=12)
    assert stopped.ledger is None
    before = len(seen)
    drive(engine, recipe_for(project), resume=stopped.run)
    assert 0 < before < len(seen)
    kinds = [each["kind"] for each in Journal(stopped.run.directory / "journal").records()]
    assert kinds.index("observed") + 1 == kinds.index("contract")
    assert {frozenset({"/usr/lib/needed"})} == set(seen)


def test_a_given_contract_is_watched_as_it_is_held_against_the_original(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
):
    seen: list[frozenset[str]] = []
    use_rules(monkeypatch, noting(JUNK, seen))
    recorded = drive(engine, recipe_for(project)).end.contract
    assert recorded is not None
    given = replace(recorded, observed=Observed())
    drive(engine, recipe_for(project, contract=given))
    assert {frozenset({"/usr/lib/needed"})} == set(seen)
