"""State goes from one store to another: all of it, verified, and at every moment whole in one of the two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from callsheet.model.errors import CallsheetError, StateError
from callsheet.operations.migrate import Destination, Migrated, destination, migrate
from callsheet.state.file import FileStore
from callsheet.state.ledger import Ledger
from callsheet.state.lock import Claim, Held, Lock
from callsheet.state.migration import Holdings
from callsheet.state.record import Record
from callsheet.state.snapshot import Entry, State
from callsheet.state.store import Moved, Store
from contract.state.conftest import make
from support.killing import Fatal, Killed
from support.world import World

PAIRS = [("file", "git"), ("git", "s3"), ("s3", "postgres"), ("postgres", "file")]


def record(number: int) -> Record:
    return Record(f"Assistant/a{number}", "Assistant", f"id-{number}", seen={"prompt": "x" * 500})


def fill(store: Store, environment: str = "dev", count: int = 30) -> State:
    """An estate with a snapshot, a log, exports, and things of which nobody here knows what they are."""
    ledger = Ledger(store, environment)
    ledger.load()
    ledger.begin()
    state = ledger.append([Entry(put=tuple(record(number) for number in range(count)))])
    ledger.close()
    state = ledger.append([Entry(remove=("Assistant/a1",))])
    store.put_blobs(
        [f"{environment} {number}".encode() for number in range(12)], space=f"exports/{environment}"
    )
    store.write(f"exports/{environment}/index", environment.encode(), expected=None)
    store.append(f"audit/{environment}/records", [b"one", b"two"], expected=0)
    store.write(f"approvals/{environment}/deep/down", b"\x00\r\n", expected=None)
    return state


def move(world: World, source: Store, to: Store) -> Migrated:
    with world.session() as session:
        session.store = source
        return migrate(session, Destination(to, "{backend: file}"))


def load(store: Store) -> State:
    return Ledger(store, "dev").load()


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(CallsheetError) as caught:
        act()
    return caught.value.diagnostics[0].code


@pytest.mark.parametrize(("start", "end"), PAIRS)
def test_everything_of_one_environment_goes_and_nothing_of_another(
    start: str, end: str, world: World, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    here = make(start, request, tmp_path / "from")
    there = make(end, request, tmp_path / "to")
    state = fill(here.open())
    other = fill(here.open(), "dev-2", 2)
    holdings = Holdings.read(here.open(), "dev")
    done = move(world, here.open(), there.open())
    assert (done.state, done.before) == (state, None)
    assert load(there.open()) == state
    arrived = Holdings.read(there.open(), "dev")
    assert arrived.blobs == holdings.blobs
    assert set(arrived.documents) == {"state/dev/snapshot", "exports/dev/index", "approvals/dev/deep/down"}
    assert arrived.documents["approvals/dev/deep/down"].data == b"\x00\r\n"
    assert arrived.logs["audit/dev/records"] == (b"one", b"two")
    assert not Holdings.read(there.open(), "dev-2")
    assert Ledger(here.open(), "dev-2").load() == other
    with pytest.raises(StateError, match="was moved to") as caught:
        load(here.open())
    assert caught.value.exit_code == 1
    # It goes on where it is now.
    ledger = Ledger(there.open(), "dev")
    ledger.load()
    ledger.append([Entry(put=(record(99),))])
    ledger.close()
    assert "Assistant/a99" in load(there.open()).records


@pytest.fixture
def source(tmp_path: Path) -> FileStore:
    store = FileStore(tmp_path / "source")
    fill(store)
    fill(store, "dev-2", 2)
    return store


@pytest.fixture
def there(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "there")


@contextmanager
def restored(*folders: Path) -> Iterator[Callable[[], None]]:
    """Puts the folders back as they were."""
    kept = {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}

    def restore() -> None:
        for folder in folders:
            for path in folder.rglob("*"):
                if path.is_file():
                    path.unlink()
        for path, data in kept.items():
            path.write_bytes(data)

    yield restore


def holds_all(source: Store, there: Store, state: State, holdings: Holdings) -> str:
    """Where state is: one of the two has all of it, and what does not says so."""
    if usable(source):
        assert load(source) == state
        assert Holdings.read(source, "dev").blobs == holdings.blobs
        return "source"
    assert refusal(lambda: load(source)) == "state.elsewhere"
    assert load(there) == state
    arrived = Holdings.read(there, "dev")
    assert arrived.blobs == holdings.blobs
    for space, names in arrived.blobs.items():
        for name in names:
            there.get_blob(name, space=space)
    assert arrived.logs["audit/dev/records"] == holdings.logs["audit/dev/records"]
    return "there"


def usable(store: Store) -> bool:
    with suppress(StateError):
        return load(store).lineage is not None
    return False


@pytest.mark.parametrize("again", ["as it was", "after another run"])
def test_killed_anywhere_one_of_the_two_is_whole_and_the_next_migration_ends_it(
    world: World, source: FileStore, there: FileStore, again: str
) -> None:
    state, holdings = load(source), Holdings.read(source, "dev")
    ends = set()
    with restored(source.folder, there.folder) as restore:
        for at in range(1, 1000):
            restore()
            fatal = Fatal(source, at)
            with suppress(Killed):
                move(world, fatal, fatal.also(there))
            where = holds_all(source, there, state, holdings)
            ends.add((where, usable(there)))
            world.time_passes(120)  # the dead process's locks end
            expected = state
            if where == "source" and again == "after another run":
                ledger = Ledger(source, "dev")
                ledger.load()
                expected = ledger.append([Entry(put=(record(77),))])
                ledger.close()
            assert move(world, source, there).state == expected
            assert load(there) == expected
            assert refusal(lambda: load(source)) == "state.elsewhere"
            if fatal.through:
                break
        else:
            raise AssertionError("it never came to its end")
    # Before the copy, within it, after it, and after the source said so.
    assert ends == {("source", False), ("source", True), ("there", True)}


def test_a_copy_that_was_cut_short_is_no_state(world: World, source: FileStore, there: FileStore) -> None:
    put = there.put_blobs
    there.put_blobs = lambda *_, **__: (_ for _ in ()).throw(StateError("no"))  # type: ignore[method-assign]
    with pytest.raises(StateError):
        move(world, source, there)
    assert refusal(lambda: load(there)) == "state.unfinished"
    there.put_blobs = put  # type: ignore[method-assign]
    move(world, source, there)
    assert usable(there)


class TestWhatIsThere:
    def test_another_estate_stays(self, world: World, source: FileStore, there: FileStore) -> None:
        theirs = fill(there, count=1)
        assert refusal(lambda: move(world, source, there)) == "state.occupied"
        assert load(there) == theirs
        assert usable(source)

    def test_so_do_things_without_state(self, world: World, source: FileStore, there: FileStore) -> None:
        there.append("audit/dev/records", [b"theirs"], expected=0)
        assert refusal(lambda: move(world, source, there)) == "state.occupied"
        assert there.read_log("audit/dev/records")[0] == [b"theirs"]

    def test_so_does_a_copy_that_was_written_on(
        self, world: World, source: FileStore, there: FileStore
    ) -> None:
        with restored(source.folder) as restore:
            move(world, source, there)
            ledger = Ledger(there, "dev")
            ledger.load()
            # Not closed: the head does not know of it yet.
            ledger.append([Entry(put=(record(50),))])
            restore()
        assert refusal(lambda: move(world, source, there)) == "state.occupied"
        assert "Assistant/a50" in load(there).records

    def test_a_finished_copy_is_taken_as_it_is(
        self, world: World, source: FileStore, there: FileStore
    ) -> None:
        state = load(source)
        with restored(source.folder) as restore:
            move(world, source, there)
            restore()
        calls: list[str] = []
        counted: Any = _During(there, "", 0, lambda: None, calls)
        assert move(world, source, counted).state == state
        # What is written is the lock.
        assert calls.count("write") == 2
        assert not {"append", "put_blobs", "remove", "remove_log", "remove_blobs"} & set(calls)
        assert refusal(lambda: load(source)) == "state.elsewhere"

    def test_who_asks_again_is_told_when_it_went(
        self, world: World, source: FileStore, there: FileStore, tmp_path: Path
    ) -> None:
        move(world, source, there)
        world.time_passes(3600)
        assert move(world, source, there).before == "2026-11-20T12:00:00+00:00"
        other = FileStore(tmp_path / "other")
        assert refusal(lambda: move(world, source, other)) == "state.elsewhere"
        assert not Holdings.read(other, "dev")

    def test_it_can_come_back(self, world: World, source: FileStore, there: FileStore) -> None:
        move(world, source, there)
        ledger = Ledger(there, "dev")
        ledger.load()
        ledger.append([Entry(put=(record(50),), remove=("Assistant/a2",))])
        ledger.close()
        there.remove_blobs(list(Holdings.read(there, "dev").blobs["exports/dev"])[:5], space="exports/dev")
        state = load(there)
        move(world, there, source)
        assert load(source) == state
        assert len(Holdings.read(source, "dev").blobs["exports/dev"]) == 7
        assert refusal(lambda: load(there)) == "state.elsewhere"

    def test_the_same_store_is_refused(self, world: World, source: FileStore) -> None:
        assert refusal(lambda: move(world, source, FileStore(source.folder))) == "state.same-store"
        assert usable(source)


class TestOthersMeanwhile:
    def test_who_holds_either_lock_is_waited_for(
        self, world: World, source: FileStore, there: FileStore
    ) -> None:
        for store in (source, there):
            lease = Lock(store, "dev", world.clock).acquire(Claim("anna", "r1", "h", "apply"))
            with pytest.raises(Held, match="anna"):
                move(world, source, there)
            lease.release()
        assert usable(source)
        move(world, source, there)

    def test_tokens_of_the_lock_go_on(self, world: World, source: FileStore, there: FileStore) -> None:
        lock, claim = Lock(source, "dev", world.clock), Claim("anna", "r1", "h", "apply")
        for _ in range(3):
            lock.acquire(claim).release()
        move(world, source, there)
        assert Lock(there, "dev", world.clock).acquire(claim).token == 6

    def test_an_apply_that_lost_its_lock_writes_nowhere(
        self, world: World, source: FileStore, there: FileStore
    ) -> None:
        sleeper = Ledger(source, "dev")
        sleeper.load()
        move(world, source, there)
        with pytest.raises(Moved):
            sleeper.append([Entry(put=(record(50),))])
        with pytest.raises(Moved):
            sleeper.close()
        assert refusal(lambda: load(source)) == "state.elsewhere"

    def test_nor_does_one_that_read_state_while_it_was_copied(
        self, world: World, source: FileStore, there: FileStore
    ) -> None:
        sleeper = Ledger(source, "dev")
        move(world, _During(source, "contents", 2, sleeper.load), there)
        with pytest.raises(Moved):
            sleeper.append([Entry(put=(record(50),))])
        assert refusal(lambda: load(source)) == "state.elsewhere"

    def test_a_run_that_came_between_keeps_state_where_it_is(
        self, world: World, source: FileStore, there: FileStore
    ) -> None:
        """The migration slept through its lease, an apply began, and wrote."""
        sleepy = _During(source, "contents", 2, lambda: self.run(source))
        with pytest.raises(CallsheetError):
            move(world, sleepy, there)
        assert "Assistant/a50" in load(source).records

    def test_so_does_one_that_came_at_the_very_end(
        self, world: World, source: FileStore, there: FileStore
    ) -> None:
        ledger = Ledger(source, "dev")
        ledger.load()
        ledger.close()  # the head is as far as state is
        calls: list[str] = []
        counting = _During(source, "write", 10_000, lambda: None, calls)
        with restored(source.folder, there.folder) as restore:
            move(world, counting, there)
            restore()
        writes = calls.count("write")
        # The last but one: the head's, before the lock is given back.
        sleepy = _During(source, "write", writes - 1, lambda: self.run(source))
        with pytest.raises(Moved):
            move(world, sleepy, there)
        assert "Assistant/a50" in load(source).records

    def test_what_others_write_beside_state_is_not_left_behind(
        self, world: World, source: FileStore, there: FileStore
    ) -> None:
        late = _During(source, "contents", 2, lambda: source.write("approvals/dev/late", b"x", expected=None))
        with pytest.raises(Moved, match="while it was copied"):
            move(world, late, there)
        assert usable(source)
        move(world, source, there)
        assert there.read("approvals/dev/late") is not None

    @staticmethod
    def run(store: Store) -> None:
        ledger = Ledger(store, "dev")
        ledger.load()
        ledger.append([Entry(put=(record(50),))])


class _During:
    """`store`, at whose n-th call of one method something else happens first."""

    def __init__(
        self, store: Any, method: str, at: int, act: Callable[[], object], calls: list[str] | None = None
    ) -> None:
        self._store, self._method, self._at, self._act = store, method, at, act
        self._calls = calls if calls is not None else []

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._store, name)

        def run(*arguments: Any, **named: Any) -> Any:
            self._calls.append(name)
            if name == self._method and self._calls.count(name) == self._at:
                self._act()
            return call(*arguments, **named)

        return run


class TestVerification:
    def lying(self, there: FileStore, method: str, lie: Callable[[Any], Any]) -> Any:
        class Lying:
            def __getattr__(self, name: str) -> Any:
                call = getattr(there, name)
                return (lambda *a, **k: lie(call(*a, **k))) if name == method else call

        return Lying()

    @pytest.mark.parametrize(
        ("method", "lie"),
        [
            ("read_log", lambda found: (found[0][:-1], found[1])),
            ("contents", lambda found: [each for each in found if each.kind != "blob"]),
            ("get_blob", lambda data: data[:-1]),
        ],
    )
    def test_what_comes_back_different_stays_where_it_was(
        self, world: World, source: FileStore, there: FileStore, method: str, lie: Callable[[Any], Any]
    ) -> None:
        state = load(source)
        assert refusal(lambda: move(world, source, self.lying(there, method, lie))) in (
            "state.unverified",
            "state.damaged",
        )
        assert load(source) == state
        assert not usable(there)


class TestDescription:
    def described(self, world: World, text: str, **variables: str) -> Destination:
        world.variables.update(variables)
        with world.session() as session:
            return destination(session, text)

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("{backend: gti}", "state.backend"),
            ("git", "state.backend"),
            ("", "state.backend"),
            ("{backend: git", "spec.yaml-syntax"),
            ("{backend: git, brunch: x}", "state.settings"),
            ("{backend: s3}", "state.settings"),
            ("{backend: postgres, dsn: 'postgresql://u:canary@h/d'}", "state.settings"),
            ("{backend: file, path: '../x'}", "state.settings"),
            ("{backend: git, branch: '${params.x}'}", "spec.placeholder"),
        ],
    )
    def test_a_wrong_one_is_told_as_in_the_file(self, world: World, text: str, code: str) -> None:
        with pytest.raises(CallsheetError) as caught:
            self.described(world, text)
        assert code in [each.code for each in caught.value.diagnostics]
        assert "canary" not in str(caught.value)

    def test_what_to_write_is_the_section_as_given(self, world: World) -> None:
        found = self.described(world, "{backend: git, branch: 'state-${env.name}'}")
        assert "branch state-dev" in found.store.describe()
        assert found.section == '{backend: git, branch: "state-${env.name}"}'
        assert self.described(world, "backend: file\npath: 'no'").section == '{backend: file, path: "no"}'
        found = self.described(world, "{backend: postgres, dsn: secrets://env/DATABASE_URL}")
        assert found.section == "{backend: postgres, dsn: secrets://env/DATABASE_URL}"

    def test_the_disk_of_a_runner_is_no_place_to_go(self, world: World) -> None:
        world.environment(baseUrl="https://api.vapi.ai")
        assert (
            refusal(lambda: self.described(world, "{backend: file, path: x}", CI="true")) == "state.ephemeral"
        )
