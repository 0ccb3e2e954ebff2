"""Exports in every store: what did not change is kept once, in one batch, and what nobody needs goes."""

from __future__ import annotations

from datetime import UTC, datetime

from callsheet.exports.export import load, objects, records
from callsheet.exports.index import listed
from callsheet.exports.pruning import prune
from callsheet.exports.verifying import Verifier
from callsheet.spec.environments import Retention
from callsheet.state.snapshot import State
from callsheet.state.store import Store
from support.stores import Backend
from unit.exports.keeping import KEY, SPACE, keep
from unit.exports.watched import Watched

COUNT = 600


def names(store: Store) -> set[str | None]:
    return {each.sha256 for each in store.contents(SPACE) if each.kind == "blob"}


def test_a_second_export_of_the_same_costs_a_manifest_and_the_index(backend: Backend) -> None:
    store = backend.open()
    first = keep(store, COUNT, records=COUNT, run="run-1", noise=2000)
    before, spent = names(store), backend.spent()
    watched = Watched(backend.open(), lambda: None, at=0)
    second = keep(watched, COUNT, records=COUNT, run="run-2", noise=2000)
    # The index read, one batch, the index written: two boundaries each.
    assert watched.count == 6
    assert names(store) - before == {second.sha256}
    # The objects alone are beyond a megabyte.
    assert 0 < backend.spent() - spent < 40_000
    other = backend.open()
    assert [each.sha256 for each in listed(other, "dev")] == [first.sha256, second.sha256]
    for each in listed(other, "dev"):
        export = load(other, "dev", each.sha256)
        assert len(objects(other, export, "Assistant")) == len(records(other, export)) == COUNT


def test_an_edit_costs_a_pack(backend: Backend) -> None:
    store = backend.open()
    keep(store, COUNT, records=COUNT, run="run-1", noise=2000)
    before, spent = names(store), backend.spent()
    keep(store, COUNT, records=COUNT, run="run-2", edited=7, noise=2000)
    assert len(names(store) - before) == 2
    assert backend.spent() - spent < 250_000


def test_pruning_leaves_what_the_others_need_and_they_stay_whole(backend: Backend) -> None:
    store = backend.open()
    for number in range(3):
        keep(store, 100, records=100, run=f"run-{number}", edited=number)
    again = backend.open()
    now = datetime(2026, 11, 25, tzinfo=UTC)
    removed = prune(again, State("dev", "lineage-1", 9, KEY), Retention(keep=1, days=0), now, lambda: None)
    assert [each.run for each in removed.exports] == ["run-0"]
    other = backend.open()
    kept = listed(other, "dev")
    assert [each.run for each in kept] == ["run-1", "run-2"]
    verifier = Verifier(other, "dev")
    assert not any(verifier.verify(each).damages for each in kept)
    assert names(other) == {name for each in kept for name in load(other, "dev", each.sha256).blobs}
