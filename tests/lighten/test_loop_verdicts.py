"""What becomes of a change: kept, or undone with the verdict and the reason that fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
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

from jettison.core.errors import BuildFailed, ContractError
from jettison.core.values import Applicability
from jettison.documents.ledger import balance, ledger_to_json
from jettison.documents.schemas import schema
from jettison.lighten.ledger import Verdict
from jettison.report.ledger_html import ledger_html
from jettison.report.ledger_text import ledger_table

LOSSLESS = Applicability.LOSSLESS
Patch = pytest.MonkeyPatch


def test_each_change_that_saves_and_works_is_kept(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    use_rules(monkeypatch, JUNK, DOC, LOCALE)
    driven = drive(engine, recipe_for(project))
    assert [("junk", "kept", "v1"), ("doc", "kept", "v2"), ("locale", "kept", "v3")] == driven.fates
    assert [50000, 20000, 10000] == [step.measured for step in driven.end.steps]


def test_the_ledger_balances_to_the_byte(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    use_rules(monkeypatch, JUNK, DOC, NEEDED)
    ledger = drive(engine, recipe_for(project)).end
    balance(ledger)
    measured = sum(step.measured or 0 for step in ledger.kept)
    assert measured == ledger.before.sizes.unpacked - ledger.after.sizes.unpacked == 70000


def test_a_fix_that_breaks_the_application_is_undone(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    use_rules(monkeypatch, NEEDED)
    driven = drive(engine, recipe_for(project))
    step = driven.end.steps[0]
    assert [("needed", "broke-contract", "")] == driven.fates
    assert "cannot open /usr/lib/needed: no such file" in step.reason
    assert (3000, TEXT, False) == (step.measured, driven.end.text_after, driven.end.changed)


@pytest.mark.parametrize(
    ("new", "verdict", "reason"),
    [
        ("write /var/cache/other 50000", "no-gain", "saved nothing"),
        ("write /var/cache/junk 50000 && write /more 7000", "no-gain", "grew by 7.0 kB"),
        ("write /var/cache/junk 49500", "no-gain", "saved 500 B; a change is kept from 1.0 kB on"),
        ("echo trying && fail E: no space for it", "build-failed", "the build failed: E: no space for it"),
    ],
    ids=["saves nothing", "grows", "saves too little", "does not build"],
)
def test_a_fix_that_is_no_good_is_undone_with_its_reason(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch, new: str, verdict: str, reason: str
) -> None:
    use_rules(monkeypatch, replacing("bad", "write /var/cache/junk 50000", new, 50000))
    driven = drive(engine, recipe_for(project))
    assert [(("bad", verdict, ""), reason)] == [(driven.fates[0], driven.end.steps[0].reason)]
    assert (False, TEXT, None) == (driven.end.changed, driven.end.text_after, driven.end.verification)


def test_a_step_that_did_not_build_has_no_weight(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    use_rules(monkeypatch, replacing("bad", "write /var/cache/junk 50000", "fail", 50000))
    step = drive(engine, recipe_for(project)).end.steps[0]
    assert (None, None, 50000) == (step.measured, step.weight, step.predicted)


def test_what_was_undone_is_not_tried_again_after_other_changes(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    early = replacing("needed", "write /usr/lib/needed 3000", "write /usr/lib/other 0", 900_000)
    use_rules(monkeypatch, early, JUNK, DOC, LOCALE)
    fates = drive(engine, recipe_for(project)).fates
    assert ("needed", "broke-contract", "") == fates[0]
    assert ["needed", "junk", "doc", "locale"] == [rule for rule, _, _ in fates]


def test_two_equal_changes_of_two_lines_are_both_tried(
    tmp_path: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    text = TEXT.replace('CMD ["/app/main"]', 'RUN write /second 20000 && rm -f /x\nCMD ["/app/main"]')
    first = replacing("one", " 20000\n", " 2\n", 20000)
    use_rules(monkeypatch, first, replacing("two", " 20000 &&", " 2 &&", 20000))
    assert ["kept", "kept"] == [
        fate for _, fate, _ in drive(engine, recipe_for(make_project(tmp_path / "p", text))).fates
    ]


def test_nothing_kept_means_not_changed_and_nothing_verified(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch)
    driven = drive(engine, recipe_for(project))
    assert (False, None, TEXT, "") == (
        driven.end.changed,
        driven.end.verification,
        driven.end.text_after,
        driven.end.diff,
    )
    assert ["v0-again", "v0"] == texts_of(engine.requests)


def test_a_second_run_on_the_result_finds_nothing(
    tmp_path: Path, project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, JUNK, DOC, LOCALE)
    result = drive(engine, recipe_for(project)).end.text_after
    again = drive(ScriptedEngine(tmp_path / "fresh"), recipe_for(make_project(tmp_path / "again", result)))
    assert (False, (), result) == (again.end.changed, again.end.steps, again.end.text_after)


def test_the_real_rules_merge_what_is_deleted_later(tmp_path: Path, engine: ScriptedEngine) -> None:
    text = 'FROM scratch\nCOPY main /app/main\nRUN write /junk 90000\nRUN rm -f /junk\nCMD ["/app/main"]\n'
    project = make_project(tmp_path / "p", text, "say hello\n")
    ledger = drive(engine, recipe_for(project, select=frozenset({"deleted-in-a-later-layer"}))).end
    step = ledger.steps[0]
    assert ("kept", 90000, 90000, LOSSLESS, "") == (
        step.verdict.value,
        step.predicted,
        step.measured,
        step.applicability,
        step.reason,
    )
    assert ledger.verification is not None
    assert ledger.verification.held


def test_a_true_lossless_claim_is_kept_as_such(tmp_path: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    text = TEXT.replace("write /var/cache/junk 50000 && sleep 5", "write /junk 50000\nRUN rm /junk")
    use_rules(monkeypatch, replacing("merge", "\nRUN rm", " && rm", 50000, LOSSLESS))
    step = drive(engine, recipe_for(make_project(tmp_path / "p", text), allow=LOSSLESS)).end.steps[0]
    assert (Verdict.KEPT, LOSSLESS, "") == (step.verdict, step.applicability, step.reason)


def test_a_false_lossless_claim_becomes_tested_with_its_reason(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, replacing("liar", "write /var/cache/junk 50000", "write /var/cache/junk 0", 50000, LOSSLESS))
    step = drive(engine, recipe_for(project)).end.steps[0]
    assert (Verdict.KEPT, Applicability.TESTED) == (step.verdict, step.applicability)
    assert "claimed to leave the tree equal, and did not: /var/cache/junk (content)" == step.reason


def test_a_false_lossless_claim_is_refused_where_only_lossless_is_allowed(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, replacing("liar", "write /var/cache/junk 50000", "write /var/cache/junk 0", 50000, LOSSLESS))
    driven = drive(engine, recipe_for(project, allow=LOSSLESS))
    assert [("liar", "skipped", "")] == driven.fates
    assert driven.end.steps[0].reason.startswith("claimed to leave the tree equal, and did not")
    assert (TEXT, None) == (driven.end.text_after, driven.end.verification)


def test_a_lossless_claim_that_changes_the_config_is_false(
    tmp_path: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    text = TEXT.replace("write /var/cache/junk 50000 && sleep 5", "write /junk 50000\nRUN rm /junk")
    rule = replacing("merge", "\nRUN rm /junk", " && rm /junk\nUSER nobody", 50000, LOSSLESS)
    use_rules(monkeypatch, rule)
    step = drive(engine, recipe_for(make_project(tmp_path / "p", text), allow=LOSSLESS)).end.steps[0]
    assert (Verdict.SKIPPED, "claimed to leave the tree equal, and did not: config User") == (step.verdict, step.reason)


def test_a_proposed_fix_is_tried_only_where_it_is_named(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    rule = replacing("bold", "write /var/cache/junk 50000", "write /x 0", 50000, Applicability.PROPOSED)
    use_rules(monkeypatch, rule)
    named = frozenset({"bold"})
    assert [] == drive(engine, recipe_for(project)).fates
    assert [] == drive(engine, recipe_for(project, select=named, allow=LOSSLESS)).fates
    assert [("bold", "kept", "v1")] == drive(engine, recipe_for(project, select=named)).fates


def test_a_result_whose_cold_build_is_larger_is_not_held(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, replacing("sly", "write /var/cache/junk 50000", "when-cold write /junk 40000", 50000))
    ledger = drive(engine, recipe_for(project)).end
    assert ledger.verification is not None
    assert (False, 40000) == (ledger.verification.held, ledger.verification.drift)
    assert "the cold build weighs 40.0 kB more than the kept version" == ledger.verification.reason


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("when-cold rm /usr/lib/needed", "cannot open /usr/lib/needed"),
        ("when-cold fail mirror is down", "the result does not build cold: the build failed: mirror is down"),
    ],
    ids=["does not work", "does not build"],
)
def test_a_result_that_does_not_stand_a_cold_build_is_not_held(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch, command: str, reason: str
) -> None:
    use_rules(monkeypatch, replacing("sly", "write /var/cache/junk 50000", command, 50000))
    verification = drive(engine, recipe_for(project)).end.verification
    assert verification is not None
    assert (False, True) == (verification.held, reason in verification.reason)


def test_what_did_not_build_cold_has_no_numbers(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    use_rules(monkeypatch, replacing("sly", "write /var/cache/junk 50000", "when-cold fail mirror is down", 50000))
    ledger = drive(engine, recipe_for(project)).end
    document = ledger_to_json(ledger)
    Draft202012Validator(schema("ledger")).validate(document)
    told = {key: document["verification"][key] for key in ("held", "sizes", "drift", "build_seconds", "start_seconds")}
    assert {"held": False, "sizes": None, "drift": None, "build_seconds": None, "start_seconds": None} == told
    page = ledger_html(ledger)
    assert (False, True) == (">built cold<" in page, "does not build cold: the build failed" in page)
    assert "built cold once more" not in ledger_table(ledger, width=100, colour=False)


def test_cold_times_builds_each_kept_version_cold_as_well(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, LOCALE, NEEDED)
    ledger = drive(engine, recipe_for(project, cold_times=True)).end
    kept, broken = ledger.steps
    assert kept.weight is not None
    assert broken.weight is not None
    assert (True, False) == (kept.weight.cold, broken.weight.cold)
    assert ["v0-again", "v0", "v1", "v1-cold", "v2", "verification"] == texts_of(engine.requests)


def test_with_cold_times_a_version_that_does_not_build_cold_is_undone(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, replacing("sly", "write /var/cache/junk 50000", "when-cold fail mirror is down", 50000))
    driven = drive(engine, recipe_for(project, cold_times=True))
    assert [("sly", "build-failed", "")] == driven.fates
    assert "built cold, the build failed: mirror is down" == driven.end.steps[0].reason


def test_no_image_is_left_where_none_is_wanted(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    use_rules(monkeypatch, JUNK, NEEDED, replacing("bad", "write /usr/share/doc 20000", "fail", 20000))
    drive(engine, recipe_for(project))
    assert [] == engine.images()


def test_images_that_are_wanted_stay(project: Path, engine: ScriptedEngine, monkeypatch: Patch) -> None:
    use_rules(monkeypatch, JUNK, DOC, NEEDED)
    driven = drive(engine, recipe_for(project, keep_images=True))
    assert [driven.run.tag(name) for name in ("v0", "v1", "v2")] == engine.images()
    assert driven.end.reference.endswith("v2")


def test_an_original_that_does_not_build_leaves_nothing(tmp_path: Path, engine: ScriptedEngine) -> None:
    project = make_project(tmp_path / "p", "FROM scratch\nRUN write /a 5\nRUN fail no such package\n")
    with pytest.raises(BuildFailed) as error:
        drive(engine, recipe_for(project))
    assert ("no such package", []) == (error.value.log, engine.images())


def test_an_original_that_does_nothing_is_refused(tmp_path: Path, engine: ScriptedEngine) -> None:
    project = make_project(tmp_path / "p", application="need /nothing\n")
    with pytest.raises(ContractError, match="ends with 1 when it is started") as error:
        drive(engine, recipe_for(project))
    assert (4, []) == (error.value.exit_code, engine.images())


def test_a_changed_build_has_a_limit_of_time_and_the_original_has_none(
    project: Path, engine: ScriptedEngine, monkeypatch: Patch
) -> None:
    use_rules(monkeypatch, JUNK)
    drive(engine, recipe_for(project))
    assert [("v0-again", None), ("v0", None), ("v1", 900.0), ("verification", 900.0)] == [
        (request.tag.rpartition(":")[2], request.seconds) for request in engine.requests
    ]
    slow = make_project(project.parent / "slow", TEXT.replace("sleep 5", "sleep 200"))
    engine.requests.clear()
    drive(engine, recipe_for(slow))
    assert [10 * (5 * 1.0 + 200.0 + 2.0)] == [
        request.seconds for request in engine.requests if request.tag.endswith(":v1")
    ]
