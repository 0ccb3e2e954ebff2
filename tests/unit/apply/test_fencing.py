"""Whoever holds the lock fences former holders off before anything is asked or written on its behalf."""

from __future__ import annotations

import threading

import pytest

from callsheet.model.events import Event
from callsheet.operations.apply import apply, settle_journal
from callsheet.operations.plan import plan
from callsheet.plan.inputs import Options
from callsheet.state.ledger import Ledger
from callsheet.state.lock import Lock
from support.world import World
from unit.apply.test_crash import Killed, killed_at


class Watch:
    """Beside each answered request: the fence in the store, and the token of who held the lock."""

    def __init__(self, world: World, *methods: str) -> None:
        self._world = world
        self._methods = methods
        self._one = threading.Lock()
        self.seen: list[tuple[int, int]] = []

    def __call__(self, event: Event) -> None:
        if event.name != "provider.request" or event.fields["method"] not in self._methods:
            return
        with self._one, self._world.session() as session:
            if holder := Lock(session.store, "dev", session.clock).holder():
                self.seen.append((Ledger(session.store, "dev").load().fence, holder.token))


@pytest.mark.parametrize("killed", [False, True])
def test_before_the_first_request(world: World, monkeypatch: pytest.MonkeyPatch, killed: bool) -> None:
    world.assistant("a")
    world.apply()
    world.assistant("a", firstMessage="y")
    if killed:
        with killed_at(monkeypatch, 5), pytest.raises(Killed):
            world.apply()
        world.time_passes(120)
    watch = Watch(world, "GET", "PATCH")
    with world.session(listener=watch) as session:
        settle_journal(session)
        apply(session, plan(session, Options()).archive)
    assert watch.seen
    assert all(fence == token for fence, token in watch.seen)


def test_before_the_first_write_of_all(world: World) -> None:
    world.assistant("a")
    watch = Watch(world, "POST")
    with world.session(listener=watch) as session:
        apply(session, plan(session, Options()).archive)
    assert watch.seen == [(1, 1)]
