from __future__ import annotations

from collections.abc import Iterator

import pytest

from callsheet.identity.jwks import KeySets
from support.clock import FakeClock
from support.issuer import Issuer, issuer


@pytest.fixture
def ci() -> Iterator[Issuer]:
    with issuer() as made:
        yield made


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def keys(clock: FakeClock) -> KeySets:
    return KeySets(clock.monotonic)
