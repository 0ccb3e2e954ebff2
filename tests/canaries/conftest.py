"""The stage that every test of canaries has, and time that passes where something waits."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from canaries.stage import Stage
from e2e.command import hurry
from support.world import World


@pytest.fixture
def stage(world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[Stage]:
    hurry(monkeypatch)
    made = Stage.set(world)
    with caplog.at_level(logging.DEBUG):
        made.logged = lambda: caplog.text
        yield made
