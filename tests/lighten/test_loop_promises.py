"""What the loop promises: predictions first, limits kept, noise taken into account, refusals before any build."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scripted_engine import ScriptedEngine
from scripted_run import (
    DOC,
    JUNK,
    LOCALE,
    NEEDED,
    TEXT,
    drive,
    make_project,
    recipe_for,
    replacing,
    texts_of,
    use_rules,
)

from jettison.contract.model import RecordOptions
from jettison.core.errors import ContractError, DockerfileError, UsageError
from jettison.core.values import Applicability
from jettison.engine.model import BuildRequest
from jettison.lighten.journal import Journal
from jettison.lighten.run import all_runs

Patch = pytest.MonkeyPatch
LOSSLESS = Applicability.LOSSLESS


def test_each_prediction_is_on_the_disk_before_its_build_starts(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, JUNK, DOC, NEEDED)
    seen: list[tuple[str, Any]] = []

    def look(request: BuildRequest) -> None:
        journal = Journal(all_runs()[-1].directory / "journal")
        last = journal.last("prediction") or {}
        right = last.get("text") == request.dockerfile.read_bytes().decode()
        seen.append((request.tag.rpartition(":")[2], last.get("predicted") if right else None))

    engine.before_build = look
    drive(engine, recipe_for(project))
    assert [("v1", 50000), ("v2", 20000), ("v3", 3000)] == [each for each in seen if each[1] is not None]
    assert ["v0-again", "v0", "v1", "v2", "v3", "verification"] == [name for name, _ in seen]


def test_build_only_starts_nothing_and_tries_lossless_changes_alone(
    tmp_path: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    text = TEXT.replace("write /var/cache/junk 50000 && sleep 5", "write /junk 50000\nRUN rm /junk")
    use_rules(monkeypatch, replacing("merge", "\nRUN rm", " && rm", 50000, LOSSLESS), DOC)
    project = make_project(tmp_path / "p", text)
    driven = drive(
        engine, recipe_for(project, record=RecordOptions(build_only=True), select=frozenset({"merge", "doc"}))
    )
    assert ([("merge", "kept", "v1")], None, []) == (driven.fates, driven.end.contract, engine.started)
    assert driven.end.verification is not None
    assert (True, None) == (driven.end.verification.held, driven.end.verification.replay)


def test_build_only_undoes_a_false_lossless_claim(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    use_rules(monkeypatch, replacing("liar", "write /var/cache/junk 50000", "write /x 0", 50000, LOSSLESS))
    driven = drive(engine, recipe_for(project, record=RecordOptions(build_only=True)))
    assert [("liar", "skipped", "")] == driven.fates


@pytest.mark.parametrize(
    ("more", "tried"),
    [
        ({}, ["junk", "doc", "locale"]),
        ({"select": frozenset({"doc", "junk"})}, ["junk", "doc"]),
        ({"ignore": frozenset({"doc"})}, ["junk", "locale"]),
        ({"budget_seconds": 600.0}, ["locale", "doc", "junk"]),
        ({"select": frozenset({"doc"}), "ignore": frozenset({"doc"})}, []),
        ({"min_saving": 15000}, ["junk", "doc"]),
        ({"min_saving": None}, []),  # 1 MB
        ({"allow": LOSSLESS}, []),
    ],
    ids=["all", "select", "ignore", "budget", "both", "min-saving", "by default", "allow lossless"],
)
def test_only_what_was_asked_for_is_tried(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch, more: dict[str, Any], tried: list[str]
) -> None:
    use_rules(monkeypatch, JUNK, DOC, LOCALE)
    assert tried == [rule for rule, _, _ in drive(engine, recipe_for(project, **more)).fates]


def test_worth_a_build_is_half_a_percent_of_a_large_image(project: Path) -> None:
    recipe = recipe_for(project, min_saving=None)
    assert [1_000_000, 1_000_000, 5_000_000] == [recipe.worth(size) for size in (0, 200_000_000, 1_000_000_000)]


def test_paths_that_differ_by_themselves_are_noise(tmp_path: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    text = TEXT.replace("write /usr/lib/needed 3000", "write /usr/lib/needed 3000 && stamp /log && touch /stamp 4")
    text = text.replace("write /var/cache/junk 50000 && sleep 5", "write /junk 50000\nRUN rm /junk")
    use_rules(monkeypatch, replacing("merge", "\nRUN rm", " && rm", 50000, LOSSLESS))
    driven = drive(engine, recipe_for(make_project(tmp_path / "p", text)))
    assert frozenset({b"log", b"stamp"}) == driven.end.noise.paths
    assert (LOSSLESS, "") == (driven.end.steps[0].applicability, driven.end.steps[0].reason)


def test_a_saving_within_the_noise_counts_as_none(tmp_path: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    """`swell` adds a byte a build; made steeper by two hundred of them."""
    swells = " && ".join(f"swell /{number} 100" for number in range(200))
    text = TEXT.replace("write /usr/lib/needed 3000", f"write /usr/lib/needed 3000 && {swells}")
    small = replacing("small", "write /usr/share/locale 10000", "write /usr/share/locale 9850", 5000)
    use_rules(monkeypatch, small)
    driven = drive(engine, recipe_for(make_project(tmp_path / "p", text), min_saving=1))
    assert (200, "no-gain") == (driven.end.noise.size, driven.end.steps[0].verdict.value)
    assert "saved 150 B; a change is kept from 201 B on" == driven.end.steps[0].reason


def test_a_budget_stops_before_what_does_not_fit_and_says_what_was_left(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    """v0 takes 12 s by the engine's word, the build of locale 1, of doc 4, of junk 10; nothing here takes time."""
    use_rules(monkeypatch, JUNK, DOC, LOCALE)
    driven = drive(engine, recipe_for(project, budget_seconds=21.0))
    assert ["locale", "doc"] == [rule for rule, _, _ in driven.fates]
    assert ["not tried: junk (50.0 kB predicted)"] == [note.partition("; ")[2] for note in driven.end.notes]
    assert driven.end.verification is not None
    assert driven.end.verification.held


