"""Recovery: what a run had begun when it ended without a word, found out before anything else is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from callsheet.apply.memory import attributes_of
from callsheet.apply.traces import Sought, Traces
from callsheet.diff.equality import same
from callsheet.diff.veil import Veil
from callsheet.diff.view import view
from callsheet.model.canonical import plain
from callsheet.model.diagnostics import Diagnostic, note
from callsheet.model.errors import Stale
from callsheet.model.kinds import Kind
from callsheet.model.resource import RemoteObject
from callsheet.model.value import from_json
from callsheet.plan.change import Call
from callsheet.plan.under_way import record_of, taken_over
from callsheet.providers.base import Reader
from callsheet.state.begun import Begun
from callsheet.state.record import Record
from callsheet.state.snapshot import Entry, State


@dataclass(frozen=True, slots=True)
class Found:
    """What became of one begun step: adopted, confirmed, not_done or gone."""

    begun: Begun
    outcome: str
    remote_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        out = {
            "address": self.begun.address,
            "call": self.begun.call,
            "run": self.begun.run,
            "outcome": self.outcome,
        }
        return out | ({"remoteId": self.remote_id} if self.remote_id else {})


_SAID = {
    "adopted": "had happened; its object {id} was taken over",
    "confirmed": "was under way; what live has of it was taken over, and the rest is compared now",
    "gone": "had happened",
    "not_done": "had not happened",
}


def told(found: Found) -> Diagnostic:
    """What was found, for people."""
    said = _SAID[found.outcome].format(id=found.remote_id)
    return note(
        f"journal.{found.outcome.replace('_', '-')}",
        f"run {found.begun.run} ended without a word: its {found.begun.call} of {found.begun.address} {said}",
        address=found.begun.address,
    )


def check_same_organisation(state: State, reader: Reader) -> None:
    """Nothing can be found out with the key of another organisation: there, nothing ever happened."""
    for kind in sorted({record.kind for record in state.records.values()}):
        for remote in reader.list_all(kind):
            if remote.organisation and state.organisation and remote.organisation != state.organisation:
                raise Stale(
                    f"the key opens the organisation {remote.organisation}, and state of "
                    f"{state.environment} is about {state.organisation}",
                    detail="An earlier run ended without a word; what it had begun must be found out first.",
                    hint="use the right organisation's key: provider.apiKey in environments.yaml",
                    code="stale.organisation",
                )


def recover(
    state: State,
    reader: Reader,
    kinds: Mapping[str, Kind],
    before: Callable[[str, str], bool],
    veil: Veil,
) -> tuple[list[Entry], list[Found]]:
    """The entries that end every begun step, and what was found. Ambiguous where two objects could be it.

    - A create is adopted when its object is found, and forgotten when it is surely absent.
    - Of an update, what has arrived is taken over: else it would be somebody's edit to whoever wants a third
      value. What has not is set by the next plan. Where it takes several requests, live may be in between.
    - A delete is confirmed when the object is gone; else the next plan deletes it.
    """
    traces = Traces(reader, kinds, before, state.owns, state.key)
    entries, found = [], []
    every = sorted(state.begun.values(), key=lambda each: each.name)
    for begun in every:
        if begun.call == Call.CREATE and begun.draft is not None:
            sent = begun.draft.applied_symbols if begun.sent is None else from_json(begun.sent)
            traces.lose(begun.kind, Sought(begun.address, begun.key, sent))
    for begun in every:
        entry, outcome = _resolve(begun, state, reader, kinds, traces, veil)
        entries.append(replace(entry, end=(begun.name,)))
        found.append(outcome)
    return entries, found


def _resolve(
    begun: Begun, state: State, reader: Reader, kinds: Mapping[str, Kind], traces: Traces, veil: Veil
) -> tuple[Entry, Found]:
    kind = kinds[begun.kind]
    if begun.call == Call.CREATE and begun.draft is not None:
        draft = begun.draft
        remote = traces.find(begun.kind, begun.address)
        if remote is None:
            return Entry(), Found(begun, "not_done")
        masked = tuple(sorted({*draft.masked, *veil.shapes(remote.payload)}))
        adopted = replace(
            draft,
            remote_id=remote.id,
            name=veil.name(remote.name or draft.name),
            seen=view(kind, remote, state.key, masked),
            masked=masked,
            attributes=attributes_of(kind, remote),
        )
        return Entry(put=(adopted,)), Found(begun, "adopted", remote.id)
    assert begun.remote_id is not None, "updates and deletes know their object"
    remote = reader.read(begun.kind, begun.remote_id)
    if begun.call == Call.DELETE and remote is None:
        record = state.records.get(begun.address)
        if record is not None and record.remote_id == begun.remote_id:
            return Entry(remove=(begun.address,)), Found(begun, "gone", begun.remote_id)
        if record is not None:
            rest = tuple(each for each in record.replaced if each != begun.remote_id)
            return Entry(put=(replace(record, replaced=rest),)), Found(begun, "gone", begun.remote_id)
    if remote is None:
        return Entry(), Found(begun, "not_done", begun.remote_id)
    return _arrived(begun, state, kind, remote, veil), Found(begun, "confirmed", begun.remote_id)


def _arrived(begun: Begun, state: State, kind: Kind, remote: RemoteObject, veil: Veil) -> Entry:
    """What has arrived of an update is ours and no drift."""
    before = record_of(begun, state)
    record = taken_over(begun, state, kind, remote, veil) or before
    if begun.call != Call.UPDATE or record is None:
        return Entry()
    if kind.after_create:
        record = _between(begun, record, state, kind, remote)
    if record is before:
        return Entry()
    return Entry(put=(replace(record, attributes=_attributes(record, state, kind, remote)),))


def _attributes(record: Record, state: State, kind: Kind, remote: RemoteObject) -> Mapping[str, Any]:
    """Live's, where all of it is accounted for; else the traces of an edit are still to be looked at."""
    live = view(kind, remote, state.key, record.masked)
    return attributes_of(kind, remote) if same(live, record.seen_symbols) else record.attributes


def _between(begun: Begun, record: Record, state: State, kind: Kind, remote: RemoteObject) -> Record:
    """An update in several requests may have come half-way: what live has of it is ours and no drift."""
    live = view(kind, remote, state.key, record.masked)
    keys = {shape[0] for shape in kind.after_create}
    seen = {key: value for key, value in record.seen_symbols.items() if key not in keys}
    seen |= {key: value for key, value in live.items() if key in keys}
    # Its key tells the same plan, applied again, that it may go on from here.
    return replace(record, seen=plain(seen), key=begun.key, step=begun.step - 1)
