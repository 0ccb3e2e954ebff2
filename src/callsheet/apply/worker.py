"""One step of one change: the read right before, the call, and what state is to remember of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from callsheet.apply.binding import Binding
from callsheet.apply.body import Symbols, announced, create_body, remembered, update_body, wanted
from callsheet.apply.memory import Memory, replaced_by
from callsheet.apply.recheck import already_so, cut_off, live_baseline, moved_paths
from callsheet.apply.revealing import revealed
from callsheet.apply.traces import KEY_MARK, Sought, Traces
from callsheet.diff.equality import same
from callsheet.model.canonical import plain
from callsheet.model.diagnostics import Diagnostic, warning
from callsheet.model.errors import ProviderError, Stale
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, covers, get, put, show
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Content, Path, Payload
from callsheet.plan.change import Action, Call, Change, Step
from callsheet.plan.matching import CONTENT_MARK
from callsheet.providers.base import Ambiguous, ContentLoader, Reader, Unfinished, Writer
from callsheet.state.begun import Begun
from callsheet.state.record import Record
from callsheet.state.snapshot import Entry, State


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
    memory: Memory
    label: Mapping[str, str]
    keyed: bool  # the plan was made with a lineage
    traces: Traces
    hide: Callable[[str], None]  # told of every secret that is taken from live
    binding: Binding

    def begin(
        self, change: Change, step: Step, record: Record | None, symbols: Symbols, run: str
    ) -> Begun | None:
        """What the journal is to know before the step is made; None where nothing is sent."""
        if step.call is Call.RECORD:
            return None
        draft, sent, remote_id = None, None, step.remote_id
        if step.call is Call.CREATE:
            applied = self.memory.hidden(remembered(change, symbols, step), record)
            draft = self.memory.record_of(change, step, applied, "", replaced=replaced_by(change, record))
            if change.owned is not None:
                sent = symbols.kept(wanted(change, step))
        elif step.call is Call.UPDATE:
            if step.number > 1 and record is not None:
                remote_id = record.remote_id
            part, sent = announced(change, step, symbols)
            if part is not None:
                part = self.memory.hidden(part, record)
                draft = self.memory.record_of(change, step, part, remote_id or "", replaced=())
        return Begun(
            change.address,
            step.number,
            str(step.call),
            change.kind,
            change.idempotency_key,
            run,
            remote_id,
            draft,
            plain(self.memory.hidden(sent, record)) if sent is not None else None,
            step.clear if step.call is Call.UPDATE else (),
        )

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
                return self._record(change, step, record, state, symbols, live)

    def _create(
        self, change: Change, step: Step, record: Record | None, state: State, symbols: Symbols
    ) -> StepDone:
        kind = self.kinds[change.kind]
        open_change = revealed(change, lambda: self._predecessor(change), state.key, self.hide)
        body = self._labelled(kind, change, create_body(open_change, step, symbols), None)
        failure = None
        try:
            remote = self._made(change, body)
        except Unfinished as cause:
            remote, failure = cause.reached, cause
        self.binding.keep(change.address, remote, partial(self._take_back, change, remote))
        applied = self.memory.hidden(remembered(change, symbols, step), record)
        replaced = replaced_by(change, record)
        entry = self.memory.remember(change, step, state, remote, applied, replace_of=replaced, earlier=None)
        return StepDone(entry, remote, failure=failure)

    def _take_back(self, change: Change, made: RemoteObject) -> None:
        self.writer.delete(change.kind, made, key=change.idempotency_key)

    def _predecessor(self, change: Change) -> Payload | None:
        live = self.reader.read(change.kind, change.remote_id) if change.remote_id else None
        return live.payload if live else None

    def _made(self, change: Change, body: Payload) -> RemoteObject:
        """Create exactly once: after a lost answer, look for what it may have made before trying again."""
        for last in (False, True):
            try:
                return self._make(change, body)
            except Ambiguous as lost:
                try:
                    made = self.traces.find(change.kind, change.address)
                except Ambiguous:
                    raise
                except ProviderError:
                    # Whether it happened is still not known: the next run has to find out.
                    raise lost from None
                if made is not None:
                    return made
                if last:
                    raise
        raise AssertionError("the second attempt returns or raises")

    def _make(self, change: Change, body: Payload) -> RemoteObject:
        with self.traces.making(change.kind):
            try:
                made = self.writer.create(change.kind, body, key=change.idempotency_key, content=self.content)
            except Ambiguous:
                self.traces.lose(change.kind, Sought(change.address, change.idempotency_key, body))
                raise
            except Unfinished as cause:
                self.traces.claim(change.kind, cause.reached.id)
                raise
            self.traces.claim(change.kind, made.id)
            return made

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
        applied = remembered(change, symbols)
        # A plan whose baseline still fits is carried out; else live may be there already, or have moved.
        if first and (already or not self._fits(change, applied, state, kind, before)):
            entry = self.memory.remember(change, step, state, before, applied, earlier=record)
            return StepDone(entry, before, requested=False)
        failure = None
        try:
            after = self._sent(kind, change, step, before, state, symbols)
        except Unfinished as cause:
            after, failure = cause.reached, cause
            # Until it is done, these keys are as they were applied before, so that the next plan sets them.
            earlier = record.applied_symbols if record else {}
            applied = {key: value for key, value in applied.items() if key not in step.keys}
            applied |= {key: earlier[key] for key in step.keys if key in earlier}
        if step.clear:
            # A clear may be dropped without a word, and an answer may echo what was sent.
            after = self.reader.read(change.kind, remote_id) or after
        residual = _residual(kind, step, before, after)
        entry = self.memory.remember(change, step, state, after, applied, residual=residual, earlier=record)
        told = tuple(_ignored_clear(change, path) for path in residual)
        return StepDone(_undone(entry) if failure else entry, after, told, failure=failure)

    def _sent(
        self,
        kind: Kind,
        change: Change,
        step: Step,
        before: RemoteObject,
        state: State,
        symbols: Symbols,
    ) -> RemoteObject:
        """Update; a lost answer means sending again, for the values are absolute and change nothing twice."""
        change = revealed(change, lambda: before.payload, state.key, self.hide)
        for last in (False, True):
            body, clear = update_body(kind, change, step, before.payload, symbols)
            if kind.label_path and kind.label_path[:1] in clear:
                # What holds the mark is emptied but for the mark.
                clear = [path for path in clear if path != kind.label_path[:1]]
                body[str(kind.label_path[0])] = {}
            if body:
                body = self._labelled(kind, change, body, before.payload)
            try:
                return self.writer.update(change.kind, before, body, clear, key=change.idempotency_key)
            except Ambiguous:
                now = self.reader.read(change.kind, before.id)
                if last or now is None:
                    raise
                before = now
        raise AssertionError("the second attempt returns or raises")

    def _delete(self, change: Change, step: Step, record: Record | None, state: State) -> StepDone:
        kind = self.kinds[change.kind]
        assert step.remote_id is not None
        # An earlier replacement's leftover is neither what the plan compared nor the end of the address.
        ends = change.action is Action.DELETE and step.remote_id == change.remote_id
        live = self.reader.read(change.kind, step.remote_id)
        if live is not None:
            if ends:
                self._fits(change, {}, state, kind, live)
            self.writer.delete(change.kind, live, key=change.idempotency_key)
        if ends:
            entry = Entry(remove=(change.address,))
        elif record is None or record.remote_id == step.remote_id:
            # Delete-first: until the next step makes the new one, nothing is there.
            entry = Entry(remove=(change.address,))
        else:
            rest = tuple(each for each in record.replaced if each != step.remote_id)
            entry = Entry(put=(replace(record, replaced=rest, step=step.number),))
        return StepDone(entry, None, requested=live is not None)

    def _record(
        self,
        change: Change,
        step: Step,
        record: Record | None,
        state: State,
        symbols: Symbols,
        live: RemoteObject | None,
    ) -> StepDone:
        if change.action is Action.FORGET or live is None:
            return StepDone(Entry(remove=(change.address,)), None, requested=False)
        applied = remembered(change, symbols)
        entry = self.memory.remember(change, step, state, live, applied, earlier=record)
        return StepDone(entry, live, requested=False)

    def _fits(self, change: Change, desired: Payload, state: State, kind: Kind, live: RemoteObject) -> bool:
        """Whether live is what the plan saw; False when it is at the planned value already. Else Stale."""
        if live_baseline(change, state, kind, live, keyed=self.keyed) == change.base_fingerprint:
            return True
        if already_so(change, desired, state, kind, live):
            return False
        if cut_off(change, state, kind):
            return True
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
        mark = {"address": change.address, KEY_MARK: change.idempotency_key, **self.label}
        if uploads := [value.sha256 for value in body.values() if isinstance(value, Content)]:
            # The provider returns no content, so the mark says which it is.
            mark[CONTENT_MARK] = uploads[0]
        return dict(put(body, kind.label_path, mark))


def _undone(entry: Entry) -> Entry:
    """State as the step leaves it, but for that it was done: the same plan has to do it again."""
    return replace(entry, put=tuple(replace(record, step=record.step - 1) for record in entry.put))


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
