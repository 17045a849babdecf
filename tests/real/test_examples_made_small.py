"""Every example, v0 to vN, on real builds."""

from __future__ import annotations

import shutil
from statistics import median

import pytest
import second_way
from example import FLAGS, images_of, optimize, read_ledger
from results import error, kept, predicted

pytestmark = [pytest.mark.real, pytest.mark.engine]


def test_the_example_gets_smaller_and_its_contract_held(optimized, record_property):
    ledger = optimized.ledger
    record_property("ledger", (optimized.project.name, ledger, optimized.seconds))
    assert ledger["result"]["changed"]
    assert kept(ledger)
    assert ledger["after"]["sizes"]["unpacked"] <= ledger["before"]["sizes"]["unpacked"] - 1_000_000
    decisive = [check for check in ledger["contract"]["checks"] if check["decides"]]
    assert [] == [check for check in decisive if check["ok"] is False]
    assert ledger["contract"]["exercised"] >= 1


def test_the_ledger_is_balanced(optimized):
    ledger = optimized.ledger
    difference = ledger["before"]["sizes"]["unpacked"] - ledger["after"]["sizes"]["unpacked"]
    assert difference == sum(step["measured"] for step in kept(ledger))


def test_both_ends_weigh_the_same_a_second_way(optimized, tmp_path, monkeypatch):
    for key, value in optimized.environment.items():
        monkeypatch.setenv(key, value)
    ledger = optimized.ledger
    for end, version in (("before", "v0"), ("after", kept(ledger)[-1]["version"])):
        layout = second_way.copy_to_layout(f"{images_of(ledger)}:{version}", tmp_path / version)
        assert ledger[end]["sizes"]["unpacked"] == second_way.unpacked(layout)
        assert ledger[end]["sizes"]["effective"] == second_way.effective(layout)
        # ours is gzip -6, blobs of bases as the registry has them; skopeo's pgzip was found to make 5 % more
        ours = ledger[end]["sizes"]["transfer"]
        assert second_way.packed(layout) * 0.99 <= ours <= second_way.transfer(layout) * 1.01
        shutil.rmtree(layout)


def test_predictions_are_within_three_percent(optimized):
    steps = predicted(optimized.ledger)
    found = [error(step) for step in steps]
    assert median(found) <= 0.03, found
    apart = [error(step) for step in steps if "larger-base-than-needed" not in step["rules"]]
    assert not apart or median(apart) <= 0.03, apart


def test_the_result_held_when_built_cold(optimized):
    verification = optimized.ledger["verification"]
    assert verification["contract"]["held"]
    assert abs(verification["drift"]) <= 0.001 * optimized.ledger["after"]["sizes"]["unpacked"]


def test_a_second_run_finds_nothing_worth_a_build(optimized, tmp_path):
    """On a copy of the result; v0 is always built cold, so no cache helps it."""
    project = shutil.copytree(optimized.project, tmp_path / "again")
    output = tmp_path / "ledger.json"
    flags = ("-o", str(output), *FLAGS[optimized.project.name])
    ended = optimize(project, tmp_path / "state", *flags, engine_environment=optimized.environment)
    assert 0 == ended.returncode, ended.stderr[-4000:]
    ledger = read_ledger(output)
    assert ([], False) == (ledger["steps"], ledger["result"]["changed"])
