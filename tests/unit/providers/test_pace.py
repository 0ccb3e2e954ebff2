from __future__ import annotations

import threading

from callsheet.providers.pace import Pace
from support.clock import FakeClock


def test_an_idle_bucket_lets_a_burst_through_and_then_keeps_the_rate() -> None:
    clock = FakeClock()
    pace = Pace(clock, ceiling=100.0)
    for _ in range(11):
        pace.take()
    assert clock.slept == []
    for _ in range(10):
        pace.take()
    assert round(clock.monotonic(), 6) == 0.1


def test_a_429_halves_the_rate_that_was_reached() -> None:
    clock = FakeClock()
    pace = Pace(clock, ceiling=1000.0)
    for _ in range(20):
        turn = pace.take()
    pace.refused(turn)
    assert pace.rate == 10.0


def test_everybody_waits_as_long_as_was_asked() -> None:
    clock = FakeClock()
    pace = Pace(clock)
    pace.refused(pace.take(), 5.0)
    pace.take()
    assert clock.monotonic() == 5.0
    pace.take()
    assert clock.monotonic() > 5.0, "there is no burst after a refusal"


def test_answers_to_older_requests_shrink_nothing_more() -> None:
    pace = Pace(FakeClock(), ceiling=1000.0)
    turns = [pace.take() for _ in range(40)]
    for turn in turns:
        pace.refused(turn)
    assert pace.rate == 20.0


def test_the_rate_recovers_up_to_the_ceiling_and_never_falls_below_the_floor() -> None:
    clock = FakeClock()
    pace = Pace(clock, ceiling=50.0, floor=2.0)
    for _ in range(10):
        pace.refused(pace.take(), 3.0)
    assert pace.rate == 2.0
    for _ in range(1000):
        pace.welcomed()
    assert pace.rate == 50.0


def test_threads_share_one_pace() -> None:
    clock = FakeClock()
    pace = Pace(clock, ceiling=100.0)
    turns: list[float] = []
    threads = [
        threading.Thread(target=lambda: turns.extend(pace.take() for _ in range(10))) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(turns) == 50
    # A burst of about ten, then a hundredth of a second for each of the others.
    assert 0.3 <= max(turns) <= 0.5
