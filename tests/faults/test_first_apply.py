"""The very first apply, killed while the estate, its state and its export come to be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from faults.applying import Applying
from faults.choice import SHARES
from faults.ground import file_ground
from faults.suite import Suite

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def suite(warm: Applying) -> Iterator[Suite]:
    with file_ground() as ground:
        yield Suite(ground, warm, first=True)


@pytest.mark.parametrize("share", range(SHARES))
def test_it_goes_on_as_if_nothing_had_happened(suite: Suite, share: int) -> None:
    suite.kill_share(share)
