"""Progress: what is being tried, and why; what came of it."""

from __future__ import annotations

import dataclasses

import pytest
from made_up_ledger import BROKE, CORRECTED, FAILED, KEPT, LEDGER, NO_GAIN, V1

from jettison.lighten import events
from jettison.lighten.ledger import Step, Verdict
from jettison.report.progress import describe

EVENTS = [
    (events.Note("removed what a killed run had left"), "note: removed what a killed run had left"),
    (
        events.Building("v0", "the Dockerfile as it is", "everything is measured against it", cold=True),
        "v0    building cold: the Dockerfile as it is (everything is measured against it)",
    ),
    (
        events.Building("v1", "remove apt's lists", "line 3 leaves them", predicted=59_700_000, number=2, candidates=5),
        "v1    try 2 (5 known): remove apt's lists, because line 3 leaves them; predicted 59.7 MB",
    ),
    (events.Built("v1", 15.3), "v1    built in 15.3 s"),
    (events.Built("v0-again", 15.3), "v0    built in 15.3 s"),
    (events.Built("v1", 200.0), "v1    built in 3 min 20 s"),
    (events.Weighed("v1", V1.sizes), "v1    weighs 1.37 GB unpacked, 490.1 MB to transfer"),
    (
        events.Weighed("v1", dataclasses.replace(V1.sizes, transfer=None)),
        "v1    weighs 1.37 GB unpacked",
    ),
    (
        events.Asking("what apt would leave out of line 4, in a dry run"),
        "ask   what apt would leave out of line 4, in a dry run",
    ),
    (
        events.Recording("two fresh starts of the original"),
        "v0    watching what it does: two fresh starts of the original",
    ),
    (
        events.Recorded(3, 14, ("POST", "websockets"), ("port 80 moved",)),
        "v0    contract: 14 checks, 3 distinct answers exercised; not exercised: POST, websockets; port 80 moved",
    ),
    (events.Recorded(1, 1, ()), "v0    contract: 1 check, 1 distinct answer exercised"),
    (events.Checking("v1"), "v1    checking that it still works"),
    (events.Checking("verification"), "proof checking that it still works"),
    (events.Verifying("v2"), "v2    proving the result: built cold, weighed and checked once more"),
    (events.Event(), ""),
]

STEPS = [
    (KEPT, "v1    kept: saved 60.0 MB, predicted 59.7 MB"),
    (NO_GAIN, "      undone (no-gain): grew by 2.1 kB, predicted 12.0 MB: remove npm's cache where it is filled"),
    (
        BROKE,
        (
            "      undone (broke-contract): saved 208.9 MB, predicted 210.0 MB: install no recommended packages: "
            "http://localhost:8080/: status 500, was 200: Error: \\e[2Jcannot load \\u202egnp.elif | "
            "<script>alert(1)</script>\\nin /app/`server`.js"
        ),
    ),
    (
        FAILED,
        (
            "      undone (build-failed): keep no cache of pip's: "
            "RUN pip install --no-cache-dir . failed: no matching distribution"
        ),
    ),
    (
        CORRECTED,
        (
            "v2    kept: saved 1.20 GB, predicted 1.20 GB; claimed to leave the tree equal, and did not: "
            "/var/log/dpkg.log (content)"
        ),
    ),
    (
        dataclasses.replace(NO_GAIN, verdict=Verdict.SKIPPED, measured=None, weight=None, reason="not allowed"),
        "      skipped: remove npm's cache where it is filled: not allowed",
    ),
]


@pytest.mark.parametrize(("event", "expected"), EVENTS, ids=lambda value: type(value).__name__)
def test_each_event_is_one_line(event: events.Event, expected: str) -> None:
    assert expected == describe(event)


@pytest.mark.parametrize(("step", "expected"), STEPS, ids=lambda value: str(getattr(value, "verdict", ""))[8:])
def test_a_verdict_tells_saved_and_predicted_and_why_it_was_undone(step: Step, expected: str) -> None:
    assert expected == describe(events.Done(step, LEDGER))


def test_every_event_there_is_has_a_line() -> None:
    told = {type(event) for event, _ in EVENTS} | {events.Done}
    assert {events.Event, *events.Event.__subclasses__()} == told
