"""An apply that ends at any boundary of journal, request or state is made up for by the next one.

The end is a BaseException here, raised where a process would be killed; `tests/faults` kills real ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from callsheet.model.errors import CallsheetError, Stale
from callsheet.operations.apply import apply, settle_journal
from callsheet.operations.plan import plan
from callsheet.plan.archive import Archive
from callsheet.plan.inputs import Options
from callsheet.providers.vapi.writer import VapiWriter
from callsheet.sandbox.app import create_app
from callsheet.sandbox.server import serve
from callsheet.state.file import FileStore
from support.world import World, writes


class Killed(BaseException):
    """Nothing in the program may catch it, as nothing catches SIGKILL."""


class Countdown:
    def __init__(self, at: int) -> None:
        self.left = at

    def tick(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed
        if self.left < 0:
            # Dead is dead: what other threads would still do does not happen either.
            raise Killed


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, point: int) -> Iterator[Countdown]:
    """End at the n-th boundary: before and after every append of state, and every call that writes."""
    countdown = Countdown(point)

    def around(original: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            countdown.tick()
            result = original(*arguments, **named)
            countdown.tick()
            return result

        return call

    with monkeypatch.context() as patched:
        patched.setattr(FileStore, "append", around(FileStore.append))
        for name in ("create", "update", "delete"):
            patched.setattr(VapiWriter, name, around(getattr(VapiWriter, name)))
        yield countdown


def estate(world: World) -> None:
    """Before: what will be updated, replaced and deleted."""
    for name in ("kept", "changed", "gone"):
        world.assistant(name, firstMessage="before")
    world.document("Tool", "t", {"type": "function", "native": {"function": {"name": "t"}}})
    world.assistant("holder", tools=[{"ref": "t"}])


def changed(world: World) -> None:
    """After: creates, an update, a replacement with its holder, a deletion and a cycle."""
    world.assistant("changed", firstMessage="after")
    world.remove("assistants/gone.yaml")
    world.document("Tool", "t", {"type": "handoff", "native": {"function": {"name": "t"}}})
    world.document("Tool", "bye", {"type": "endCall"})
    world.document(
        "Tool",
        "back",
        {
            "type": "handoff",
            "native": {
                "function": {"name": "back"},
                "destinations": [{"type": "assistant", "assistantId": {"ref": "new"}}],
            },
        },
    )
    world.assistant("new", tools=[{"ref": "back"}])


def names(world: World) -> dict[str, list[str]]:
    assistants = sorted(each["name"] for each in world.api("GET", "/assistant"))
    tools = sorted(each["type"] for each in world.api("GET", "/tool"))
    return {"assistants": assistants, "tools": tools}


WANTED = {
    "assistants": ["changed", "holder", "kept", "new"],
    "tools": ["endCall", "handoff", "handoff"],
}


def settled(world: World) -> None:
    assert names(world) == WANTED
    with world.counted() as counts:
        assert world.plan().plan.empty
    assert writes(counts) == {}
    with world.session() as session:
        assert not session.ledger.load().begun


def die(world: World, archive: Archive, monkeypatch: pytest.MonkeyPatch, point: int) -> bool:
    """Whether the run died; False when it was through before that."""
    with killed_at(monkeypatch, point) as countdown:
        try:
            with world.session() as session:
                apply(session, archive)
        except Killed:
            return True
        except CallsheetError:
            return True
        return countdown.left <= 0


@pytest.mark.parametrize("again", ["the same plan", "a fresh plan"])
@pytest.mark.parametrize("point", range(1, 60, 2))
def test_killed_and_applied_again(
    world: World, monkeypatch: pytest.MonkeyPatch, point: int, again: str
) -> None:
    estate(world)
    world.apply()
    changed(world)
    archive = world.plan().archive
    died = die(world, archive, monkeypatch, point)
    # The dead cannot release its lock: its lease ends.
    world.time_passes(120)
    with world.session() as session:
        if again == "the same plan":
            outcome = apply(session, archive)
        else:
            settle_journal(session)
            outcome = apply(session, plan(session, Options()).archive)
    assert outcome.exit_code == 0, outcome.to_json()
    settled(world)
    assert died or point > 40


def test_with_another_organisations_key_nothing_is_found_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate(world)
    world.apply()
    changed(world)
    die(world, world.plan().archive, monkeypatch, 9)
    world.time_passes(120)
    other = serve(create_app(world._store, organisation="other"))
    try:
        here, world.server = world.server, other
        world.api("POST", "/assistant", {"name": "theirs"})
        world.environment()
        with world.session() as session:
            begun = dict(session.ledger.load().begun)
            assert begun
            with pytest.raises(Stale, match="the key opens the organisation"):
                settle_journal(session)
            assert dict(session.ledger.load().begun) == begun
        world.server = here
        world.environment()
    finally:
        other.close()
    with world.session() as session:
        settle_journal(session)
    assert world.apply().exit_code == 0
    settled(world)


@pytest.mark.parametrize("point", range(1, 30, 2))
def test_a_first_apply_killed_and_applied_again(
    world: World, monkeypatch: pytest.MonkeyPatch, point: int
) -> None:
    estate(world)
    archive = world.plan().archive
    die(world, archive, monkeypatch, point)
    world.time_passes(120)
    assert world.apply(archive).exit_code == 0
    assert names(world) == {"assistants": ["changed", "gone", "holder", "kept"], "tools": ["function"]}
    assert world.plan().plan.empty


@pytest.mark.parametrize("point", [8, 9])
def test_a_tool_with_a_secret_in_it_is_found_again(
    world: World, monkeypatch: pytest.MonkeyPatch, point: int
) -> None:
    """A tool carries no mark, so it is known by what was sent, secrets among it."""
    world.variables["TOKEN"] = "a-token-of-some-length"
    headers = {"X-Token": "secrets://env/TOKEN", "X-Plain": "plain"}
    server = {"url": "https://hooks.example/t", "headers": headers}
    world.document("Tool", "t", {"type": "function", "native": {"function": {"name": "t"}, "server": server}})
    assert die(world, world.plan().archive, monkeypatch, point)
    world.time_passes(120)
    with world.session() as session:
        [found] = settle_journal(session)
    assert found.code == "journal.adopted"
    assert world.apply().exit_code == 0
    assert names(world)["tools"] == ["function"]
    assert world.plan().plan.empty
