"""Verifying: whatever is damaged, missing, or does not fit together is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from callsheet.exports import index
from callsheet.exports.export import Export, load, read
from callsheet.exports.packs import compressed
from callsheet.exports.verifying import Verifier
from callsheet.model.canonical import canonical
from callsheet.state.file import FileStore
from callsheet.state.names import named
from unit.exports.keeping import SPACE, file_record, keep, pack_file

FILE = b"kept"


def kept(store: FileStore) -> Export:
    return keep(store, records=2, more=(file_record(named(FILE)),), uploads=[FILE])


def parts(store: FileStore) -> list[str]:
    """What is wrong with the newest export."""
    newest = index.listed(store, "dev")[-1]
    return [each.part for each in Verifier(store, "dev").verify(newest).damages]


def test_a_whole_one_has_nothing_wrong(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    kept(store)
    assert parts(store) == []


@pytest.mark.parametrize(
    ("blob", "part"),
    [
        (lambda export: export.sha256, "manifest"),
        (lambda export: export.ids_pack, "ids"),
        (lambda export: export.packs["Assistant"][0], "objects of Assistant"),
        (lambda export: export.record_packs[0], "records"),
        (lambda export: named(FILE), "upload"),
    ],
)
def test_a_damaged_part_is_named_and_a_missing_one(
    tmp_path: Path, blob: Callable[[Export], str], part: str
) -> None:
    store = FileStore(tmp_path)
    path = pack_file(tmp_path, blob(kept(store)))
    path.write_bytes(path.read_bytes()[:-1])
    assert parts(store) == [part]
    path.unlink()
    # An upload that is not there may never have been kept: that is told, and is no damage.
    assert parts(store) == ([part] if part != "upload" else [])
    [newest] = index.listed(store, "dev")
    assert Verifier(store, "dev").verify(newest).unkept == (part == "upload")


@pytest.mark.parametrize(
    ("forged", "found"),
    [
        ({"objects": 4}, ["ids"]),
        ({"ids": {"Assistant": ["id-0", "id-1", "id-9"], "Tool": []}}, ["objects of Assistant"]),
        (
            {"ids": {"Assistant": ["id-0", "id-1"], "Tool": ["id-2"]}},
            ["objects of Assistant", "objects of Tool"],
        ),
        ({"ids": ["id-0", "id-1", "id-2"]}, ["ids"]),
        ({"contents": []}, ["records"]),
        ({"records": [{"address": "Assistant/a"}]}, ["records"]),
        ({"records": {"no": "list"}}, ["records"]),
    ],
)
def test_parts_that_do_not_fit_together_are_named(
    tmp_path: Path, forged: dict[str, Any], found: list[str]
) -> None:
    """Each blob is what its name says here, so nothing but their contents tells."""
    store = FileStore(tmp_path)
    manifest = json.loads(store.get_blob(kept(store).sha256, space=SPACE))
    for key, value in forged.items():
        if key == "ids":
            [value] = store.put_blobs([compressed(value)], space=SPACE)
        elif key == "records":
            value = store.put_blobs([compressed(value)], space=SPACE)
        manifest[key] = value
    data = canonical(manifest)
    store.put_blobs([data], space=SPACE)
    known = index.read(store, "dev")
    index.write(store, known.with_one(index.Listed.of(read(named(data), data))))
    assert parts(store) == found


def test_an_index_that_says_otherwise_is_named(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    export = kept(store)
    known = index.read(store, "dev")
    [entry] = known.exports
    index.write(store, replace(known, exports=(replace(entry, run="run-9"),)))
    assert load(store, "dev", export.sha256).origin.run == "run-1"
    assert parts(store) == ["index"]
