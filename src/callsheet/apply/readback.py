"""After the last write: one list per touched kind, held against what the provider answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from callsheet.apply.memory import attributes_of
from callsheet.apply.outcome import Result
from callsheet.apply.standing import baseline_of
from callsheet.diff.classes import Verdict
from callsheet.diff.compare import compare
from callsheet.diff.veil import Veil
from callsheet.diff.view import view
from callsheet.model.canonical import fingerprint, plain
from callsheet.model.diagnostics import Diagnostic, warning
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, drop, get, put, show
from callsheet.model.value import Value, from_json
from callsheet.plan.change import Action
from callsheet.plan.plan import Plan
from callsheet.providers.base import Reader
from callsheet.state.record import Record
from callsheet.state.snapshot import Entry, State


def read_back(
    touched: Sequence[str],
    results: Sequence[Result],
    state: State,
    reader: Reader,
    kinds: Mapping[str, Kind],
    veil: Veil,
) -> tuple[list[Entry], list[Diagnostic]]:
    """Entries that correct `seen` where the list shows something else than the answer did, and warnings.

    Objects that are not in the list are asked for by themselves before they are called missing.
    """
    entries: list[Entry] = []
    found: list[Diagnostic] = []
    for kind_name in touched:
        kind = kinds[kind_name]
        listed = {remote.id: remote for remote in reader.list_all(kind_name)}
        for result in results:
            change = result.change
            record = state.records.get(change.address)
            if change.kind != kind_name or not result.wrote or change.action is Action.DELETE or not record:
                continue
            remote = listed.get(record.remote_id) or reader.read(kind_name, record.remote_id)
            if remote is None:
                found.append(_gone(change.address))
                continue
            masked = tuple(sorted({*record.masked, *veil.shapes(remote.payload)}))
            live = view(kind, remote, state.key, masked)
            now = baseline_of(kind, change, record.applied_symbols, record, live)
            attributes = attributes_of(kind, remote)
            if fingerprint(now) != record.seen_fingerprint:
                found += _differences(kind, record, now)
            if fingerprint(now) != record.seen_fingerprint or attributes != dict(record.attributes):
                learnt = replace(record, seen=now, attributes=attributes, masked=masked)
                entries.append(Entry(put=(learnt,)))
    return entries, found


def rebaselined(plan: Plan, state: State) -> list[Entry]:
    """What the provider changed by itself becomes the baseline, so that it is told once."""
    records: dict[str, Record] = {}
    for notice in plan.notices:
        live = from_json(notice["live"]) if "live" in notice else ABSENT
        for address, places in notice["places"].items():
            record = records.get(address) or state.records.get(address)
            if record is None:
                continue
            seen: Value = record.seen_symbols
            for path in map(tuple, places):
                if get(seen, path[:-1]) is not ABSENT:
                    seen = drop(seen, path) if live is ABSENT else put(seen, path, live)
            if plain(seen) != plain(record.seen):
                records[address] = replace(record, seen=plain(seen))
    return [Entry(put=tuple(records.values()))] if records else []


def _differences(kind: Kind, record: Record, now: Mapping[str, Value]) -> list[Diagnostic]:
    applied = record.applied_symbols
    comparison = compare(kind, applied, applied, record.seen_symbols, dict(now))
    return [
        warning(
            "apply.read-back",
            f"{show(state.path)} reads back differently from what the provider answered to the write",
            detail="It was changed again by somebody else, or the provider settles it later.",
            hint="run `callsheet drift` in a while",
            address=record.address,
        )
        for state in comparison.with_verdict(Verdict.RESTORE)
    ]


def _gone(address: str) -> Diagnostic:
    return warning(
        "apply.read-back",
        f"{address} was written, and now it is not there",
        hint="plan again; it will be planned as missing",
        address=address,
    )
