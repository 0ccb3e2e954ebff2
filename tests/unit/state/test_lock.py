"""The lock: one holder, a lease that ends by itself, and a fence against holders of the past."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from callsheet.model.errors import Abandoned, StateError
from callsheet.state.file import FileStore
from callsheet.state.ledger import Ledger
from callsheet.state.lock import Claim, Held, Lock, Lost, holding
from callsheet.state.record import Record
from callsheet.state.snapshot import Entry
from callsheet.state.store import Moved
from support.clock import FakeClock


def claim(owner: str) -> Claim:
    return Claim(owner, f"run-of-{owner}", "host-1", "apply")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def lock(tmp_path: Path, clock: FakeClock) -> Lock:
    return Lock(FileStore(tmp_path), "dev", clock, ttl=60)


def test_the_second_is_told_who_holds_it_and_until_when(lock: Lock) -> None:
    lock.acquire(claim("anna"))
    with pytest.raises(Held) as caught:
        lock.acquire(claim("ben"))
    told = caught.value.diagnostics[0]
    assert caught.value.exit_code == 4
    for part in ("anna", "host-1", "run-of-anna", "lease until 2026-11-20T12:01:00"):
        assert part in told.summary
    assert "unlock" in told.hint


def test_a_released_lock_is_free_and_its_tokens_go_on(lock: Lock) -> None:
    first = lock.acquire(claim("anna"))
    assert lock.holder() is not None
    first.release()
    assert lock.holder() is None
    second = lock.acquire(claim("ben"))
    assert second.token == first.token + 1


def test_a_lease_ends_by_itself_and_its_holder_knows(lock: Lock, clock: FakeClock) -> None:
    dead = lock.acquire(claim("anna"))
    clock.sleep(61)
    lock.acquire(claim("ben"))
    with pytest.raises(Lost):
        dead.check()


def test_a_holder_that_may_have_lost_it_stops_before_others_may_take_it(lock: Lock, clock: FakeClock) -> None:
    lease = lock.acquire(claim("anna"))
    clock.sleep(46)
    assert lock.holder() is not None
    with pytest.raises(Lost, match="could not be renewed in time"):
        lease.check()


def test_renewing_moves_the_end(lock: Lock, clock: FakeClock) -> None:
    lease = lock.acquire(claim("anna"))
    for _ in range(10):
        clock.sleep(30)
        lease.renew()
        lease.check()
    with pytest.raises(Held):
        lock.acquire(claim("ben"))


def test_renewing_what_somebody_else_took_is_noticed(lock: Lock) -> None:
    lease = lock.acquire(claim("anna"))
    assert str(lock.force_release()).startswith("anna (unverified) on host-1")
    lock.acquire(claim("ben"))
    with pytest.raises(Lost, match="somebody else has taken it"):
        lease.renew()
    # And giving it back takes nothing from the new holder.
    lease.release()
    holder = lock.holder()
    assert holder is not None
    assert holder.owner == "ben"


def test_waiting_ends_when_the_lease_does(lock: Lock, clock: FakeClock) -> None:
    lock.acquire(claim("anna"))
    assert lock.acquire(claim("ben"), timeout=90).holder.owner == "ben"
    # The clock moved as far as was waited: to the end of the first lease.
    assert 60 <= clock.monotonic() <= 62


def test_waiting_ends_at_the_timeout(lock: Lock, clock: FakeClock) -> None:
    lock.acquire(claim("anna"))
    with pytest.raises(Held):
        lock.acquire(claim("ben"), timeout=10)
    assert clock.monotonic() == pytest.approx(10)


def test_sixteen_that_race_for_it_have_one_winner(lock: Lock) -> None:
    def attempt(number: int) -> bool:
        try:
            lock.acquire(claim(f"racer-{number}"))
        except Moved:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(16))) == 1


def test_a_damaged_lock_is_an_error(lock: Lock, tmp_path: Path) -> None:
    lock.acquire(claim("anna"))
    path = tmp_path / "documents" / "locks" / "dev"
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(StateError, match="not readable"):
        lock.holder()


def test_who_held_the_lock_before_cannot_write_state_whatever_its_clock_says(
    lock: Lock, clock: FakeClock, tmp_path: Path
) -> None:
    def ledger() -> Ledger:
        out = Ledger(FileStore(tmp_path), "dev")
        out.load()
        return out

    paused = ledger()
    lease = lock.acquire(claim("anna"))
    paused.begin()
    paused.append([Entry(fence=lease.token)])
    # It is paused here, longer than its lease; somebody else comes, and writes the fence first.
    clock.sleep(120)
    other = ledger()
    taken = lock.acquire(claim("ben"))
    other.append([Entry(fence=taken.token)])
    with pytest.raises(Moved):
        paused.append([Entry(put=(Record("Assistant/a", "Assistant", "1"),))])
    assert ledger().load().fence == taken.token


def test_before_a_call_the_store_is_asked_once_in_a_while(lock: Lock, clock: FakeClock) -> None:
    lease = lock.acquire(claim("anna"))
    lock.force_release()
    # It is still sure of it, and nobody else can have it by now.
    lease.vouch()
    clock.sleep(3.1)
    lease.check()
    with pytest.raises(Lost, match="somebody else has taken it"):
        lease.vouch()


def test_what_was_taken_away_is_free_when_its_holder_cannot_be_sure_any_more(
    lock: Lock, clock: FakeClock
) -> None:
    lease = lock.acquire(claim("anna"))
    lock.force_release()
    lock.acquire(claim("ben"))
    assert clock.monotonic() == pytest.approx(3)
    clock.sleep(0.1)
    with pytest.raises(Lost):
        lease.vouch()


def test_a_holder_whose_machine_slept_knows_that_its_lease_has_ended(tmp_path: Path) -> None:
    class Asleep(FakeClock):
        """While a machine sleeps, its monotonic clock stands still."""

        def monotonic(self) -> float:
            return 0.0

    clock = Asleep()
    lease = Lock(FileStore(tmp_path), "dev", clock, ttl=60).acquire(claim("anna"))
    lease.check()
    clock.sleep(61)
    with pytest.raises(Lost, match="its lease has ended"):
        lease.check()


def test_a_holder_that_cannot_ask_does_not_write(
    lock: Lock, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = lock.acquire(claim("anna"))
    clock.sleep(4)

    def unreachable(*_: object, **__: object) -> None:
        raise StateError("no answer", code="state.unreachable")

    monkeypatch.setattr(FileStore, "read", unreachable)
    with pytest.raises(StateError, match="no answer"):
        lease.vouch()
    # Giving it back may fail: it ends by itself.
    monkeypatch.setattr(FileStore, "write", unreachable)
    lease.release()


def test_a_look_at_the_lock_that_takes_longer_than_the_lease_is_no_answer(
    lock: Lock, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = lock.acquire(claim("anna"))
    clock.sleep(4)
    read = FileStore.read

    def slow(self: FileStore, name: str) -> object:
        found = read(self, name)
        clock.sleep(61)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(FileStore, "read", slow)
        with pytest.raises(Lost, match="could not be renewed in time"):
            lease.vouch()
    assert lock.acquire(claim("ben")).token == lease.token + 1


def test_a_damaged_lock_can_be_taken_away(lock: Lock, tmp_path: Path) -> None:
    lease = lock.acquire(claim("anna"))
    path = tmp_path / "documents" / "locks" / "dev"
    path.write_bytes(b"")
    assert lock.force_release(fence=7) is None
    assert lock.acquire(claim("ben")).token == 8
    with pytest.raises(Lost):
        lease.renew()


def test_who_ends_in_the_middle_of_calls_leaves_the_lock_to_end_by_itself(
    lock: Lock, clock: FakeClock
) -> None:
    with pytest.raises(Abandoned), holding(lock, claim("anna"), 0):
        raise Abandoned
    with pytest.raises(Held):
        lock.acquire(claim("ben"))
    with pytest.raises(RuntimeError), holding(lock, claim("ben"), 70):
        raise RuntimeError
    lock.acquire(claim("carl"))
