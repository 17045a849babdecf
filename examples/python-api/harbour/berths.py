"""Which ship lies where, and when it sails by the clocks of its next port."""

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from pydantic import BaseModel


class Berth(BaseModel):
    number: int
    ship: str
    sails: datetime  # UTC
    bound_for: str  # a zone of the time zone database


BERTHS = [
    Berth(number=1, ship="Aurora", sails=datetime(2025, 3, 30, 0, 30, tzinfo=timezone.utc), bound_for="Europe/Oslo"),
    Berth(number=2, ship="Bonaire", sails=datetime(2025, 7, 1, 18, 0, tzinfo=timezone.utc), bound_for="America/Curacao"),
    Berth(number=3, ship="Cook", sails=datetime(2025, 10, 5, 3, 15, tzinfo=timezone.utc), bound_for="Pacific/Auckland"),
]


def find(number: int) -> Berth | None:
    return next((berth for berth in BERTHS if berth.number == number), None)


def local_times(berth: Berth) -> dict[str, str]:
    """The hour of sailing as the harbour has it, and as the next port does."""
    return {"utc": berth.sails.isoformat(), "there": berth.sails.astimezone(ZoneInfo(berth.bound_for)).isoformat()}
