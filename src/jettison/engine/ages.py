"""How old an engine is: release branches and the day their upstream maintenance ended.

Source: endoflife.date, products/docker-engine.md at 0118c303 (of March 2026; for Docker it follows moby's
project/BRANCHES-AND-TAGS.md) and products/podman.md at 00c3e623 (of September 2026). A branch that has no day there is
left out. Buildah publishes no such days, and mends some old branches and not others: nothing is said of its age.
A distribution may go on mending its package of a branch that upstream has left.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

SOURCE = "endoflife.date, as of September 2026"
DOCKER = {
    "18.09": date(2019, 8, 22),
    "19.03": date(2021, 1, 8),
    "20.10": date(2023, 12, 10),
    "23.0": date(2025, 5, 19),
    "24.0": date(2024, 6, 8),
    "26.0": date(2024, 6, 8),
    "26.1": date(2025, 2, 17),
    "27": date(2025, 5, 3),
}
PODMAN = {
    "3.0": date(2022, 5, 16),
    "3.4": date(2022, 4, 20),
    "4.0": date(2022, 4, 1),
    "4.1": date(2022, 6, 14),
    "4.2": date(2022, 9, 6),
    "4.3": date(2022, 11, 10),
    "4.4": date(2023, 3, 27),
    "4.5": date(2023, 5, 26),
    "4.6": date(2023, 8, 28),
    "4.7": date(2023, 10, 31),
    "4.8": date(2024, 1, 3),
    "4.9": date(2024, 5, 30),
    "5.0": date(2024, 5, 29),
    "5.1": date(2024, 8, 1),
    "5.2": date(2024, 11, 12),
    "5.3": date(2025, 2, 11),
    "5.4": date(2025, 5, 13),
    "5.5": date(2025, 8, 15),
    "5.6": date(2025, 11, 11),
    "5.7": date(2026, 2, 12),
    "5.8": date(2026, 9, 26),
    "6.0": date(2026, 8, 12),
}


@dataclass(frozen=True)
class EndOfLife:
    """The branch of an engine that upstream maintains no more, and since when."""

    branch: str
    since: date


def end_of_life(name: str, version: str, today: date) -> EndOfLife | None:
    """Where this version's branch has ended by `today`; None where it has not, or nothing is known of it."""
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if numbers is None:
        return None
    days = {"docker": DOCKER, "podman": PODMAN}.get(name, {})
    minor, major = f"{numbers[1]}.{numbers[2]}", numbers[1]
    branch = minor if minor in days else major
    since = days.get(branch)
    return EndOfLife(f"{name} {branch}", since) if since is not None and since <= today else None
