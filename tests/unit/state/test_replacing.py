"""A whole state takes the place of another, or of its own log: cut short anywhere, one of the two is read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from callsheet.model.errors import StateError
from callsheet.state.file import FileStore
from callsheet.state.ledger import Ledger
from callsheet.state.record import Record
from callsheet.state.snapshot import Entry, State
from callsheet.state.store import Moved
from support.killing import Fatal, Killed

LONG = "x" * 90_000


def record(which: str, **more: object) -> Record:
    return Record(f"Assistant/{which}", "Assistant", f"id-{which}", **more)  # type: ignore[arg-type]


def ledger(folder: Path) -> Ledger:
    out = Ledger(FileStore(folder), "dev")
    out.load()
    return out


def begun(folder: Path, *entries: Entry) -> State:
    out = ledger(folder)
    out.begin()
    return out.append(entries or [Entry(put=(record("old"),))])


def other(**more: object) -> State:
    known = {"lineage": "other", "key": b"k", "records": {"Assistant/new": record("new")}, "serial": 7}
    return State("dev", **{**known, **more})  # type: ignore[arg-type]


def told(state: State) -> tuple[object, ...]:
    return state.lineage, sorted(state.records), state.key


def goes_on(folder: Path) -> None:
    """Whatever is there can be written on, by somebody who knows nothing of what was cut short."""
    writer = ledger(folder)
    before = sorted(writer.begin().records)
    writer.append([Entry(put=(record("next"),))])
    writer.close()
    assert sorted(ledger(folder).load().records) == sorted({*before, "Assistant/next"})


def at_every_boundary(folder: Path, act: Callable[[Ledger], object], *allowed: State) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for at in range(1, 100):
        for path in folder.rglob("*"):
            if path.is_file():
                path.unlink()
        for path, data in before.items():
            path.write_bytes(data)
        writer = Ledger(FileStore(folder), "dev")
        writer.load()
        writer._store = fatal = Fatal(writer._store, at)
        with suppress(Killed):
            act(writer)
        assert told(ledger(folder).load()) in [told(each) for each in allowed], at
        goes_on(folder)
        if fatal.through:
            return
    raise AssertionError("it never came to its end")


def test_a_replacement_that_is_cut_short_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    old = begun(tmp_path)
    at_every_boundary(tmp_path, lambda each: each.replace(other()), old, other())


def test_the_same_within_one_lineage(tmp_path: Path) -> None:
    old = begun(tmp_path)
    new = replace(old, records={"Assistant/new": record("new")})
    at_every_boundary(tmp_path, lambda each: each.replace(new), old, new)


def test_the_same_where_nothing_was(tmp_path: Path) -> None:
    at_every_boundary(tmp_path, lambda each: each.replace(other()), State("dev"), other())


def test_the_same_where_a_log_is_folded_into_its_snapshot(tmp_path: Path) -> None:
    old = begun(tmp_path, *(Entry(put=(record(f"a{number}", seen={"x": LONG}),)) for number in range(3)))
    at_every_boundary(tmp_path, lambda each: each.close(), old)


def test_a_replacement_is_beyond_both_and_read_as_it_was_given(tmp_path: Path) -> None:
    old = begun(tmp_path)
    assert ledger(tmp_path).replace(other(serial=0)).serial == old.serial + 1
    assert ledger(tmp_path).replace(other(serial=40)).serial == 41
    state = ledger(tmp_path).load()
    assert (state.serial, told(state)) == (41, told(other()))
    logs = tmp_path / "logs" / "state" / "dev"
    assert [path.name for path in logs.iterdir()] == ["lineages"]


@pytest.mark.parametrize("name", ["snapshot", "head"])
@pytest.mark.parametrize("damage", ["empty", "gone"])
def test_what_is_damaged_can_be_replaced(tmp_path: Path, name: str, damage: str) -> None:
    begun(tmp_path)
    path = tmp_path / "documents" / "state" / "dev" / name
    path.unlink() if damage == "gone" else path.write_bytes(b"")
    writer = Ledger(FileStore(tmp_path), "dev")
    with pytest.raises(StateError):
        writer.load()
    writer.replace(other())
    assert told(ledger(tmp_path).load()) == told(other())
    goes_on(tmp_path)


def test_damage_stays_damage_where_its_replacement_is_cut_short(tmp_path: Path) -> None:
    old = begun(tmp_path)
    (tmp_path / "documents" / "state" / "dev" / "head").write_bytes(b"")
    writer = Ledger(FileStore(tmp_path), "dev")
    with pytest.raises(StateError):
        writer.load()
    writer._store = Fatal(writer._store, 4)
    with pytest.raises(Killed):
        writer.replace(replace(old, serial=9))
    with pytest.raises(StateError):
        ledger(tmp_path)


@pytest.mark.parametrize("act", ["replace", "fold"])
def test_a_holder_of_the_past_cannot_write_over_what_came_after_it(tmp_path: Path, act: str) -> None:
    begun(tmp_path, *(Entry(put=(record(f"a{number}", seen={"x": LONG}),)) for number in range(3)))
    paused = ledger(tmp_path)

    class Pause(Fatal):
        """Meanwhile, right before the snapshot is written, somebody else comes and writes."""

        def __getattr__(self, name: str) -> object:
            if name != "write":
                return getattr(self._store, name)

            def write(to: str, data: bytes, *, expected: str | None) -> str:
                if to.endswith("snapshot"):
                    ledger(tmp_path).append([Entry(put=(record("meanwhile"),))])
                return str(self._store.write(to, data, expected=expected))

            return write

    paused._store = Pause(paused._store, 0)  # type: ignore[assignment]
    empty = replace(paused.begin(), records={})
    with pytest.raises(Moved):
        paused.replace(empty) if act == "replace" else paused.close()
    assert "Assistant/meanwhile" in ledger(tmp_path).load().records
    goes_on(tmp_path)


def test_a_former_holders_last_word_disturbs_nobody(tmp_path: Path) -> None:
    begun(tmp_path)
    former, now = ledger(tmp_path), ledger(tmp_path)
    now.append([Entry(put=(record("b"),))])
    former.close()
    now.close()
    assert ledger(tmp_path).load().serial == 2


def test_nor_does_it_say_less_than_is_known(tmp_path: Path) -> None:
    begun(tmp_path)
    former, now = ledger(tmp_path), ledger(tmp_path)
    now.append([Entry(put=(record("b"),))])
    now.close()
    with pytest.raises(Moved):
        former.close()
    assert ledger(tmp_path).load().serial == 2
