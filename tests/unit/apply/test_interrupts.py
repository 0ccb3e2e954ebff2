"""Interrupts at the edges of a run: while all is kept, before the first step, and after the last."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest

from callsheet.apply import keeping
from callsheet.apply.outcome import Outcome
from callsheet.model.events import Event
from callsheet.operations.apply import apply
from callsheet.operations.plan import plan
from callsheet.operations.runs import listed, shown, verified
from callsheet.plan.inputs import Options
from callsheet.state.lease import Lease
from callsheet.state.ledger import Ledger
from support.world import World

BOTH = pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=lambda sent: sent.name)


@pytest.fixture(autouse=True)
def as_the_command_has_it() -> Any:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, before)


def once(sent: signal.Signals) -> Callable[[], None]:
    """Sends the signal to this process, the first time."""
    left = [sent]

    def send() -> None:
        if left:
            signal.raise_signal(left.pop())

    return send


def run(world: World, at: str = "", send: Callable[[], None] = lambda: None) -> Outcome:
    """Apply, interrupted at the first event of that name."""

    def hear(event: Event) -> None:
        if event.name == at:
            send()

    with world.session(listener=hear) as session:
        return apply(session, plan(session, Options()).archive)


def last(world: World) -> dict[str, Any]:
    with world.session() as session:
        assert verified(session)["findings"] == []
        run = listed(session)["runs"][0]["run"]
        outcome: dict[str, Any] = shown(session, run, requests=False)["record"]["outcome"]
        return outcome


def estate(world: World) -> None:
    world.assistant("a")
    assert run(world).exit_code == 0
    world.assistant("a", prompt="Two.")
    world.assistant("b")


@BOTH
def test_while_everything_is_kept_it_ends_the_run_which_has_a_record(
    world: World, sent: signal.Signals
) -> None:
    estate(world)
    with world.counted(), pytest.raises(KeyboardInterrupt):
        run(world, "export.kind", once(sent))
    assert world.writes() == 0
    told = last(world)
    assert (told["ended"], told["exitCode"], told["results"]) == ("interrupted", 1, [])
    assert run(world).exit_code == 0


@BOTH
def test_before_the_first_step_nothing_is_begun_any_more(world: World, sent: signal.Signals) -> None:
    estate(world)
    with world.counted():
        outcome = run(world, "apply.start", once(sent))
    assert world.writes() == 0
    assert (outcome.interrupted, outcome.exit_code, outcome.count("not_attempted")) == (True, 1, 2)
    told = last(world)
    assert (told["ended"], told["exitCode"], told["notAttempted"]) == ("interrupted", 1, 2)
    with world.session() as session:
        assert not session.ledger.load().begun
    assert run(world).exit_code == 0


@BOTH
@pytest.mark.parametrize("where", ["tidy", "close", "release"])
def test_after_the_last_step_it_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, where: str, sent: signal.Signals
) -> None:
    estate(world)
    owner, name = {"tidy": (keeping, "due"), "close": (Ledger, "close"), "release": (Lease, "release")}[where]
    original, send = getattr(owner, name), once(sent)

    def interrupted(*arguments: Any, **named: Any) -> Any:
        send()
        return original(*arguments, **named)

    monkeypatch.setattr(owner, name, interrupted)
    outcome = run(world)
    monkeypatch.undo()
    assert (outcome.exit_code, outcome.count("applied"), outcome.interrupted) == (0, 2, False)
    assert (last(world)["ended"], last(world)["exitCode"]) == ("in_order", 0)
    # The lock was given back, and interrupts are again what they were.
    assert run(world).exit_code == 0
    assert signal.getsignal(sent) is signal.default_int_handler


@BOTH
def test_removing_old_exports_stops_for_it_and_the_run_is_done_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, sent: signal.Signals
) -> None:
    estate(world)
    world.environment("exports: {keep: 1, days: 1}")
    assert run(world).exit_code == 0
    world.assistant("c")
    world.time_passes(3 * 86400)
    send = once(sent)

    def due(*_: Any) -> bool:
        send()
        return True

    monkeypatch.setattr(keeping, "due", due)
    outcome = run(world)
    assert (outcome.exit_code, [each.code for each in outcome.diagnostics]) == (0, ["export.not-pruned"])
