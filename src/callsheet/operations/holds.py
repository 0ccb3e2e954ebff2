"""Holds: which files a rollback keeps from being applied again, as the runs that the audit tells of say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from callsheet.apply.accounting import untold
from callsheet.audit.log import Log
from callsheet.exports.export import Export
from callsheet.operations.session import Session
from callsheet.state.snapshot import State

_FILES = ("tree", "release")


def runs_of(session: Session, state: State) -> list[dict[str, Any]]:
    """The environment's runs, oldest first: id, time, source and export, each None where there is none."""
    records = [each.record for each in Log(session.store, state.environment).lines() if each.record]
    runs = [_run(record) for record in records]
    if state.run and untold(state):
        runs.append(
            {"id": state.run["id"], **{key: state.run.get(key) for key in ("at", "source", "export")}}
        )
    return runs


def first_since(runs: Sequence[Mapping[str, Any]], export: Export) -> int:
    """Which of the runs is the first after the export was taken; their number where none is."""
    taken = export.origin
    named = [at for at, run in enumerate(runs) if run["id"] == taken.run]
    later = [at for at, run in enumerate(runs) if (run["at"] or "") >= taken.taken_at]
    return next(iter(named or later), len(runs))


def held_after(runs: Sequence[Mapping[str, Any]], export: Export) -> list[str]:
    """The digests of the files that the runs since the export have applied, and of those held at its time.

    The files that made what is gone back to are good ones, also where a later run applied them again.
    """
    when = first_since(runs, export)
    sources = [run["source"] or {} for run in runs]
    return _holds(sources[:when], sources[when:])


def held_since(session: Session, state: State, version: int) -> list[str]:
    """The same for the way back to a version of the environment: what has run since that was pinned."""
    sources = [run["source"] or {} for run in runs_of(session, state)]
    at = [number for number, source in enumerate(sources) if _pinning(source, version)]
    when = at[-1] + 1 if at else len(sources)
    return _holds(sources[:when], sources[when:])


def _pinning(source: Mapping[str, Any], version: int) -> bool:
    release = source.get("release") or {}
    return bool(release.get("new")) and release.get("version") == version


def _holds(before: Sequence[Mapping[str, Any]], since: Sequence[Mapping[str, Any]]) -> list[str]:
    made = [source for source in before if source.get("kind") in _FILES or "holds" in source]
    bad = {source["estate"] for source in since if source.get("kind") in _FILES and "holds" not in source}
    if made and "holds" in made[-1]:
        return sorted({*made[-1]["holds"], *bad})
    return sorted(bad - {made[-1]["estate"]} if made else bad)


def _run(record: Mapping[str, Any]) -> dict[str, Any]:
    """A run and its source, where it did anything: what was refused has applied no files."""
    outcome = record["outcome"]
    pinned = outcome["exitCode"] == 0 and ((record["what"]["source"] or {}).get("release") or {}).get("new")
    touched = (
        outcome["ended"] == "without_a_word" or outcome.get("applied") or outcome.get("failed") or pinned
    )
    return {
        "id": record["run"],
        "at": record["startedAt"],
        "source": record["what"]["source"] if touched else None,
        "export": record.get("export"),
    }
