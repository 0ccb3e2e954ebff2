"""One holder, one lineage, one next serial: lock, lease, fence and ledger on every store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from callsheet.state.ledger import Ledger
from callsheet.state.lock import Claim, Held, Lock, Lost
from callsheet.state.record import Record
from callsheet.state.snapshot import Entry
from callsheet.state.store import Moved
from support.clock import FakeClock
from support.stores import Backend


def claim(owner: str) -> Claim:
    return Claim(owner, f"run-of-{owner}", "host-1", "apply")


def put(name: str) -> Entry:
    return Entry(put=(Record(f"Assistant/{name}", "Assistant", f"id-of-{name}"),))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def ledger(backend: Backend) -> Ledger:
    """As another machine has it."""
    out = Ledger(backend.open(), "dev")
    out.load()
    return out


def test_the_second_is_told_whose_the_lock_is_and_it_is_free_when_given_back(
    backend: Backend, clock: FakeClock
) -> None:
    here, there = (Lock(backend.open(), "dev", clock) for _ in range(2))
    lease = here.acquire(claim("anna"))
    with pytest.raises(Held, match=r"anna \(unverified\) on host-1, apply"):
        there.acquire(claim("ben"))
    lease.renew()
    lease.release()
    assert there.acquire(claim("ben")).token == lease.token + 1


def test_sixteen_that_race_for_the_lock_have_one_winner(backend: Backend, clock: FakeClock) -> None:
    locks = [Lock(backend.open(), "dev", clock) for _ in range(16)]

    def attempt(number: int) -> bool:
        try:
            locks[number].acquire(claim(f"racer-{number}"))
        except Moved:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(16))) == 1


def test_a_lease_that_ended_is_anothers_and_its_holder_writes_nothing_any_more(
    backend: Backend, clock: FakeClock
) -> None:
    lease = Lock(backend.open(), "dev", clock).acquire(claim("anna"))
    paused = ledger(backend)
    paused.begin()
    paused.append([Entry(fence=lease.token), put("a")])
    clock.sleep(120)
    taken = Lock(backend.open(), "dev", clock).acquire(claim("ben"))
    assert taken.token > lease.token
    other = ledger(backend)
    other.append([Entry(fence=taken.token)])
    for too_late in (lease.check, lease.vouch, lease.renew):
        with pytest.raises(Lost):
            too_late()
    # And were its clock to tell it nothing: the fence is in the store.
    with pytest.raises(Moved):
        paused.append([put("late")])
    found = ledger(backend).state
    assert (set(found.records), found.fence) == ({"Assistant/a"}, taken.token)


def test_who_took_the_lock_away_is_noticed_before_the_next_call(backend: Backend, clock: FakeClock) -> None:
    lease = Lock(backend.open(), "dev", clock).acquire(claim("anna"))
    there = Lock(backend.open(), "dev", clock)
    assert str(there.force_release()).startswith("anna (unverified) on host-1")
    there.acquire(claim("ben"))
    clock.sleep(4)
    with pytest.raises(Lost, match="somebody else has taken it"):
        lease.vouch()


def test_of_two_first_writers_one_begins_the_lineage(backend: Backend) -> None:
    here, there = ledger(backend), ledger(backend)
    lineage = here.begin().lineage
    with pytest.raises(Moved):
        there.begin()
    assert lineage
    assert ledger(backend).state.lineage == lineage


def test_who_knows_an_older_serial_writes_nothing(backend: Backend) -> None:
    here = ledger(backend)
    here.begin()
    there = ledger(backend)
    serial = here.append([put("a"), put("b")]).serial
    with pytest.raises(Moved):
        there.append([put("c")])
    found = ledger(backend).state
    assert (set(found.records), found.serial) == ({"Assistant/a", "Assistant/b"}, serial)
