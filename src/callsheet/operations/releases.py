"""`releases list|show|diff`: which versions an environment ran, what one holds, what two differ in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from callsheet.model.errors import CallsheetError
from callsheet.operations.session import Session
from callsheet.operations.sources import Read, tree, version_of
from callsheet.releases.comparing import differ
from callsheet.releases.keeping import Kept
from callsheet.releases.manifest import Manifest
from callsheet.releases.pin import Pin, pins
from callsheet.releases.wanted import wanted

LIST, SHOW, DIFF = "callsheet.releases/1", "callsheet.release-show/1", "callsheet.release-diff/1"
_VERSION = re.compile(r"v?[1-9][0-9]*")
# Larger files, and those that are no text, are named and not shown.
_SHOWN_BYTES = 256 * 1024


def listed(session: Session) -> dict[str, Any]:
    """Every version, the newest first; JSON."""
    environment = session.environment
    known = pins(session.ledger.load())
    asked = wanted(environment) if environment.pinned else None
    return {
        "format": LIST,
        "environment": environment.name,
        "store": session.ledger.where,
        "pinned": environment.pinned,
        "current": known[-1].version if known else None,
        "wanted": str(asked) if asked else None,
        "releases": [_brief(pin) for pin in reversed(known)],
    }


def shown(session: Session, text: str | None) -> dict[str, Any]:
    """One version with every file that it holds; the current one where none is named."""
    pin = _pin(session, text)
    kept = Kept.load(session.store, session.environment.name, pin.blob, pin.digest)
    files = [
        {"path": path, "sha256": entry.sha256, "size": entry.size}
        for path, entry in kept.manifest.files.items()
    ]
    return {"format": SHOW, "environment": session.environment.name, "release": _brief(pin), "files": files}


def compared(session: Session, old: str, new: str) -> dict[str, Any]:
    """What changes on the way from one release to another: `uat@3`, `v3`, or an environment's name for what
    it runs. Of changed texts, both are given."""
    (before, read_old, called_old), (after, read_new, called_new) = _side(session, old), _side(session, new)
    found = differ(before, after)
    return {
        "format": DIFF,
        "old": called_old,
        "new": called_new,
        "equal": not found,
        "files": [
            *({"path": path, "change": "added"} for path in found.added),
            *(
                {"path": path, "change": "changed", **_texts(path, before, after, read_old, read_new)}
                for path in found.changed
            ),
            *({"path": path, "change": "removed"} for path in found.removed),
        ],
    }


def _side(session: Session, text: str) -> tuple[Manifest, Read, Mapping[str, Any]]:
    name, _, version = text.rpartition("@")
    if not name and text in session.environments.environments:
        name, version = text, ""
    elif not name and not _VERSION.fullmatch(text):
        raise CallsheetError(
            f"{text!r} names no release",
            hint="write uat@3, v3 with --env, or an environment's name for what it runs",
            code="release.unknown",
        )
    where = session.beside(name) if name else session
    called = {"environment": where.environment.name}
    if not where.environment.pinned:
        source = tree(where)
        return source.manifest, source.read, {**called, "version": None, "digest": source.manifest.digest}
    pin = _pin(where, version or None)
    kept = Kept.load(where.store, where.environment.name, pin.blob, pin.digest)
    return kept.manifest, kept.read, {**called, "version": pin.version, "digest": pin.digest}


def _pin(session: Session, text: str | None) -> Pin:
    state = session.ledger.load()
    if text is not None:
        number = text.rpartition("@")[2].removeprefix("v")
        if not number.isdecimal():
            raise CallsheetError(f"{text!r} is no version", hint="write it like v3", code="release.unknown")
        return version_of(session, state, int(number))
    known = pins(state)
    if not known:
        raise CallsheetError(
            f"{session.environment.name} runs no release",
            hint=f"callsheet promote --to {session.environment.name} makes its first one",
            code="release.none",
        )
    return known[-1]


def _texts(path: str, before: Manifest, after: Manifest, old: Read, new: Read) -> dict[str, str]:
    if max(before.files[path].size, after.files[path].size) > _SHOWN_BYTES:
        return {}
    try:
        return {"old": old(path).decode(), "new": new(path).decode()}
    except UnicodeDecodeError:
        return {}


def _brief(pin: Pin) -> dict[str, Any]:
    told = pin.to_json()
    return {key: told[key] for key in ("version", "digest", "origin", "at", "by", "run", "backTo", "prompts")}
