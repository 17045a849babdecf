"""The table of `scripts/test --all` is written of whatever was measured."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from results import Outcomes, document

SIZES = {"unpacked": 3_000_000, "transfer": None}
STEP = {
    "version": "v1", "title": "a | b", "rules": ["larger-base-than-needed"], "verdict": "kept",
    "predicted": 1_000_000, "measured": 1_000_000,
}  # fmt: skip
LEDGER = {
    "before": {"sizes": SIZES, "build_seconds": 9.0},
    "after": {"sizes": {"unpacked": 2_000_000, "transfer": None}},
    "contract": {"checks": [1, 2], "exercised": 1},
    "steps": [STEP],
    "verification": {"build_seconds": 5.0},
}


def test_an_example_on_a_stand_in_that_is_far_from_the_real_image_is_marked():
    step = {**STEP, "title": "stand on gcr.io/distroless/nodejs:8 (1 MB)"}
    made = document(Outcomes(ledgers={"x": ({**LEDGER, "steps": [step]}, 60.0)}))
    assert "| x (1) | 3.0 → 2.0 MB |" in made
    assert "(1) It ends on `gcr.io/distroless/nodejs:8`, whose stand-in is more than 15 % off" in made
    assert "(1)" not in document(Outcomes(ledgers={"x": (LEDGER, 60.0)}))


def test_the_table_has_a_row_for_everything_and_says_what_was_run():
    weights = ({"unpacked": 2_000_000}, {"unpacked": 4_000_000})
    outcomes = Outcomes()
    recorded = [("ledger", ["x", LEDGER, 60.0]), ("people", ["x", "by-hand", *weights])]
    recorded += [("caught", ["x", "port", "tcp 80"]), ("caught_in_result", [["x, result", "port", "tcp 81"]])]
    outcomes.add(report("a.py::test_good", "call", "passed", recorded=recorded))
    made = document(outcomes, ["-q", "-k", "x"])
    assert "of those that `pytest -k x` takes" in made
    assert "| x | 3.0 → 2.0 MB | - | 9 s → 5 s | 2 | 1 | 60 s |" in made
    assert "| x | by-hand | 2.0 / 4.0 MB = 0.50 |" in made
    assert "| x | v1 | a \\| b [larger-base-than-needed] | 1.0 MB | 100.0 % | kept |" in made
    assert "Median 0.00 %, worst 0.00 %, 1 kept steps." in made
    assert "| x | port | tcp 80 |\n| x, result | port | tcp 81 |" in made


def report(
    name: str, when: str, outcome: str, why: object = None, recorded: Iterable[tuple[str, object]] = ()
) -> pytest.TestReport:
    return pytest.TestReport(name, ("", 0, ""), {}, outcome, why, when, user_properties=recorded)  # type: ignore[arg-type]


def test_what_failed_is_named_and_what_was_skipped_has_its_reason():
    outcomes = Outcomes()
    for when in ("setup", "call", "teardown"):
        outcomes.add(report("a.py::test_good", when, "passed"))
    outcomes.add(report("a.py::test_bad", "call", "failed", "text"))
    outcomes.add(report("a.py::test_gone", "setup", "skipped", ("a.py", 1, "Skipped: no engine")))
    outcomes.add(report("a.py::test_gone_too", "setup", "skipped", ("a.py", 9, "Skipped: no engine")))
    head = document(outcomes).partition("## Examples")[0]
    assert head.endswith(
        "\nTests: 1 failed, 1 passed, 2 skipped.\n\n- failed: `a.py::test_bad`\n- skipped, 2: no engine\n\n"
    )
    assert document(Outcomes()).partition("## Examples")[0].endswith("\nTests: .\n\n")
