"""What a recovery file says of a release or an instance, which have no address, is not dropped."""

from __future__ import annotations

from dataclasses import replace

from callsheet.state.snapshot import Entry, State
from callsheet.state.unwritten import Unwritten, missing

STATE = State("uat", "lineage-1", 9, instance="first", fence=3, releases=({"version": 1},))


def left(*entries: Entry, state: State = STATE) -> tuple[Entry, ...]:
    return missing(state, Unwritten("uat", "lineage-1", "run-1", 3, entries)).entries


def test_a_release_and_an_instance_are_written_later() -> None:
    entries = (Entry(release={"version": 2}), Entry(instance="second"))
    assert left(*entries) == entries


def test_what_state_says_already_is_not() -> None:
    assert left(Entry(release={"version": 1}), Entry(instance="first")) == ()


def test_nor_is_what_somebody_else_went_on_from() -> None:
    assert left(Entry(release={"version": 2}), state=replace(STATE, fence=4)) == ()
