"""An update that had its effect and whose end nobody wrote down is ours, and not an edit of somebody's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from callsheet.apply.outcome import Outcome
from callsheet.model.errors import CallsheetError
from callsheet.operations.apply import apply, settle_journal
from callsheet.operations.plan import plan
from callsheet.operations.rollback import rollback
from callsheet.plan.inputs import Options
from callsheet.providers.vapi.writer import VapiWriter
from support.world import World, go_on


class Killed(BaseException):
    """Nothing in the program may catch it."""


def die_at_an_update(world: World, monkeypatch: pytest.MonkeyPatch, *, happens: bool) -> None:
    def update(self: VapiWriter, *arguments: Any, **named: Any) -> Any:
        if happens:
            original(self, *arguments, **named)
        raise Killed

    original = VapiWriter.update
    with monkeypatch.context() as patched:
        patched.setattr(VapiWriter, "update", update)
        with pytest.raises(Killed):
            world.apply()
    # The dead cannot give its lock back: its lease ends.
    world.time_passes(120)


def die_after_an_update(world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """Apply, and end right after an update's effect; the run's id."""
    die_at_an_update(world, monkeypatch, happens=True)
    return last_run(world)


def lose_every_answer(world: World, _: pytest.MonkeyPatch) -> str:
    """Apply, and never hear of an update that took effect."""
    world.bad_day("error-after PATCH /assistant/* status=502 count=50")
    assert world.apply().exit_code != 0
    world.bad_day()
    return last_run(world)


def last_run(world: World) -> str:
    with world.session() as session:
        state = session.ledger.load()
        assert state.begun
        assert state.run is not None
        return str(state.run["id"])


def applied(world: World, **options: Any) -> Outcome:
    with world.session() as session:
        return go_on(session, None, **options)


def drift_code(world: World) -> int:
    return world.drift().exit_code("any")


ENDS = pytest.mark.parametrize("end", [die_after_an_update, lose_every_answer])
End = Callable[[World, pytest.MonkeyPatch], str]
VOICE = {"provider": "11labs", "voiceId": "burt", "stability": 0.5}


def first(world: World) -> None:
    world.assistant("a", prompt="One.", firstMessage="one", native={"voice": VOICE, "endCallMessage": "bye"})
    assert applied(world).exit_code == 0


def second(world: World) -> None:
    """A changed value, one that goes, one that comes, an object of another sort, and a whole new object."""
    native = {
        "voice": {"provider": "vapi", "voiceId": "Elliot"},
        "server": {"url": "https://a.example"},
        "maxDurationSeconds": 60,
    }
    world.assistant("a", prompt="Two.", firstMessage="two", native=native)


def third(world: World) -> None:
    native = {"voice": {"provider": "vapi", "voiceId": "Rohan"}, "server": {"url": "https://b.example"}}
    world.assistant("a", prompt="Three.", firstMessage="three", native=native)


@ENDS
def test_a_third_value_is_applied(world: World, monkeypatch: pytest.MonkeyPatch, end: End) -> None:
    first(world)
    second(world)
    end(world, monkeypatch)
    third(world)
    assert applied(world).exit_code == 0
    live = world.live("/assistant", "a")
    assert (live["firstMessage"], live["voice"]["voiceId"]) == ("three", "Rohan")
    assert live.get("maxDurationSeconds") is None
    assert world.plan().plan.empty
    assert drift_code(world) == 0


@ENDS
def test_whoever_only_reads_does_not_take_it_for_an_edit_either(
    world: World, monkeypatch: pytest.MonkeyPatch, end: End
) -> None:
    first(world)
    second(world)
    end(world, monkeypatch)
    assert drift_code(world) == 0
    third(world)
    archive = world.plan().archive
    assert not archive.plan.conflicts
    assert world.apply(archive).exit_code == 0
    assert world.live("/assistant", "a")["firstMessage"] == "three"


@ENDS
def test_the_forward_run_is_rolled_back(world: World, monkeypatch: pytest.MonkeyPatch, end: End) -> None:
    first(world)
    before = world.live("/assistant", "a")
    second(world)
    run = end(world, monkeypatch)
    with world.session(files=False) as session:
        assert not rollback(session, run, Options()).plan.conflicts
        settle_journal(session)
        assert apply(session, rollback(session, run, Options()).archive).exit_code == 0
    live = world.live("/assistant", "a")
    for key in ("firstMessage", "voice", "endCallMessage", "model"):
        assert live[key] == before[key]
    assert (live.get("server"), live.get("maxDurationSeconds")) == (None, None)


@ENDS
def test_a_protection_that_wants_no_drift_lets_it_through(
    world: World, monkeypatch: pytest.MonkeyPatch, end: End
) -> None:
    first(world)
    second(world)
    end(world, monkeypatch)
    world.environment("protection: {requireClean: true}")
    third(world)
    assert applied(world).exit_code == 0
    assert world.live("/assistant", "a")["firstMessage"] == "three"


def test_what_somebody_set_afterwards_is_a_conflict(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first(world)
    second(world)
    die_after_an_update(world, monkeypatch)
    world.edit("/assistant", "a", {"firstMessage": "theirs", "endCallMessage": "theirs, too"})
    third(world)
    with world.session() as session:
        settle_journal(session)
        state = session.ledger.load()
        made = plan(session, Options())
    record = state.records["Assistant/a"]
    assert (record.seen["firstMessage"], record.seen["voice"]["voiceId"]) == ("one", "Elliot")
    assert record.applied["endCallMessage"] == "bye"
    assert made.plan.conflicts
    assert world.drift().report.managed_drift
    with pytest.raises(CallsheetError, match="the files and the provider changed"):
        world.apply(made.archive)


def test_what_had_not_happened_leaves_the_record_as_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first(world)
    with world.session() as session:
        before = session.ledger.load().records["Assistant/a"]
    second(world)
    die_at_an_update(world, monkeypatch, happens=False)
    with world.session() as session:
        settle_journal(session)
        assert session.ledger.load().records["Assistant/a"] == before


@pytest.mark.parametrize("happened", [True, False])
def test_a_secret_that_no_answer_shows_is_never_believed_to_be_the_old_one(
    world: World, monkeypatch: pytest.MonkeyPatch, happened: bool
) -> None:
    def files(uri: str) -> None:
        world.assistant(
            "a", native={"server": {"url": "https://a.example", "secret": f"secrets://env/{uri}"}}
        )

    world.variables |= {"OLD": "the-old-canary", "NEW": "the-new-canary"}
    files("OLD")
    assert applied(world).exit_code == 0
    old = world.hidden("/assistant", "a")
    files("NEW")
    die_at_an_update(world, monkeypatch, happens=happened)
    assert (world.hidden("/assistant", "a") != old) is happened
    assert b"canary" not in world.state_files()
    files("OLD")
    assert applied(world).exit_code == 0
    assert world.hidden("/assistant", "a") == old
    assert world.plan().plan.empty


def test_a_renamed_object_is_known_by_its_id(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first(world)
    world.remove("assistants/a.yaml")
    moved = {"movedFrom": "Assistant/a"}
    native = {"voice": VOICE, "endCallMessage": "bye"}
    world.assistant("b", prompt="One.", firstMessage="two", native=native, lifecycle=moved)
    die_after_an_update(world, monkeypatch)
    world.assistant("b", prompt="One.", firstMessage="three", native=native, lifecycle=moved)
    assert applied(world).exit_code == 0
    assert world.live("/assistant", "b")["firstMessage"] == "three"
