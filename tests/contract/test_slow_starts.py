"""Start-up seconds: one slow start proves nothing, three in turn do; the bound is stated."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from fake_sandbox import Clock, FakeEngine, Page, Port, Program, site
from handmade_tree import executable, image

from jettison.contract.model import Contract, RecordOptions, Replay
from jettison.contract.observe import Target
from jettison.contract.record import record
from jettison.contract.start_up import Starts, bound, compare_starts, seems_slow

CONFIG = {"Cmd": ["app"], "ExposedPorts": {"8000/tcp": {}}}


def opens(seconds: float) -> Program:
    return Program({8000: Port(site({"/": Page("hello")}), after=seconds)})


def compared(clock: Clock, before: Sequence[float], after: Sequence[float]) -> tuple[Starts, list[str]]:
    """The comparison, and which were started; `before` begins with the two starts of the recording."""
    engine = FakeEngine({"v0": [opens(each) for each in before], "v1": [opens(each) for each in after]}, clock)
    v0, v1 = (Target(engine, name, image({"bin/app": executable("x")}, config=CONFIG)) for name in ("v0", "v1"))
    contract = record(v0, RecordOptions())
    starts = compare_starts(contract, v0, v1)
    return starts, engine.starts[2:]


@pytest.mark.parametrize(("seconds", "more"), [(0.0, 2.0), (1.0, 2.0), (2.0, 2.0), (4.0, 4.0), (10.0, 10.0)])
def test_two_seconds_are_allowed_and_as_long_again(seconds: float, more: float) -> None:
    assert more == bound(seconds)


@pytest.mark.parametrize(
    ("before", "after", "worse"),
    [
        ((1.0, 1.0, 1.0), (4.0, 4.0, 4.0), True),
        ((1.0, 1.0, 1.0), (2.9, 2.9, 2.9), False),
        ((10.0, 10.0, 10.0), (14.0, 14.0, 14.0), False),
        ((10.0, 10.0, 10.0), (16.0, 16.0, 16.0), False),
        ((10.0, 10.0, 10.0), (21.0, 21.0, 21.0), True),
        ((1.0, 4.5, 1.0), (4.0, 5.0, 5.0), False),  # the ranges meet: chance does that
        ((1.0, 3.0, 1.0), (3.1, 5.0, 5.0), True),
        ((1.0, 1.0), (4.0, 4.0), False),
        ((), (), False),
    ],
)
def test_worse_is_what_is_slower_each_time_and_by_more_than_the_bound(
    before: tuple[float, ...], after: tuple[float, ...], worse: bool
) -> None:
    assert worse == Starts(before, after).worse


def test_both_are_started_in_turn_three_times(clock: Clock) -> None:
    starts, order = compared(clock, [1.0], [4.0, 5.0, 4.5])
    assert ["v0", "v1"] * 3 == order
    assert ([1.0] * 3, [4.0, 5.0, 4.5]) == (pytest.approx(starts.before, abs=0.1), pytest.approx(starts.after, abs=0.1))
    assert starts.worse
    assert "starts in 4.5 s, was 1.0 s (medians of 3 starts each, in turn), and 2.0 s more are allowed" == str(starts)


def test_no_more_starts_are_made_once_the_candidate_was_as_fast(clock: Clock) -> None:
    starts, order = compared(clock, [1.0], [4.0, 0.9])
    assert (["v0", "v1"] * 2, False) == (order, starts.worse)
    starts, order = compared(clock, [1.0, 1.0, 5.0], [4.0])  # the machine is slow now, for the original as well
    assert (["v0", "v1"], False) == (order, starts.worse)


def test_a_start_that_ends_proves_nothing(clock: Clock) -> None:
    engine = FakeEngine({"v0": opens(1.0), "v1": [opens(5.0), Program(ends=1)]}, clock)
    v0, v1 = (Target(engine, name, image({"bin/app": executable("x")}, config=CONFIG)) for name in ("v0", "v1"))
    assert not compare_starts(record(v0, RecordOptions()), v0, v1).worse


def test_a_candidate_whose_port_opens_long_after_the_usual_patience_is_worse(clock: Clock) -> None:
    slow = Program({8000: Port(site({"/": Page("hello")}), after=20.0)}, busy=1000.0)
    engine = FakeEngine({"v0": opens(1.0), "v1": slow}, clock)
    v0, v1 = (Target(engine, name, image({"bin/app": executable("x")}, config=CONFIG)) for name in ("v0", "v1"))
    assert compare_starts(record(v0, RecordOptions()), v0, v1).worse


@pytest.mark.parametrize(
    ("before", "after", "slow"),
    [
        (1.0, 1.9, False),
        (1.0, 2.1, True),
        (10.0, 12.0, False),
        (10.0, 16.0, True),
        (None, 60.0, False),
        (1.0, None, False),
    ],
)
def test_starts_are_compared_only_where_one_was_slow(before: float | None, after: float | None, slow: bool) -> None:
    assert slow == seems_slow(Contract((), 1, start_seconds=before), Replay((), 0.0, after))
