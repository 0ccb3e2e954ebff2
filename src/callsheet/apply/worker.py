"""One step of one change: the read right before, the call, and what state is to remember of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from callsheet.apply.body import Symbols, create_body, known_secrets, update_body, wanted
from callsheet.apply.recheck import already_so, live_baseline, moved_paths
from callsheet.apply.standing import baseline_of
from callsheet.diff.equality import same
from callsheet.diff.view import leaked, view
from callsheet.model.diagnostics import Diagnostic, warning
from callsheet.model.errors import Stale
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, covers, get, put, show
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Content, Path, Payload, Secret, Text
from callsheet.model.value import symbols as symbols_in
from callsheet.plan.change import Action, Call, Change, Step
from callsheet.plan.matching import CONTENT_MARK
from callsheet.providers.base import ContentLoader, Reader, Unfinished, Writer
from callsheet.state.record import Record
from callsheet.state.snapshot import Entry, State

SecretValue = Callable[[Secret | Text], str]


@dataclass(frozen=True, slots=True)
class StepDone:
    """What a step leaves behind: an entry for state, the object, findings."""

    entry: Entry
    remote: RemoteObject | None
    diagnostics: tuple[Diagnostic, ...] = ()
    requested: bool = True
    failure: Unfinished | None = None


@dataclass(frozen=True, slots=True)
class Worker:
    """Carries out steps. Threads share it: it holds nothing that changes."""

    reader: Reader
    writer: Writer
    kinds: Mapping[str, Kind]
    content: ContentLoader
    secret: SecretValue
    label: Mapping[str, str]
    renderer: str
    keyed: bool  # the plan was made with a lineage

    def run(
        self,
        change: Change,
        step: Step,
        record: Record | None,
        state: State,
        symbols: Symbols,
        live: RemoteObject | None,
        already: bool,
    ) -> StepDone:
        """Do the step. ProviderError or Stale when it could not be done; then nothing is to be remembered."""
        match step.call:
            case Call.CREATE:
                return self._create(change, step, record, state, symbols)
            case Call.UPDATE:
                return self._update(change, step, record, state, symbols, already)
            case Call.DELETE:
                return self._delete(change, step, record, state)
            case Call.RECORD:
                return self._record(change, record, state, symbols, live)

    def _create(
        self, change: Change, step: Step, record: Record | None, state: State, symbols: Symbols
    ) -> StepDone:
        kind = self.kinds[change.kind]
        body = self._labelled(kind, change, create_body(change, step, symbols), None)
        failure = None
        try:
            remote = self.writer.create(change.kind, body, key=change.idempotency_key, content=self.content)
        except Unfinished as cause:
            remote, failure = cause.reached, cause
        replaced: tuple[str, ...] = ()
        if change.action is Action.REPLACE and change.remote_id and record is not None:
            replaced = (*record.replaced, change.remote_id)
        applied = symbols.kept(wanted(change, step))
        entry, found = self._remember(change, state, remote, applied, replace_of=replaced, earlier=None)
        return StepDone(entry, remote, tuple(found), failure=failure)

    def _update(
        self,
        change: Change,
        step: Step,
        record: Record | None,
        state: State,
        symbols: Symbols,
        already: bool,
    ) -> StepDone:
        kind = self.kinds[change.kind]
        first = step.number == 1
        remote_id = change.remote_id if first else (record.remote_id if record else None)
        assert remote_id is not None, "an update has an object, or an earlier step made one"
        before = self.reader.read(change.kind, remote_id)
        if before is None:
            raise Stale(
                f"{change.address} is gone at the provider", hint="plan again", address=change.address
            )
        if first:
            self._unmoved(change, state, kind, before)
        applied = symbols.kept(change.desired or {})
        if first and (already or already_so(change, state, kind, before)):
            entry, found = self._remember(change, state, before, applied, earlier=record)
            return StepDone(entry, before, tuple(found), requested=False)
        body, clear = update_body(kind, change, step, before.payload, symbols)
        if body:
            body = self._labelled(kind, change, body, before.payload)
        failure = None
        try:
            after = self.writer.update(change.kind, before, body, clear, key=change.idempotency_key)
        except Unfinished as cause:
            after, failure = cause.reached, cause
        if step.clear:
            # A clear may be dropped without a word, and an answer may echo what was sent.
            after = self.reader.read(change.kind, remote_id) or after
        residual = _residual(kind, step, before, after)
        entry, found = self._remember(change, state, after, applied, residual=residual, earlier=record)
        found += [_ignored_clear(change, path) for path in residual]
        return StepDone(entry, after, tuple(found), failure=failure)

    def _delete(self, change: Change, step: Step, record: Record | None, state: State) -> StepDone:
        kind = self.kinds[change.kind]
        assert step.remote_id is not None
        live = self.reader.read(change.kind, step.remote_id)
        if live is not None:
            if change.action is Action.DELETE:
                self._unmoved(change, state, kind, live)
            self.writer.delete(change.kind, live)
        if change.action is Action.DELETE:
            entry = Entry(remove=(change.address,))
        elif record is None or record.remote_id == step.remote_id:
            # Delete-first: until the next step makes the new one, nothing is there.
            entry = Entry(remove=(change.address,))
        else:
            rest = tuple(each for each in record.replaced if each != step.remote_id)
            entry = Entry(put=(replace(record, replaced=rest),))
        return StepDone(entry, None, requested=live is not None)

    def _record(
        self,
        change: Change,
        record: Record | None,
        state: State,
        symbols: Symbols,
        live: RemoteObject | None,
    ) -> StepDone:
        if change.action is Action.FORGET or live is None:
            return StepDone(Entry(remove=(change.address,)), None, requested=False)
        applied = symbols.kept(change.desired or {})
        entry, found = self._remember(change, state, live, applied, earlier=record)
        return StepDone(entry, live, tuple(found), requested=False)

    def _unmoved(self, change: Change, state: State, kind: Kind, live: RemoteObject) -> None:
        if live_baseline(change, state, kind, live, keyed=self.keyed) == change.base_fingerprint:
            return
        if already_so(change, state, kind, live):
            return
        raise Stale(
            f"{change.address} was changed at the provider while this run was under way: "
            f"{moved_paths(change, state, self.kinds, live)}",
            detail="It was left as it is.",
            hint="plan again",
            address=change.address,
            code="stale.moved",
        )

    def _labelled(self, kind: Kind, change: Change, body: Payload, live: Payload | None) -> Payload:
        """Callsheet's mark rides along with a write; it never causes one. `live` is None for a creation."""
        if kind.label_path is None or (live is not None and covers(kind.label_path, kind.immutable)):
            return body
        top = str(kind.label_path[0])
        if live is not None and top not in body and isinstance(live.get(top), dict):
            body = {**body, top: live[top]}
        mark = {"address": change.address, **self.label}
        if uploads := [value.sha256 for value in body.values() if isinstance(value, Content)]:
            # The provider returns no content, so the mark says which it is.
            mark[CONTENT_MARK] = uploads[0]
        return dict(put(body, kind.label_path, mark))

    def _remember(
        self,
        change: Change,
        state: State,
        remote: RemoteObject,
        applied: Payload,
        *,
        earlier: Record | None,
        replace_of: tuple[str, ...] | None = None,
        residual: tuple[Path, ...] = (),
    ) -> tuple[Entry, list[Diagnostic]]:
        kind = self.kinds[change.kind]
        echoes = leaked(remote.payload, known_secrets(change, self.secret)) if change.writes else []
        masked = tuple(sorted({*change.masked, *echoes}))
        seen = view(kind, remote, state.key, masked)
        if earlier is not None:
            seen = baseline_of(kind, change, applied, earlier, seen)
        lifecycle: Mapping[str, Any] = change.lifecycle or {}
        digests = change.digests or {}
        kept = tuple(path for path in (earlier.residual if earlier else ()) if path not in residual)
        record = Record(
            address=change.address,
            kind=change.kind,
            remote_id=remote.id,
            name=remote.name or change.name,
            applied=_with_digests(applied, earlier.applied_symbols if earlier else {}),
            seen=seen,
            attributes=attributes_of(kind, remote),
            depends_on=change.depends_on,
            prevent_destroy=bool(lifecycle.get("preventDestroy")),
            on_remove=str(lifecycle.get("onRemove", "delete")),
            labels=change.labels or {},
            ignore=tuple(lifecycle.get("ignoreChanges", ())),
            masked=masked,
            residual=(*residual, *(path for path in kept if get(seen, path) not in (ABSENT, None))),
            replaced=replace_of if replace_of is not None else (earlier.replaced if earlier else ()),
            files_digest=digests.get("files", ""),
            settings_digest=digests.get("settings", ""),
            renderer=self.renderer,
        )
        removed = (change.moved_from,) if change.moved_from else ()
        return Entry(put=(record,), remove=removed, organisation=_organisation(remote)), []


def _with_digests(applied: Payload, earlier: Payload) -> Payload:
    """A secret that could not be resolved here, and was not sent, keeps the digest it was last sent with."""
    for path, symbol in list(symbols_in(applied)):
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


def _organisation(remote: RemoteObject) -> str | None:
    value = remote.payload.get("orgId")
    return value if isinstance(value, str) else None


def _residual(kind: Kind, step: Step, before: RemoteObject, after: RemoteObject) -> tuple[Path, ...]:
    """Clears that read back the old value."""
    out = []
    for path in step.clear:
        now = get(after.payload, path)
        if now not in (ABSENT, None) and same(now, get(before.payload, path), kind.id_sets, path):
            out.append(path)
    return tuple(out)


def _ignored_clear(change: Change, path: Path) -> Diagnostic:
    return warning(
        "apply.residual",
        f"{show(path)} was cleared, and the provider still returns the old value",
        detail="It left the files and is no longer managed; it will not be reported again.",
        hint="if it matters, remove it in the provider's dashboard",
        address=change.address,
    )
