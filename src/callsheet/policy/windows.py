"""Change windows: when changes may be applied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Window:
    """Some hours of some days, by the clock of a zone. `begin` and `end` are HH:MM; the end is outside."""

    days: tuple[str, ...] = DAYS
    begin: str = "00:00"
    end: str = "24:00"
    zone: str = "UTC"

    def is_open(self, now: datetime) -> bool:
        local = now.astimezone(ZoneInfo(self.zone))
        return DAYS[local.weekday()] in self.days and self.begin <= local.strftime("%H:%M") < self.end

    def opens(self, now: datetime) -> datetime:
        """The next time that it begins after `now`, in its own zone."""
        local = now.astimezone(ZoneInfo(self.zone))
        hour, minute = map(int, self.begin.split(":"))
        for ahead in range(8):
            at = (local + timedelta(days=ahead)).replace(hour=hour, minute=minute, second=0, microsecond=0)
            if at > local and DAYS[at.weekday()] in self.days:
                return at
        raise AssertionError("a window has a day")

    def within(self, other: Window) -> bool:
        """Whether it is never open while `other` is closed."""
        inside = other.begin <= self.begin and self.end <= other.end
        return self.zone == other.zone and inside and set(self.days) <= set(other.days)

    def __str__(self) -> str:
        return f"{_days(self.days)} {self.begin}-{self.end} {self.zone}"


def _days(days: tuple[str, ...]) -> str:
    places = [DAYS.index(day) for day in days]
    if len(days) > 2 and places == list(range(places[0], places[0] + len(places))):
        return f"{days[0]}-{days[-1]}"
    return ",".join(days)
