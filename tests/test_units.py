"""Numbers for people."""

from __future__ import annotations

import pytest

from jettison.core.errors import UsageError
from jettison.core.units import read_bytes, read_seconds, show_bytes, show_seconds


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_999, "1.0 MB"),
        (117_300_000, "117.3 MB"),
        (1_430_000_000, "1.43 GB"),
        (-2_500_000, "-2.5 MB"),
    ],
)
def test_bytes_are_shown_in_decimal_units_as_docker_does(count: int, shown: str) -> None:
    assert shown == show_bytes(count)


@pytest.mark.parametrize(("text", "count"), [("150MB", 150_000_000), ("1.5 GiB", 1_610_612_736), ("7B", 7)])
def test_sizes_are_read_with_their_unit(text: str, count: int) -> None:
    assert count == read_bytes(text)


@pytest.mark.parametrize("text", ["150M", "150", "MB", "-1MB", "1e3MB", ""])
def test_a_size_that_could_mean_two_things_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a size"):
        read_bytes(text)


def test_times_are_read_and_shown() -> None:
    assert (read_seconds("90s"), read_seconds("10m"), read_seconds("1h")) == (90.0, 600.0, 3600.0)
    assert (show_seconds(6.71), show_seconds(200)) == ("6.7 s", "3 min 20 s")
    with pytest.raises(UsageError, match="is not a time"):
        read_seconds("10")
