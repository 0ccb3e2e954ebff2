"""`export` and `export list|show|verify|prune`: what is live kept on demand, and what was kept."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from callsheet.apply.context import held, veil_of
from callsheet.exports.export import Export, Origin, load, objects, records
from callsheet.exports.index import Listed, find
from callsheet.exports.index import listed as index_of
from callsheet.exports.keeping import Sweeping, take
from callsheet.exports.pruning import Pruned, prune, would_prune
from callsheet.exports.verifying import Verified, Verifier
from callsheet.model.canonical import plain
from callsheet.model.diagnostics import Diagnostic, nearest
from callsheet.model.errors import CallsheetError
from callsheet.model.events import Event
from callsheet.operations.apply import context_of
from callsheet.operations.auditing import record_work
from callsheet.operations.export_files import write
from callsheet.operations.isolation import Isolation
from callsheet.operations.refresh import Live, check_organisation
from callsheet.operations.session import Session
from callsheet.providers.sweep import sweep

TAKEN = "callsheet.export-taken/1"
LIST = "callsheet.export-list/1"
SHOW = "callsheet.export-show/1"
VERIFY = "callsheet.export-verify/1"
PRUNE = "callsheet.export-prune/1"


def take_now(session: Session, out: Path | None = None) -> dict[str, Any]:
    """Keep the whole organisation as it is now, and write it to `out` too. JSON of what was kept.

    Takes no lock, so that nobody waits for it; but for the rare moment in which old exports are removed.
    """
    context = context_of(session, "export")
    state = context.ledger.load()
    needed = {record.kind for record in state.records.values()}
    live, refused = sweep(
        context.provider,
        session.kinds.keys(),
        optional=session.kinds.keys() - needed,
        told=lambda kind, count: session.listener(Event("export.kind", {"kind": kind, "objects": count})),
    )
    seen = Live({kind: {remote.id: remote for remote in found} for kind, found in live.items()})
    Isolation(session).check_organisation(state, seen.every, leaving=True)
    check_organisation(state, seen)
    origin = Origin(None, "export", context.claim.shown, context.now(), context.target)
    veil = veil_of(context, state)
    # An environment that was never applied has no key yet, and a digest without one could be guessed.
    options: dict[str, Any] = {"veil": veil, "refused": refused, "key": state.key or secrets.token_bytes(32)}
    try:
        made = take(context.store, live, session.kinds, state, origin, **options, locked=False)
    except Sweeping:
        with held(context):
            made = take(context.store, live, session.kinds, state, origin, **options)
    told = {
        "format": TAKEN,
        "environment": session.environment.name,
        "store": context.store.describe(),
        "export": Listed.of(made).to_json(),
        "kinds": {kind: len(ids) for kind, ids in sorted(made.ids.items())},
        "refused": list(made.refused),
    }
    if out is not None:
        write(out, _shown(session, made, None))
        told["out"] = str(out)
    return told


def listed(session: Session) -> dict[str, Any]:
    """Every export that is kept, newest first. JSON."""
    session.ledger.check_here()
    return {
        "format": LIST,
        "environment": session.environment.name,
        "store": session.store.describe(),
        "retention": _retention(session),
        "exports": [each.to_json() for each in reversed(index_of(session.store, session.environment.name))],
    }


def shown(session: Session, text: str, kind: str | None) -> dict[str, Any]:
    """What an export holds, of one kind or of all. JSON; secrets are digests there."""
    session.ledger.check_here()
    environment = session.environment.name
    export = load(session.store, environment, find(session.store, environment, text).sha256)
    if kind is not None and kind not in export.ids:
        why = " (it was refused)" if kind in export.refused else ""
        raise CallsheetError(
            f"export {export.sha256[:12]} has no kind {kind}{why}",
            hint=nearest(kind, export.ids) or f"It has: {', '.join(sorted(export.ids))}.",
            code="export.kind",
        )
    return _shown(session, export, kind)


def verified(session: Session, text: str | None) -> dict[str, Any]:
    """Read an export back, or all of them. JSON of what is damaged, newest first."""
    session.ledger.check_here()
    environment = session.environment.name
    known = (
        index_of(session.store, environment) if text is None else (find(session.store, environment, text),)
    )
    verifier = Verifier(session.store, environment)
    found = []
    for each in reversed(known):
        session.listener(Event("export.verify", {"export": each.sha256}))
        found.append(verifier.verify(each))
    return {
        "format": VERIFY,
        "environment": environment,
        "store": session.store.describe(),
        "damaged": sum(bool(each.damages) for each in found),
        "exports": [_verified(each) for each in found],
    }


def pruned(session: Session, *, dry_run: bool) -> dict[str, Any]:
    """Remove what has had its time, or tell what would be removed. JSON."""
    now, retention = session.clock.now(), session.environment.exports
    doubts: tuple[Diagnostic, ...] = ()
    if dry_run:
        removed = would_prune(session.store, session.ledger.load(), retention, now)
    else:
        context = context_of(session, "export prune")
        with held(context) as lease:
            state = context.ledger.load()
            removed = prune(context.store, state, retention, now, lease.check)
            if removed.exports or removed.blobs:
                gone = {"exports": [each.sha256 for each in removed.exports], "blobs": removed.blobs}
                doubts = record_work(session, lease, context.claim.how, gone, before=state.serial)
    told = _pruned(session, removed, dry_run)
    return told | ({"diagnostics": [each.to_json() for each in doubts]} if doubts else {})


def _shown(session: Session, export: Export, kind: str | None) -> dict[str, Any]:
    addresses = {
        (record.kind, record.remote_id): record.address for record in records(session.store, export).values()
    }
    kept: dict[str, Any] = {}
    for each in sorted(export.ids) if kind is None else [kind]:
        kept[each] = [
            {
                "id": found.id,
                "name": found.name,
                "address": addresses.get((each, found.id)),
                "payload": plain(found.payload),
            }
            for found in sorted(objects(session.store, export, each), key=lambda found: found.id)
        ]
    return {
        "format": SHOW,
        "environment": export.environment,
        "export": _about(export),
        "objects": kept,
    }


def _about(export: Export) -> dict[str, Any]:
    origin = export.origin
    return {
        "sha256": export.sha256,
        "kind": origin.kind,
        "run": origin.run,
        "takenAt": origin.taken_at,
        "by": origin.by,
        "verb": origin.verb,
        "target": dict(origin.target),
        "lineage": export.lineage,
        "serial": export.serial,
        "objects": export.count,
        "refused": list(export.refused),
    }


def _verified(found: Verified) -> dict[str, Any]:
    return {
        **_named(found.export),
        "objects": found.export.objects,
        "whole": not found.damages,
        "damages": [each.to_json() for each in found.damages],
        "uploadsNotKept": found.unkept,
    }


def _pruned(session: Session, removed: Pruned, dry_run: bool) -> dict[str, Any]:
    return {
        "format": PRUNE,
        "environment": session.environment.name,
        "store": session.store.describe(),
        "retention": _retention(session),
        "dryRun": dry_run,
        "exports": [_named(each) for each in reversed(removed.exports)],
        "blobs": removed.blobs,
    }


def _named(export: Listed) -> dict[str, Any]:
    return {"sha256": export.sha256, "kind": export.kind, "run": export.run, "takenAt": export.taken_at}


def _retention(session: Session) -> dict[str, int]:
    retention = session.environment.exports
    return {"keep": retention.keep, "days": retention.days}
