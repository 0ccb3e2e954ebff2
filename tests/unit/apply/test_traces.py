"""Creates whose answers are lost, of kinds that have no room for a mark: which object is whose."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import pytest

from callsheet.apply.traces import Sought, Traces
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Payload
from callsheet.operations.apply import settle_journal
from callsheet.providers.base import Ambiguous, Reader
from support.estate import KEY, KINDS, live_object
from support.world import World

SCANT: Payload = {"type": "endCall"}
FULL: Payload = {"type": "endCall", "message": "Bye."}


@dataclass
class Listed:
    """A provider that lists what it is given."""

    objects: dict[str, Payload]
    asked: threading.Event = field(default_factory=threading.Event)

    def list_all(self, kind: str) -> Iterator[RemoteObject]:
        self.asked.set()
        return iter([live_object(kind, each, payload) for each, payload in self.objects.items()])


def traces(live: Listed, *lost: tuple[str, Payload], before: str = "") -> Traces:
    made = Traces(cast(Reader, live), KINDS, lambda _, each: each == before, lambda _, __: False, KEY)
    for address, sent in lost:
        made.lose("Tool", Sought(address, "key", sent))
    return made


def found(looking: Traces, address: str) -> str | None:
    remote = looking.find("Tool", address)
    return remote.id if remote else None


@pytest.mark.parametrize("order", [("Tool/a", "Tool/b"), ("Tool/b", "Tool/a")])
def test_what_fits_one_may_be_the_fuller_ones(order: tuple[str, str]) -> None:
    looking = traces(Listed({"1": FULL}), ("Tool/a", SCANT), ("Tool/b", FULL))
    assert {each: found(looking, each) for each in order} == {"Tool/a": None, "Tool/b": "1"}


@pytest.mark.parametrize("order", [("Tool/a", "Tool/b"), ("Tool/b", "Tool/a")])
def test_both_were_made(order: tuple[str, str]) -> None:
    looking = traces(Listed({"1": FULL, "2": SCANT}), ("Tool/a", SCANT), ("Tool/b", FULL))
    assert {each: found(looking, each) for each in order} == {"Tool/a": "2", "Tool/b": "1"}


def test_of_equal_ones_each_takes_another() -> None:
    looking = traces(Listed({"1": SCANT, "2": SCANT}), ("Tool/a", SCANT), ("Tool/b", SCANT))
    assert {found(looking, "Tool/a"), found(looking, "Tool/b")} == {"1", "2"}


def test_more_than_there_were_creates_is_nobodys_guess() -> None:
    looking = traces(Listed({"1": SCANT, "2": SCANT}), ("Tool/a", SCANT))
    with pytest.raises(Ambiguous, match="2 objects could be it: 1, 2"):
        looking.find("Tool", "Tool/a")


def test_what_was_there_before_or_was_answered_is_not_looked_at() -> None:
    looking = traces(Listed({"1": SCANT, "2": SCANT}), ("Tool/a", SCANT), before="1")
    looking.claim("Tool", "2")
    assert looking.find("Tool", "Tool/a") is None


def test_nobody_looks_while_another_one_is_being_made() -> None:
    live = Listed({"1": SCANT})
    looking = traces(live, ("Tool/a", SCANT))
    out: list[RemoteObject | None] = []
    with looking.making("Tool"):
        thread = threading.Thread(target=lambda: out.append(looking.find("Tool", "Tool/a")))
        thread.start()
        assert not live.asked.wait(0.05)
        looking.claim("Tool", "1")
    thread.join()
    assert out == [None]


@pytest.mark.parametrize("fault", ["lose-answer POST /tool count=3", "drop POST /tool count=3"])
def test_equal_tools_whose_answers_are_all_lost(world: World, fault: str) -> None:
    for name in ("bye", "end", "stop"):
        world.document("Tool", name, {"type": "endCall"})
    world.bad_day(fault)
    # One of them may meet the fault twice, and then it is told and not tried for ever.
    if world.apply().exit_code == 5:
        with world.session() as session:
            settle_journal(session)
        assert world.apply().exit_code == 0
    with world.session() as session:
        owned = {record.remote_id for record in session.ledger.load().records.values()}
    assert owned == {each["id"] for each in world.api("GET", "/tool")}
    assert len(owned) == 3
