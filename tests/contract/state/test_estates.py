"""State of a real size through every store: it comes back whole, and a change costs what changed."""

from __future__ import annotations

import pytest

from callsheet.state.ledger import Ledger
from callsheet.state.record import Record
from callsheet.state.snapshot import Entry
from callsheet.state.store import Moved
from support.stores import Backend

COUNT = 10_000
GROUP = 500


def record(number: int) -> Record:
    return Record(
        f"Assistant/a{number}", "Assistant", f"id-{number}", name=f"A {number}", files_digest="f" * 64
    )


def test_ten_thousand_records_come_back_and_one_change_costs_one_change(backend: Backend) -> None:
    ledger = Ledger(backend.open(), "dev")
    ledger.load()
    ledger.begin()
    for start in range(0, COUNT, GROUP):
        ledger.append([Entry(put=tuple(record(number) for number in range(start, start + GROUP)))])
    ledger.close()

    other = Ledger(backend.open(), "dev")
    state = other.load()
    assert (state.serial, len(state.records)) == (COUNT // GROUP, COUNT)
    assert state.records["Assistant/a9999"].to_json() == record(9999).to_json()

    before = backend.spent()
    other.append([Entry(remove=("Assistant/a0",))])
    first = backend.spent() - before
    for number in range(1, 11):
        other.append([Entry(remove=(f"Assistant/a{number}",))])
    other.close()
    spent = backend.spent() - before
    # State is beyond a megabyte and a half; a group in the open block goes over once more, and then no more.
    assert 0 < first < 150_000
    assert spent - first < 150_000

    with pytest.raises(Moved):
        ledger.append([Entry(put=(record(1),))])
    assert len(Ledger(backend.open(), "dev").load().records) == COUNT - 11


def test_many_small_appends_cost_what_they_bring(backend: Backend) -> None:
    store = backend.open()
    entry = b"x" * 999
    length = 0
    costs = []
    for _ in range(3):
        before = backend.spent()
        for _ in range(30):
            length = store.append("runs/journal", [entry], expected=length)
        costs.append(backend.spent() - before)
    # The ninetieth append costs no more than the first ones did: about half a block each.
    assert costs[2] < 1.5 * costs[0] + 100_000
    assert costs[2] < 30 * 64 * 1024
    assert backend.open().read_log("runs/journal") == ([entry] * 90, length)
