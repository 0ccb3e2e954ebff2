"""Exports: everything, once, without secrets, verified when it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callsheet.diff.veil import Veil
from callsheet.exports.export import Export, load, objects, take
from callsheet.model.errors import CallsheetError, StateError
from callsheet.model.resource import RemoteObject
from callsheet.state.file import FileStore
from support.estate import KEY, KINDS, live_object
from support.world import World


def taken(store: FileStore, count: int = 3, edited: int | None = None) -> Export:
    remotes: list[RemoteObject] = []
    for number in range(count):
        first = "edited" if number == edited else "hi"
        headers = {"X": f"canary-{number}"}
        payload: dict[str, Any] = {"name": f"a{number}", "first": first, "server": {"headers": headers}}
        payload["note"] = "somebody wrote canary-in-a-prompt here"
        remotes.append(live_object("Assistant", f"id-{number}", payload))
    return take(
        store,
        {"Assistant": remotes, "Tool": []},
        KINDS,
        environment="dev",
        run="run-1",
        taken_at="2026-01-01T00:00:00Z",
        target={"provider": "test"},
        key=KEY,
        masked={},
        veil=Veil.of(["canary-in-a-prompt"], KEY),
    )


def blobs(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "blobs").rglob("*") if path.is_file()}


def test_an_export_reads_back(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    export = taken(store)
    assert load(store, "dev", export.sha256) == export
    assert export.count == 3
    assert export.knows("Assistant", "id-1")
    assert not export.knows("Assistant", "id-9")
    [first, *_] = sorted(objects(store, export, "Assistant"), key=lambda each: each.id)
    assert (first.id, first.name, first.payload["first"]) == ("id-0", "a0", "hi")


def test_it_holds_no_secret(tmp_path: Path) -> None:
    import zlib

    store = FileStore(tmp_path)
    export = taken(store)
    packs = [zlib.decompress(store.get_blob(pack, space="exports/dev")) for pack in export.packs["Assistant"]]
    assert packs
    assert not any(b"canary" in pack for pack in packs)


def test_what_did_not_change_is_kept_once(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    taken(store, 500)
    before = blobs(tmp_path)
    taken(store, 500)
    assert blobs(tmp_path) == before
    taken(store, 500, edited=7)
    # One pack and the manifest are new.
    assert len(blobs(tmp_path).keys() - before.keys()) == 2


def test_damage_is_found(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    export = taken(store)
    [pack] = export.packs["Assistant"]
    path = tmp_path / "blobs" / "exports" / "dev" / pack[:2] / pack
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(StateError):
        objects(store, export, "Assistant")
    with pytest.raises(StateError, match="is no export"):
        load(store, "dev", *store.put_blobs([b"{}"], space="exports/dev"))


def test_every_run_that_writes_exports_the_whole_organisation_first(world: World) -> None:
    theirs = world.api("POST", "/assistant", {"name": "theirs", "firstMessage": "not ours"})
    world.assistant("a")
    world.app.requests.reset()
    outcome = world.apply()
    assert outcome.export is not None
    with world.session() as session:
        export = load(session.store, "dev", outcome.export)
        [kept] = objects(session.store, export, "Assistant")
    assert (kept.id, kept.payload["firstMessage"]) == (theirs["id"], "not ours")
    assert set(export.ids) == set(session.kinds)


def test_a_run_without_requests_exports_nothing(world: World) -> None:
    world.assistant("a")
    world.apply()
    assert world.apply().export is None


def test_kinds_that_nothing_needs_may_be_out_of_reach(world: World) -> None:
    world.assistant("a")
    world.bad_day("error GET /observability/scorecard status=403 count=99")
    outcome = world.apply()
    assert outcome.exit_code == 0
    world.document("Tool", "t", {"type": "endCall"})
    # Trouble is no refusal: an export that lacks a kind for no reason would be no way back.
    world.bad_day("error GET /observability/scorecard status=500 count=99")
    world.app.requests.reset()
    with pytest.raises(CallsheetError, match="500"):
        world.apply()
    assert world.writes() == 0
    world.bad_day("error GET /assistant status=403 count=99")
    world.app.requests.reset()
    with pytest.raises(CallsheetError, match="403"):
        world.apply()
    assert world.writes() == 0
