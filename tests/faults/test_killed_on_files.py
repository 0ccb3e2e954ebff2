"""Killed before and after each write of state, and of what it is made of, on the file store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from faults.applying import Applying
from faults.choice import SHARES, STATE
from faults.ground import file_ground
from faults.suite import Suite

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def suite(warm: Applying) -> Iterator[Suite]:
    with file_ground() as ground:
        yield Suite(ground, warm)


@pytest.mark.parametrize("share", range(SHARES))
def test_it_goes_on_as_if_nothing_had_happened(suite: Suite, share: int) -> None:
    suite.kill_share(share, STATE)


def test_a_stopped_one_whose_lease_has_ended_does_nothing_when_it_goes_on(suite: Suite) -> None:
    suite.stop_some()
