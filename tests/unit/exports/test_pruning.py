"""Pruning: what no kept export needs goes; killed or raced anywhere, no kept export lacks a part."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from callsheet.exports.contents import content
from callsheet.exports.export import load, objects, records
from callsheet.exports.index import listed, read
from callsheet.exports.keeping import Sweeping
from callsheet.exports.pruning import Pruned, due, prune, would_prune
from callsheet.model.errors import StateError
from callsheet.spec.environments import Retention
from callsheet.state.begun import Begun
from callsheet.state.file import FileStore
from callsheet.state.names import named
from callsheet.state.snapshot import State
from unit.exports.keeping import SPACE, blobs, file_record, keep, pack_file
from unit.exports.watched import Killed, Watched, killed

NOW = datetime(2026, 11, 25, tzinfo=UTC)
KEEP_ONE = Retention(keep=1, days=0)
UPLOADS = [b"old", b"new", b"now"]
OLD, NEW, CURRENT = map(named, UPLOADS)
# What state is when it is pruned: it refers to a file that no export knows yet.
STATE = State("dev", "lineage-1", 9, records={"File/faq": file_record(CURRENT)})


def pruned(store: Any, state: State = STATE, retention: Retention = KEEP_ONE) -> Pruned:
    return prune(store, state, retention, NOW, lambda: None)


def five(store: Any) -> None:
    """Exports of an organisation of which one object changes each time, and a file now and then."""
    for number in range(5):
        keep(
            store,
            100,
            run=f"run-{number}",
            at=f"2026-01-0{number + 1}T00:00:00Z",
            edited=number,
            more=(file_record(OLD if number < 3 else NEW),),
            uploads=UPLOADS[:1] if number == 0 else UPLOADS[1:],
        )


def check_whole(store: Any) -> None:
    """Every export that the index lists can be read, and every upload that one or state needs is there."""
    for each in listed(store, "dev"):
        export = load(store, "dev", each.sha256)
        assert sum(len(objects(store, export, kind)) for kind in export.packs) == export.count
        assert records(store, export).keys() == {"File/faq"}
        assert all(content(store, "dev", sha256) for sha256 in export.contents)
    assert content(store, "dev", CURRENT) == b"now"


def needed(folder: Path) -> set[str]:
    store = FileStore(folder)
    kept = [load(store, "dev", each.sha256) for each in listed(store, "dev")]
    return {name for export in kept for name in export.blobs | export.contents} | {CURRENT}


def test_what_no_kept_export_needs_goes(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    five(store)
    expected = would_prune(store, STATE, KEEP_ONE, NOW)
    before = blobs(tmp_path)
    assert [each.run for each in expected.exports] == ["run-0", "run-1", "run-2"]
    assert pruned(store) == expected
    assert [each.run for each in listed(store, "dev")] == ["run-3", "run-4"]
    assert blobs(tmp_path).keys() == needed(tmp_path)
    assert len(before) - len(blobs(tmp_path)) == expected.blobs
    check_whole(store)
    assert content(store, "dev", OLD) is None
    assert pruned(store) == Pruned()


def test_the_last_runs_and_the_holds_exports_stay(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    five(store)
    first, second, *_ = listed(store, "dev")
    state = State("dev", "lineage-1", records=STATE.records, run={"export": first.sha256})
    pruned(store, State(**{**_fields(state), "hold": {"export": second.sha256}}))
    assert [each.run for each in listed(store, "dev")] == ["run-0", "run-1", "run-3", "run-4"]
    check_whole(store)


def test_what_a_killed_run_was_about_to_upload_stays(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    five(store)
    begun = Begun("File/faq", 1, "create", "File", "key", "run-9", None, file_record(OLD))
    pruned(store, State("dev", "lineage-1", records=STATE.records, begun={begun.name: begun}))
    assert content(store, "dev", OLD) == b"old"


def test_it_waits_until_a_tenth_has_piled_up(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    keep_twenty = Retention(keep=20, days=0)
    for number in range(22):
        keep(store, 1, run=f"run-{number}")
    assert not due(store, "dev", keep_twenty, NOW)
    keep(store, 1, run="run-22")
    assert due(store, "dev", keep_twenty, NOW)


def test_an_export_that_stays_and_cannot_be_read_stops_it(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    five(store)
    pack_file(tmp_path, listed(store, "dev")[-1].sha256).unlink()
    before = blobs(tmp_path)
    with pytest.raises(StateError):
        pruned(store)
    assert blobs(tmp_path) == before
    assert len(listed(store, "dev")) == 5


@pytest.mark.parametrize("good", [0, 1, 2])
def test_a_lost_lock_stops_it(tmp_path: Path, good: int) -> None:
    store = FileStore(tmp_path)
    five(store)
    before = blobs(tmp_path)
    checks = iter([None] * good)

    def alive() -> None:
        next(checks)

    with pytest.raises(StopIteration):
        prune(store, STATE, KEEP_ONE, NOW, alive)
    # Before the index is written, before blobs are removed, and before it is said that they are.
    assert len(listed(store, "dev")) == (5 if good == 0 else 2)
    assert (blobs(tmp_path) == before) == (good < 2)
    assert read(store, "dev").sweeping == (good > 0)


def test_killed_anywhere_it_leaves_whole_exports_and_the_next_one_tidies_up(tmp_path: Path) -> None:
    swept = 0
    for folder in at_every_boundary(tmp_path, pruned, killed):
        store = FileStore(folder)
        check_whole(store)
        swept += read(store, "dev").sweeping
        # A run's export comes next, under the lock.
        keep(store, 100, run="run-5", more=(file_record(NEW),))
        assert due(store, "dev", Retention(keep=1000), NOW) == read(store, "dev").sweeping
        pruned(store)
        check_whole(store)
        assert blobs(folder).keys() == needed(folder)
        assert not read(store, "dev").sweeping
    assert swept > 2


def test_killed_anywhere_taking_one_leaves_at_most_orphans(tmp_path: Path) -> None:
    def take(store: Any) -> None:
        keep(store, 100, run="run-5", more=(file_record(NEW),), edited=50)

    for folder in at_every_boundary(tmp_path, take, killed):
        store = FileStore(folder)
        check_whole(store)
        pruned(store)
        check_whole(store)
        assert blobs(folder).keys() == needed(folder)


def test_a_pruning_in_the_middle_of_an_export_on_demand_takes_nothing_from_it(tmp_path: Path) -> None:
    def take(store: Any) -> None:
        # The same as the third, so that it shares packs with what is about to go.
        keep(store, 100, run=None, locked=False, edited=2, more=(file_record(NEW),))

    for folder in at_every_boundary(tmp_path, take, pruned):
        assert listed(FileStore(folder), "dev")[-1].kind == "on-demand"
        check_whole(FileStore(folder))


def test_what_an_export_on_demand_finds_is_not_taken_away_under_it(tmp_path: Path) -> None:
    def take(store: Any) -> None:
        keep(store, 100, run=None, locked=False, edited=50, more=(file_record(NEW),))

    def prepare(store: Any) -> None:
        five(store)
        # One that was cut short before the index knew of it: its packs are there, and nobody's.
        with suppress(Killed):
            take(Watched(store, partial(killed, store), at=4))

    def sweep(store: Any) -> None:
        pruned(store, retention=Retention())

    for folder in at_every_boundary(tmp_path, take, sweep, prepare):
        assert listed(FileStore(folder), "dev")[-1].kind == "on-demand"
        check_whole(FileStore(folder))


def test_an_export_on_demand_in_the_middle_of_a_pruning_loses_nothing(tmp_path: Path) -> None:
    told = []

    def take(store: Any) -> None:
        try:
            keep(store, 100, run=None, locked=False, edited=2, more=(file_record(NEW),))
        except Sweeping as cause:
            told.append(cause)

    for folder in at_every_boundary(tmp_path, pruned, take):
        check_whole(FileStore(folder))
    assert len(told) > 2


@pytest.mark.parametrize("damage", [None, b"half a doc"])
def test_an_index_that_is_gone_is_made_anew_from_whole_exports(tmp_path: Path, damage: bytes | None) -> None:
    store = FileStore(tmp_path)
    five(store)
    known = listed(store, "dev")
    document = tmp_path / "documents" / SPACE / "index"
    if damage is not None:
        document.write_bytes(damage)
        with pytest.raises(StateError, match="index"):
            pruned(store)
    document.unlink()
    assert listed(store, "dev") == known
    # One that lacks a part is no export any more, so the others' parts alone are kept.
    pack_file(tmp_path, sorted(load(store, "dev", known[0].sha256).packs["Assistant"])[0]).unlink()
    assert all(each in known for each in listed(store, "dev"))
    keep(store, 100, run="run-5", more=(file_record(NEW),))
    pruned(store, retention=Retention())
    assert len(listed(store, "dev")) >= 2
    check_whole(store)


def at_every_boundary(
    folder: Path,
    act: Callable[[Any], object],
    meanwhile: Callable[[Any], object],
    prepare: Callable[[Any], object] = five,
) -> Iterator[Path]:
    """A store of five exports for each boundary of `act` at which `meanwhile` happened."""
    for boundary in itertools.count(1):
        store = FileStore(folder / str(boundary))
        prepare(store)
        watched = Watched(store, partial(meanwhile, store), at=boundary)
        with suppress(Killed):
            act(watched)
        if watched.count < boundary:
            assert boundary > 6
            return
        yield store.folder


def _fields(state: State) -> dict[str, Any]:
    return {name: getattr(state, name) for name in State.__dataclass_fields__}
