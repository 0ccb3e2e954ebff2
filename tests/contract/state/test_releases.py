"""Releases in every store: whole and verified, shared where nothing changed, and never run when damaged."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping

import orjson
import pytest

from callsheet.model.canonical import canonical
from callsheet.model.errors import StateError
from callsheet.releases.keeping import Kept, keep, space
from callsheet.releases.manifest import Entry, Manifest
from callsheet.releases.offered import offer, offered
from callsheet.releases.pin import Origin, Pin
from callsheet.state.store import Store
from support.stores import Backend

LARGE = bytes(range(256)) * 1200  # beyond what a pack takes


def manifest(files: Mapping[str, bytes]) -> Manifest:
    return Manifest(
        {path: Entry(hashlib.sha256(data).hexdigest(), len(data)) for path, data in sorted(files.items())}
    )


def files(edited: int | None = None) -> dict[str, bytes]:
    found = {f"assistants/a{number}.yaml": f"number {number} ".encode() * 200 for number in range(200)}
    if edited is not None:
        found[f"assistants/a{edited}.yaml"] += b"!"
    return {**found, "docs/empty.txt": b"", "docs/none.txt": b"", "docs/large.bin": LARGE}


def names(store: Store) -> set[str | None]:
    return {each.sha256 for each in store.contents(space("uat")) if each.kind == "blob"}


def test_every_file_comes_back_byte_for_byte(backend: Backend) -> None:
    wanted = files()
    release = manifest(wanted)
    blob = keep(backend.open(), "uat", release, wanted.__getitem__)
    kept = Kept.load(backend.open(), "uat", blob, release.digest)
    assert kept.manifest == release
    assert {path: kept.read(path) for path in release.files} == wanted


def test_a_later_release_shares_what_did_not_change(backend: Backend) -> None:
    store = backend.open()
    for edited in (None, 7):
        wanted = files(edited)
        before = names(store)
        keep(store, "uat", manifest(wanted), wanted.__getitem__)
    # The pack in which something changed, and the index.
    assert len(names(store) - before) == 2
    before = names(store)
    keep(store, "uat", manifest(wanted), wanted.__getitem__)
    assert names(store) == before


def test_a_file_that_changes_while_it_is_kept_is_an_error(store: Store) -> None:
    release = manifest({"a.yaml": b"before"})
    with pytest.raises(StateError) as caught:
        keep(store, "uat", release, lambda _: b"after")
    assert caught.value.diagnostics[0].code == "release.file-changed"


def test_another_release_in_its_place_is_noticed(store: Store) -> None:
    blob = keep(store, "uat", manifest({"a.yaml": b"a"}), lambda _: b"a")
    other = manifest({"a.yaml": b"b"})
    with pytest.raises(StateError) as caught:
        Kept.load(store, "uat", blob, other.digest)
    assert caught.value.diagnostics[0].code == "release.damaged"


def test_what_is_missing_is_an_error(store: Store) -> None:
    release = manifest({"a.yaml": b"a", "b.bin": LARGE})
    blob = keep(store, "uat", release, {"a.yaml": b"a", "b.bin": LARGE}.__getitem__)
    others = {str(name) for name in names(store)} - {blob}
    store.remove_blobs(others, space=space("uat"))
    kept = Kept.load(store, "uat", blob, release.digest)
    for path in release.files:
        with pytest.raises(StateError):
            kept.read(path)


def test_offers_are_found_by_their_digest(backend: Backend) -> None:
    def pin(digest: str) -> Pin:
        return Pin(0, digest, "blob", Origin("dev"), "2026-11-20T12:00:00Z", "", "robin", 0)

    store = backend.open()
    assert offered(store, "uat", "sha256:1") is None
    offer(store, "uat", pin("sha256:1"))
    offer(backend.open(), "uat", pin("sha256:2"))
    assert offered(backend.open(), "uat", "sha256:1") == pin("sha256:1")
    assert offered(backend.open(), "prod", "sha256:1") is None


def test_bytes_of_another_release_under_this_ones_name_are_noticed(store: Store) -> None:
    ours, theirs = manifest({"a.yaml": b"good"}), manifest({"a.yaml": b"evil"})
    blob = keep(store, "uat", theirs, lambda _: b"evil")
    index = orjson.loads(zlib.decompress(store.get_blob(blob, space=space("uat"))))
    forged = zlib.compress(canonical({**index, "manifest": orjson.loads(ours.data)}))
    [name] = store.put_blobs([forged], space=space("uat"))
    with pytest.raises(StateError) as caught:
        Kept.load(store, "uat", name, ours.digest).read("a.yaml")
    assert caught.value.diagnostics[0].code == "release.damaged"