def test_a_budget_that_holds_nothing_tries_nothing(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    use_rules(monkeypatch, JUNK, DOC, LOCALE)
    driven = drive(engine, recipe_for(project, budget_seconds=0.0))
    assert (False, ["v0-again", "v0"]) == (driven.end.changed, texts_of(engine.requests))
    assert driven.end.notes[0].startswith("stopped by --budget after 0.")
    assert all(name in driven.end.notes[0] for name in ("junk", "doc", "locale"))


def test_what_a_run_leaves_in_the_engines_store_is_told(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, JUNK)
    told = iter([5_000_000, 17_000_000])
    monkeypatch.setattr(ScriptedEngine, "usage", lambda self: next(told))
    notes = drive(engine, recipe_for(project)).end.notes
    assert ("scripted now stores 12.0 MB more than before (build cache)",) == notes


def test_sources_that_change_meanwhile_are_told(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    use_rules(monkeypatch, JUNK)

    def touch(request: BuildRequest) -> None:
        (project / "new").write_text(request.tag)

    engine.before_build = touch
    notes = drive(engine, recipe_for(project)).end.notes
    assert ("files in the build context changed while this ran: the numbers are of a mixture",) == notes


@pytest.mark.parametrize(
    ("text", "more", "error", "said"),
    [
        ("", {}, DockerfileError, "has no instruction"),
        ("# nothing but a comment\n", {}, DockerfileError, "has no instruction"),
        ("FROM scratch\nRUNN x\n", {}, DockerfileError, "RUNN"),
        ("FROM scratch\n", {"target": "prod"}, UsageError, "there is no stage called prod"),
        ("FROM $BASE\n", {}, DockerfileError, "BASE is not defined"),
        ("FROM scratch AS a\nCOPY --from=a /x /x\n", {}, DockerfileError, "the stage a,"),
    ],
    ids=["empty", "comment only", "unknown instruction", "unknown target", "undefined base", "stage cycle"],
)
def test_what_cannot_be_built_is_refused_before_any_build(
    tmp_path: Path, engine: ScriptedEngine, text: str, more: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        drive(engine, recipe_for(make_project(tmp_path / "p", text), **more))
    assert ([], True) == (engine.requests, bool(caught.value.hint))  # type: ignore[attr-defined]


def test_a_check_of_the_users_own_decides(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    use_rules(monkeypatch, replacing("gone", "RUN write /usr/share/doc 20000", "RUN write /elsewhere 0", 20000))
    assert [("gone", "kept", "v1")] == drive(engine, recipe_for(project)).fates
    record = RecordOptions(commands=("test -e /usr/share/doc",))
    driven = drive(engine, recipe_for(project, record=record))
    assert [("gone", "broke-contract", "")] == driven.fates
    assert "test -e /usr/share/doc" in driven.end.steps[0].reason


def test_a_contract_from_a_file_is_held_against_the_original_first(
    tmp_path: Path, project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, NEEDED, JUNK)
    contract = drive(engine, recipe_for(project)).end.contract
    driven = drive(engine, recipe_for(project, contract=contract))
    assert [("junk", "kept", "v1"), ("needed", "broke-contract", "")] == driven.fates
    other = make_project(tmp_path / "other", application="say something else\n")
    with pytest.raises(ContractError, match="the original does not hold the contract"):
        drive(engine, recipe_for(other, contract=contract))


def test_the_ledger_tells_both_starts_and_the_dockerfile_as_seen_from_the_project(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, JUNK)
    (project / "docker").mkdir()
    (project / "docker" / "prod").write_text(TEXT)
    recipe = recipe_for(project)
    recipe = type(recipe)(**{**vars(recipe), "dockerfile": project / "docker" / "prod"})
    ledger = drive(engine, recipe).end
    assert ("docker/prod", True) == (ledger.dockerfile, ledger.diff.startswith("--- a/docker/prod\n+++ b/docker/prod"))
    assert ledger.before.start_seconds is not None
