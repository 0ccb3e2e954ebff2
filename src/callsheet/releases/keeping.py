"""Keeping releases in a store: small files in compressed packs, large ones alone, all verified when read.

Packs group files by a hash of their path, so that a later release shares every pack in which nothing changed.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import orjson

from callsheet.model.canonical import canonical
from callsheet.model.errors import StateError
from callsheet.releases.manifest import Entry, Manifest
from callsheet.state.grouping import grouped
from callsheet.state.names import named
from callsheet.state.store import Store

FORMAT = "callsheet.release-index/1"
_LARGE = 256 * 1024
# Bytes that are on their way at once.
_PARCEL = 16 * 1024 * 1024

Read = Callable[[str], bytes]


def space(environment: str) -> str:
    """Where in the store an environment's releases lie."""
    return f"releases/{environment}"


def keep(store: Store, environment: str, manifest: Manifest, read: Read) -> str:
    """Write a release whole; the name (SHA-256, hex) of the blob that leads to the rest of it.

    `read` gives a file's bytes by path. StateError where they are not those of the manifest. What the store
    has already is not written again, and none of it is a release of the environment until state says so.
    """
    small = [path for path, entry in manifest.files.items() if entry.size <= _LARGE]
    packs: list[list[object]] = []
    for parcel in _parcels(manifest, small, read):
        names = store.put_blobs([data for _, data in parcel], space=space(environment))
        packs += [[name, paths] for name, (paths, _) in zip(names, parcel, strict=True) if paths]
    index = {"format": FORMAT, "manifest": orjson.loads(manifest.data), "packs": packs}
    [name] = store.put_blobs([zlib.compress(canonical(index), 6)], space=space(environment))
    return name


@dataclass(slots=True)
class Kept:
    """A release as a store holds it; a file's bytes are read when somebody wants them."""

    manifest: Manifest
    _store: Store = field(repr=False)
    _space: str
    _packs: Mapping[str, tuple[str, list[str]]] = field(repr=False)
    _opened: dict[str, bytes] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, store: Store, environment: str, name: str, digest: str) -> Kept:
        """The release that a blob leads to. StateError when it is missing, damaged or another one."""
        data = _blob(store, space(environment), name, digest)
        try:
            index = orjson.loads(zlib.decompress(data))
            manifest = Manifest.read(canonical(index["manifest"]))
            packs = {path: (str(pack), paths) for pack, paths in index["packs"] for path in paths}
        except (zlib.error, orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            raise _damaged(digest, "its index is not readable") from None
        if manifest.digest != digest:
            raise _damaged(digest, f"what lies there is {manifest.digest[:19]}…")
        return cls(manifest, store, space(environment), packs)

    def read(self, path: str) -> bytes:
        """A file's bytes. StateError where they are missing or are not those that the release names."""
        entry = self.manifest.files[path]
        if entry.size > _LARGE:
            return _blob(self._store, self._space, entry.sha256, self.manifest.digest)
        if path not in self._opened:
            self._open(path)
        return self._opened[path]

    def _open(self, path: str) -> None:
        pack, paths = self._packs.get(path, ("", []))
        if not pack:
            raise _damaged(self.manifest.digest, f"no pack holds {path}")
        try:
            data = zlib.decompress(_blob(self._store, self._space, pack, self.manifest.digest))
        except zlib.error:
            raise _damaged(self.manifest.digest, f"pack {pack[:12]} is not readable") from None
        at = 0
        for each in paths:
            entry = self.manifest.files.get(each, Entry("", 0))
            piece, at = data[at : at + entry.size], at + entry.size
            if hashlib.sha256(piece).hexdigest() != entry.sha256:
                raise _damaged(self.manifest.digest, f"{each} has other bytes than the release names")
            self._opened[each] = piece


def _parcels(manifest: Manifest, small: list[str], read: Read) -> Iterator[list[tuple[list[str], bytes]]]:
    """What is to be written, some of it at a time: packs with their paths, large files without."""
    parcel: list[tuple[list[str], bytes]] = []
    waiting = 0
    for paths, data in _blobs(manifest, small, read):
        parcel.append((paths, data))
        waiting += len(data)
        if waiting > _PARCEL:
            yield parcel
            parcel, waiting = [], 0
    if parcel:
        yield parcel


def _blobs(manifest: Manifest, small: list[str], read: Read) -> Iterator[tuple[list[str], bytes]]:
    for group in grouped(small):
        yield group, zlib.compress(b"".join(_verified(manifest, path, read) for path in group), 6)
    for path, entry in manifest.files.items():
        if entry.size > _LARGE:
            yield [], _verified(manifest, path, read)


def _verified(manifest: Manifest, path: str, read: Read) -> bytes:
    data = read(path)
    if named(data) != manifest.files[path].sha256:
        raise StateError(
            f"{path} changed while the release was made of it",
            hint="run the command again",
            code="release.file-changed",
        )
    return data


def _blob(store: Store, where: str, name: str, digest: str) -> bytes:
    try:
        return store.get_blob(name, space=where)
    except StateError as cause:
        if not any(each.code == "state.missing" for each in cause.diagnostics):
            raise
    raise _damaged(digest, f"{store.describe()} lacks a part of it ({name[:12]})")


def is_kept(store: Store, environment: str, name: str) -> bool:
    """Whether a store has what leads to a release. StateError where it cannot tell."""
    try:
        store.get_blob(name, space=space(environment))
    except StateError as cause:
        if any(each.code == "state.missing" for each in cause.diagnostics):
            return False
        raise
    return True


def _damaged(digest: str, why: str) -> StateError:
    return StateError(
        f"release {digest[:19]}… is damaged: {why}",
        detail="What an environment runs must be, byte for byte, what was promoted.",
        hint="promote again from the environment that it came from, which keeps its own copy",
        code="release.damaged",
    )
