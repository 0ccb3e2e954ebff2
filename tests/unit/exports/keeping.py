"""Exports of a small organisation, as a run keeps them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from callsheet.diff.veil import Veil
from callsheet.exports.export import Export, Origin
from callsheet.exports.keeping import take
from callsheet.model.canonical import plain
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Content
from callsheet.state.record import Record
from callsheet.state.snapshot import State
from callsheet.state.store import Store
from support.estate import KEY, KINDS, live_object

SPACE = "exports/dev"


def record(number: int, **more: Any) -> Record:
    return Record(f"Assistant/a{number}", "Assistant", f"id-{number}", f"a{number}", {"first": "hi"}, **more)


def file_record(sha256: str) -> Record:
    """A record of an uploaded file."""
    applied = {"name": "faq", "content": plain(Content(sha256, "faq.txt", 3))}
    return Record("File/faq", "File", "id-faq", "faq", applied)


def organisation(count: int, edited: int | None = None, noise: int = 0) -> dict[str, list[RemoteObject]]:
    remotes = []
    for number in range(count):
        first = "edited" if number == edited else "hi"
        headers = {"X": f"canary-{number}"}
        payload: dict[str, Any] = {"name": f"a{number}", "first": first, "server": {"headers": headers}}
        payload["note"] = "somebody wrote canary-in-a-prompt here"
        payload["noise"] = random.Random(number).randbytes(noise // 2).hex()
        remotes.append(live_object("Assistant", f"id-{number}", payload))
    return {"Assistant": remotes, "Tool": []}


def keep(
    store: Store,
    count: int = 3,
    *,
    run: str | None = "run-1",
    at: str = "2026-01-01T00:00:00Z",
    edited: int | None = None,
    records: int = 0,
    more: tuple[Record, ...] = (),
    seen: dict[str, Any] | None = None,
    noise: int = 0,
    **options: Any,
) -> Export:
    """An export of `count` objects and `records` records, of which number `edited` was changed.

    `noise` is how much of each object, in characters, nothing can compress by more than a half.
    """
    held = (*(record(number, seen=seen or {}) for number in range(records)), *more)
    return take(
        store,
        organisation(count, edited, noise),
        KINDS,
        State("dev", "lineage-1", 7, KEY, records={each.address: each for each in held}),
        Origin(run, "apply", "ann", at, {"provider": "test"}),
        veil=Veil.of(["canary-in-a-prompt"], KEY),
        **options,
    )


def blobs(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "blobs").rglob("*") if path.is_file()}


def pack_file(folder: Path, sha256: str) -> Path:
    return folder / "blobs" / SPACE / sha256[:2] / sha256
