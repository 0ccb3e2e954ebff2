"""Exports: everything, once, without secrets, verified when it is read."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from callsheet.exports.export import load, objects, records
from callsheet.model.errors import StateError
from callsheet.state.file import FileStore
from unit.exports.keeping import SPACE, blobs, keep, pack_file, record


def test_an_export_reads_back(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    export = keep(store, records=3)
    assert load(store, "dev", export.sha256) == export
    assert (export.count, export.lineage, export.serial) == (3, "lineage-1", 7)
    assert export.knows("Assistant", "id-1")
    assert not export.knows("Assistant", "id-9")
    [first, *_] = sorted(objects(store, export, "Assistant"), key=lambda each: each.id)
    assert (first.id, first.name, first.payload["first"]) == ("id-0", "a0", "hi")
    assert records(store, export) == {each.address: each for each in map(record, range(3))}


def test_it_holds_no_secret(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    keep(store, records=3, seen={"note": "it has since become canary-in-a-prompt"})
    kept = blobs(tmp_path).values()
    assert len(kept) == 4
    assert not any(b"canary" in data for data in kept)
    assert not any(b"canary" in zlib.decompress(data) for data in kept if not data.startswith(b"{"))


def test_what_did_not_change_is_kept_once(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    keep(store, 500, records=500)
    before = blobs(tmp_path)
    keep(store, 500, records=500)
    assert blobs(tmp_path) == before
    keep(store, 500, records=500, run="run-2")
    # The manifest alone is new.
    assert len(blobs(tmp_path).keys() - before.keys()) == 1
    before = blobs(tmp_path)
    keep(store, 500, records=500, edited=7, run="run-2")
    # One pack and the manifest are new.
    assert len(blobs(tmp_path).keys() - before.keys()) == 2


def test_damage_is_found(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    export = keep(store, records=1)
    for pack in (*export.packs["Assistant"], *export.record_packs):
        path = pack_file(tmp_path, pack)
        path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(StateError):
        objects(store, export, "Assistant")
    with pytest.raises(StateError):
        records(store, export)
    pack_file(tmp_path, export.ids_pack).unlink()
    with pytest.raises(StateError):
        load(store, "dev", export.sha256)
    for nothing in (b"{}", b"[]", b"no json", b'{"format":"callsheet.export/1"}'):
        with pytest.raises(StateError, match="is no export"):
            load(store, "dev", *store.put_blobs([nothing], space=SPACE))
    with pytest.raises(StateError, match="export/9"):
        load(store, "dev", *store.put_blobs([b'{"format":"callsheet.export/9"}'], space=SPACE))


def test_ten_thousand_objects_cost_what_changed(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    count = 10_000
    keep(store, count, records=count)
    whole = blobs(tmp_path)
    assert len(whole) < 520
    # Of an edit, a pack and the manifest; of one more object, the ids too.
    for more, edited, new in ((0, 7, 2), (1, None, 3)):
        before = blobs(tmp_path)
        export = keep(store, count + more, records=count, edited=edited)
        added = {name: data for name, data in blobs(tmp_path).items() if name not in before}
        assert len(added) == new
        assert len(added[export.sha256]) < 40_000
        assert sum(map(len, added.values())) < sum(map(len, whole.values())) / 10
