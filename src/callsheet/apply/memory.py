"""Memory: what state is to remember of a step, from the change and the provider's answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from callsheet.apply.standing import baseline_of, sends
from callsheet.diff.equality import same
from callsheet.diff.veil import Veil
from callsheet.diff.view import recognised, view
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, get, put
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Path, Payload, Secret, Text, symbols
from callsheet.plan.change import Action, Change, Step
from callsheet.state.record import Record
from callsheet.state.snapshot import Entry, State


@dataclass(frozen=True, slots=True)
class Memory:
    """Makes records. `veil` hides every value that this run knows as a secret: echoes of it, and where
    the files have it openly, which are to compare with its digest from then on."""

    kinds: Mapping[str, Kind]
    veil: Veil
    renderer: str

    def remember(
        self,
        change: Change,
        step: Step,
        state: State,
        remote: RemoteObject,
        applied: Payload,
        *,
        earlier: Record | None,
        replace_of: tuple[str, ...] | None = None,
        residual: tuple[Path, ...] = (),
    ) -> Entry:
        kind = self.kinds[change.kind]
        applied = _with_digests(self.hidden(applied, earlier), earlier.applied_symbols if earlier else {})
        draft = self.record_of(
            change,
            step,
            applied,
            remote.id,
            replaced=replace_of if replace_of is not None else (earlier.replaced if earlier else ()),
        )
        masked = tuple(sorted({*change.masked, *self.veil.shapes(remote.payload)}))
        seen = view(kind, remote, state.key, masked)
        if earlier is not None:
            seen = baseline_of(kind, change, applied, earlier, seen)
        kept = tuple(path for path in (earlier.residual if earlier else ()) if path not in residual)
        record = replace(
            draft,
            name=self.veil.name(remote.name or change.name),
            seen=seen,
            attributes=_attributes(kind, change, remote, earlier),
            masked=masked,
            residual=(*residual, *(path for path in kept if get(seen, path) not in (ABSENT, None))),
        )
        removed = (change.moved_from,) if change.moved_from else ()
        return Entry(put=(record,), remove=removed, organisation=remote.organisation)

    def hidden(self, payload: Payload, earlier: Record | None) -> Payload:
        """A payload as state may keep it. What is a digest in the earlier record stays one, though its value
        may be in nobody's reach any more."""
        known: Payload = earlier.applied_symbols if earlier else {}
        return recognised(self.veil.over(payload), known, self.veil.key)

    def record_of(
        self, change: Change, step: Step, applied: Payload, remote_id: str, *, replaced: tuple[str, ...]
    ) -> Record:
        """What state remembers of a change, but for what only an answer tells. `applied` is `hidden`."""
        lifecycle: Mapping[str, Any] = change.lifecycle or {}
        digests = change.digests or {}
        return Record(
            address=change.address,
            kind=change.kind,
            remote_id=remote_id,
            name=self.veil.name(change.name),
            applied=applied,
            depends_on=change.depends_on,
            prevent_destroy=bool(lifecycle.get("preventDestroy")),
            on_remove=str(lifecycle.get("onRemove", "delete")),
            labels=change.labels or {},
            ignore=tuple(lifecycle.get("ignoreChanges", ())),
            kept=change.keeps,
            masked=change.masked,
            replaced=replaced,
            files_digest=digests.get("files", ""),
            settings_digest=digests.get("settings", ""),
            renderer=self.renderer,
            key=change.idempotency_key,
            step=step.number,
        )


def _attributes(kind: Kind, change: Change, remote: RemoteObject, earlier: Record | None) -> dict[str, Any]:
    """The answer's attributes. Where nothing was sent, the traces of writes stay what they were: they
    tell a person's edit, which is still to be reported, from the provider's doing."""
    out = attributes_of(kind, remote)
    if earlier is not None and not sends(change):
        traces = [".".join(map(str, path)) for path in (kind.version_path, kind.updated_path) if path]
        out |= {name: earlier.attributes[name] for name in traces if name in earlier.attributes}
    return out


def replaced_by(change: Change, record: Record | None) -> tuple[str, ...]:
    """The predecessors whose removal is owed once a replacement is made."""
    if record is None:
        return ()
    if change.action is Action.REPLACE and change.remote_id:
        return (*record.replaced, change.remote_id)
    return record.replaced


def _with_digests(applied: Payload, earlier: Payload) -> Payload:
    """A secret that could not be resolved here, and was not sent, keeps the digest it was last sent with."""
    for path, symbol in list(symbols(applied)):
        before = get(earlier, path)
        if isinstance(symbol, Secret | Text) and symbol.digest is None and same(before, symbol):
            applied = put(applied, path, before)
    return applied


def attributes_of(kind: Kind, remote: RemoteObject) -> dict[str, Any]:
    """What references and later drift checks need of an answer."""
    out: dict[str, Any] = {"id": remote.id}
    paths: list[Path] = [(name,) for name in kind.exports]
    paths += [path for path in (kind.version_path, kind.updated_path) if path]
    for path in paths:
        value = get(remote.payload, path)
        if isinstance(value, str | int | float):
            out[".".join(map(str, path))] = value
    return out
