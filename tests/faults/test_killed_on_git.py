"""Killed at the boundaries, and on bad days, of an apply whose state is kept by the git store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from faults.applying import Applying
from faults.bad_days import DAYS, Day, live_through
from faults.choice import SHARES, some, stopping
from faults.ground import git_ground
from faults.suite import Suite

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def suite(warm: Applying) -> Iterator[Suite]:
    with git_ground() as ground:
        yield Suite(ground, warm)


@pytest.mark.parametrize("share", range(SHARES))
def test_it_goes_on_as_if_nothing_had_happened(suite: Suite, share: int) -> None:
    suite.kill_share(share)


@stopping
def test_a_stopped_one_whose_lease_has_ended_does_nothing_when_it_goes_on(suite: Suite) -> None:
    suite.stop_some()


@pytest.mark.parametrize("day", some(DAYS, "git"), ids=str)
def test_every_sort_of_call_goes_wrong(suite: Suite, day: Day) -> None:
    live_through(suite, day)
