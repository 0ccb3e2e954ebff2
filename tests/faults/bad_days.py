"""Answers that are lost, late, cut off or refusals, for every sort of call that the change makes."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import pytest

from callsheet.model.errors import CallsheetError
from callsheet.providers import settings
from callsheet.state.lock import Lock
from faults.suite import OPTIONS, Suite
from support.world import go_on

_BAD = {
    "no answer, and it was done": "lose-answer",
    "no answer, and it was not done": "drop",
    "half of an answer": "truncate",
    "503, and it was not done": "error status=503",
    "500, and it was done": "error-after status=500",
    "502 three times, and it was done each time": "error-after status=502 count=3",
    "429 with Retry-After, over and over": "error status=429 seconds=9 count=4",
    "a slow body": "slow-body seconds=5 count=4",
    "a body that takes too long": "slow-body seconds=25",
    "a page of somebody's proxy": "html",
}
# A body that takes longer is given up.
_LONGEST = 20.0
# Nobody renews a lease while the clock jumps, so that it has to last.
_LEASE = 3600.0


@dataclass(frozen=True)
class Day:
    """What goes wrong with the nth call of every sort that reads, or writes."""

    what: str
    calls: str
    nth: int

    def __str__(self) -> str:
        return f"{self.what}, {self.calls} #{self.nth}"


DAYS = [
    Day(what, calls, nth)
    for calls, nth in (("reads", 1), ("writes", 1), ("writes", 2), ("writes", 3))
    for what in _BAD
]


def live_through(suite: Suite, day: Day) -> None:
    """Apply on such a day, and look. AssertionError for what is wrong then."""
    world = suite.ground.world
    suite.ground.back()
    effect, _, more = _BAD[day.what].partition(" ")
    chosen = [route for route in _routes(suite) if route.startswith("GET ") == (day.calls == "reads")]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(settings, "Limits", functools.partial(settings.Limits, total=_LONGEST))
        world.bad_day(*(f"{effect} {route} {more} nth={day.nth} key=canary-key" for route in chosen))
        try:
            _applied(suite)
            assert day.nth > 1 or all(world.faults._seen), "some call was never made"
        finally:
            world.bad_day()
        assert _applied(suite) == 0
        suite.look(exactly_once=False)


def _routes(suite: Suite) -> list[str]:
    """Method and path of every sort of call, as switches have them."""
    names = {each.removeprefix("before ").rpartition(" #")[0] for each in suite.boundaries}
    methods = ("GET", "POST", "PATCH", "DELETE")
    return sorted(name.replace("{id}", "*") for name in names if name.startswith(methods))


def _applied(suite: Suite) -> int:
    """How applying ended at last: tried again until it ended well, but not for ever."""
    for _ in range(24):
        try:
            with suite.ground.world.session() as session:
                session.__dict__["lock"] = Lock(session.store, "dev", session.clock, ttl=_LEASE)
                code = go_on(session, None, **OPTIONS).exit_code
        except CallsheetError as cause:
            code = cause.exit_code
        suite.ground.world.time_passes(_LEASE)
        if code == 0:
            break
    return code
