"""One warmed process for all kills of a worker."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

from faults.applying import Applying, applying, hurry_clients


@pytest.fixture(scope="session", autouse=True)
def hurried() -> Iterator[None]:
    original = ssl.create_default_context
    hurry_clients()
    yield
    ssl.create_default_context = original


@pytest.fixture(scope="session")
def warm() -> Iterator[Applying]:
    with applying() as process:
        yield process
