"""How busy the machine is, by what the kernel tells of tasks that wait."""

from __future__ import annotations

from pathlib import Path

import pytest

from jettison.contract import pressure
from jettison.contract.pressure import Pressure, stalled_seconds
from jettison.contract.start_up import Starts

TOLD = "some avg10=90.94 avg60=90.85 avg300=92.33 total=22337372556\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"


@pytest.mark.parametrize(("text", "seconds"), [(TOLD, 22337.372556), ("", None), ("full avg10=0.00 total=9\n", None)])
def test_the_kernels_sum_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, seconds: float) -> None:
    (tmp_path / "cpu").write_text(text)
    monkeypatch.setattr(pressure, "_FILE", tmp_path / "cpu")
    assert seconds == stalled_seconds()


def test_a_kernel_that_does_not_tell_is_never_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pressure, "_FILE", tmp_path / "cpu")
    assert (None, 0.0) == (stalled_seconds(), Pressure().share)


def test_the_share_is_of_the_time_since_it_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([100.0, 104.0])
    monkeypatch.setattr(pressure.time, "monotonic", lambda: next(moments))
    stalled = iter([7.0, 10.0])
    monkeypatch.setattr(pressure, "stalled_seconds", lambda: next(stalled))
    assert 0.75 == Pressure().share


@pytest.mark.parametrize(("stalled", "worse"), [(0.0, True), (0.79, True), (0.8, False), (1.0, False)])
def test_slower_starts_prove_nothing_where_something_waits_nearly_all_the_time(stalled: float, worse: bool) -> None:
    starts = Starts((1.0, 1.0, 1.0), (5.0, 5.0, 5.0), stalled)
    assert (True, worse) == (starts.slower, starts.worse)
