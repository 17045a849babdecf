from __future__ import annotations

from typing import Any

import pytest
from fake_sandbox import Clock, FakeSandbox, Port, Program

from jettison.contract.readiness import Settled, own_listeners, settle
from jettison.engine.model import Listener, RunOptions


def settled(clock: Clock, program: Program, **options: Any) -> tuple[Settled, float]:
    """How it settled, and seconds waited for that."""
    with FakeSandbox(program, RunOptions(), clock) as sandbox:
        began = clock.now
        return settle(sandbox, **options), clock.now - began


def test_a_port_that_is_open_at_once_is_ready_at_once(clock: Clock) -> None:
    ready, waited = settled(clock, Program({8000: Port()}))
    assert Settled(0.0, True) == ready
    assert 0.7 < waited < 1.0


def test_a_port_that_opens_late_is_waited_for(clock: Clock) -> None:
    ready, waited = settled(clock, Program({8000: Port(after=2.5)}))
    assert (pytest.approx(2.5, abs=0.1), True) == (ready.seconds, ready.in_time)
    assert 2.9 < waited < 3.2


def test_a_second_port_moves_the_moment(clock: Clock) -> None:
    ready, _ = settled(clock, Program({8000: Port(after=0.5), 8001: Port(after=0.9)}))
    assert pytest.approx(0.9, abs=0.1) == ready.seconds


def test_a_busy_processor_is_waited_for_though_the_port_is_open(clock: Clock) -> None:
    _, waited = settled(clock, Program({8000: Port()}, busy=4.0))
    assert 4.5 < waited < 5.5


def test_without_a_port_three_quiet_seconds_are_enough(clock: Clock) -> None:
    ready, waited = settled(clock, Program())
    assert ready.in_time
    assert pytest.approx(3.0, abs=0.1) == waited


def test_an_open_udp_port_is_no_port_to_wait_for(clock: Clock) -> None:
    assert pytest.approx(3.0, abs=0.1) == settled(clock, Program({53: Port(protocol="udp")}))[1]


def test_a_program_that_ends_is_ready_when_it_ends(clock: Clock) -> None:
    ready, _ = settled(clock, Program(ends=1, ends_after=1.5))
    assert (pytest.approx(1.5, abs=0.1), True) == (ready.seconds, ready.in_time)


def test_an_end_that_is_expected_is_waited_for_though_all_is_quiet(clock: Clock) -> None:
    late = Program(ends=0, ends_after=9.0)
    assert pytest.approx(9.0, abs=0.1) == settled(clock, late, ends=True)[0].seconds
    assert pytest.approx(3.0, abs=0.1) == settled(clock, late)[1]


def test_an_expected_port_is_waited_for_though_all_is_quiet(clock: Clock) -> None:
    ready, _ = settled(clock, Program({8000: Port(after=9.0)}), expected=frozenset([8000]))
    assert (pytest.approx(9.0, abs=0.1), True) == (ready.seconds, ready.in_time)
    assert pytest.approx(3.0, abs=0.1) == settled(clock, Program({8000: Port(after=9.0)}))[1]


def test_who_was_slow_to_open_its_port_before_may_be_slower_though_it_is_quiet(clock: Clock) -> None:
    ready, _ = settled(clock, Program({8000: Port(after=40.0)}), expected=frozenset([8000]), cap=4 * 14.0)
    assert (pytest.approx(40.0, abs=0.1), True) == (ready.seconds, ready.in_time)


def test_an_expected_port_that_never_opens_is_waited_for_fifteen_seconds(clock: Clock) -> None:
    for program in (Program(), Program({9000: Port()})):
        ready, waited = settled(clock, program, expected=frozenset([8000]))
        assert (True, pytest.approx(15.0, abs=0.2)) == (ready.in_time, waited)


def test_who_is_busy_and_has_not_opened_its_port_has_a_minute(clock: Clock) -> None:
    ready, _ = settled(clock, Program({8000: Port(after=40.0)}, busy=39.0), expected=frozenset([8000]))
    assert (pytest.approx(40.0, abs=0.5), True) == (ready.seconds, ready.in_time)
    assert pytest.approx(60.0, abs=0.2) == settled(clock, Program(busy=1000.0), expected=frozenset([8000]))[1]


def test_who_never_rests_is_left_at_the_cap(clock: Clock) -> None:
    ready, waited = settled(clock, Program(busy=1000.0))
    assert not ready.in_time
    assert pytest.approx(15.0, abs=0.2) == waited
    assert pytest.approx(30.0, abs=0.2) == settled(clock, Program(busy=1000.0), cap=30.0)[1]


def test_a_port_that_is_open_while_the_processor_never_rests_counts_from_when_it_opened(clock: Clock) -> None:
    ready, _ = settled(clock, Program({8000: Port(after=1.0)}, busy=1000.0))
    assert (pytest.approx(1.0, abs=0.1), False) == (ready.seconds, ready.in_time)


def test_where_the_processor_cannot_be_seen_two_quiet_seconds_of_ports_are_waited_for(clock: Clock) -> None:
    ready, waited = settled(clock, Program({8000: Port(after=1.0)}, cpu_seen=False))
    assert pytest.approx(1.0, abs=0.1) == ready.seconds
    assert pytest.approx(3.0, abs=0.2) == waited


def test_the_engines_own_name_server_is_no_listener_of_the_application(clock: Clock) -> None:
    dns = Listener("tcp", "127.0.0.11", 41234)
    with FakeSandbox(Program({8000: Port()}, extra=frozenset({dns})), RunOptions(), clock) as sandbox:
        assert frozenset({Listener("tcp", "0.0.0.0", 8000)}) == own_listeners(sandbox)
