"""Holds: which files a rollback keeps from being applied again, as the audit tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callsheet.apply.accounting import untold
from callsheet.audit.log import Log
from callsheet.exports.export import Export
from callsheet.operations.session import Session
from callsheet.state.snapshot import State


def held_after(session: Session, export: Export, state: State) -> list[str]:
    """The digests of the files that the runs since the export have applied, and of those held at its time.

    The files that made what is gone back to are good ones, also where a later run applied them again.
    """
    records = [each.record for each in Log(session.store, state.environment).lines() if each.record]
    runs = [_run(record) for record in records]
    if state.run and untold(state):
        runs.append({"id": state.run["id"], "at": state.run.get("at"), "source": state.run.get("source")})
    taken = export.origin
    named = [at for at, run in enumerate(runs) if run["id"] == taken.run]
    later = [at for at, run in enumerate(runs) if (run["at"] or "") >= taken.taken_at]
    when = next(iter(named or later), len(runs))
    sources = [run["source"] or {} for run in runs]
    before = [source for source in sources[:when] if source.get("kind") in ("tree", "export")]
    since = {source["digest"] for source in sources[when:] if source.get("kind") == "tree"}
    if before and before[-1]["kind"] == "export":
        return sorted({*before[-1]["holds"], *since})
    return sorted(since - {before[-1]["digest"]} if before else since)


def _run(record: Mapping[str, Any]) -> dict[str, Any]:
    """A run and its source, where it did anything: what was refused has applied no files."""
    outcome = record["outcome"]
    touched = outcome["ended"] == "without_a_word" or outcome.get("applied") or outcome.get("failed")
    return {
        "id": record["run"],
        "at": record["startedAt"],
        "source": record["what"]["source"] if touched else None,
    }
