"""All the bad days, on the file store. Some of them, or all, are in the modules of the other stores."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from faults.applying import Applying
from faults.bad_days import DAYS, Day, live_through
from faults.ground import file_ground
from faults.suite import Suite


@pytest.fixture(scope="module")
def suite(warm: Applying) -> Iterator[Suite]:
    with file_ground() as ground:
        yield Suite(ground, warm)


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_every_sort_of_call_goes_wrong(suite: Suite, day: Day) -> None:
    live_through(suite, day)
