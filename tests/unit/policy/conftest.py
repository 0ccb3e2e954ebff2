"""A protected environment with two assistants in it, one of which the files now want otherwise."""

from __future__ import annotations

import pytest

from support.protected import Protected
from support.world import World


@pytest.fixture
def dev(world: World) -> Protected:
    world.assistant("a", firstMessage="before")
    world.assistant("b")
    world.apply()
    world.assistant("a", firstMessage="after")
    return Protected(world)
