"""The executor: walks the steps in dependency order with threads, and writes state in groups."""

from __future__ import annotations

import graphlib
import queue
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

from callsheet.apply.binding import Misplaced
from callsheet.apply.body import Symbols
from callsheet.apply.interrupts import Interrupts
from callsheet.apply.journal import Journal
from callsheet.apply.memory import attributes_of
from callsheet.apply.outcome import Result
from callsheet.apply.recheck import Rechecked
from callsheet.apply.worker import StepDone, Worker
from callsheet.model.diagnostics import Diagnostic, error, note
from callsheet.model.errors import ERROR, Abandoned, CallsheetError
from callsheet.model.events import Event, Listener
from callsheet.model.resource import RemoteObject
from callsheet.plan.change import Action, Call, Change, Step
from callsheet.plan.plan import Plan
from callsheet.providers.base import Ambiguous
from callsheet.state.record import Record
from callsheet.state.snapshot import Entry, State

Node = tuple[str, int]
# Steps that ended, in their order; None is an interrupt.
Finished: TypeAlias = "queue.SimpleQueue[tuple[Node, Future[StepDone]] | None]"
# How many steps per worker are begun ahead, for one write of the journal.
_AHEAD = 8


@dataclass(slots=True)
class _Progress:
    """One change on its way."""

    change: Change
    done: set[int] = field(default_factory=set)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    failed: int | None = None  # the exit code
    requests: int = 0
    remote_id: str | None = None


class Executor:
    """Runs the steps of one plan."""

    def __init__(
        self,
        plan: Plan,
        worker: Worker,
        state: State,
        rechecked: Rechecked,
        journal: Journal,
        run: str,
        symbols: Callable[[Callable[[str, str], str | None]], Symbols],
        listener: Listener,
        parallel: int,
    ) -> None:
        self._worker = worker
        self._base = state
        self._rechecked = rechecked
        self._journal = journal
        self._run = run
        self._listener = listener
        self._parallel = parallel
        self._progress = {change.address: _Progress(change) for change in plan.changes}
        for address, number in rechecked.done.items():
            progress = self._progress[address]
            progress.done.update(range(1, number + 1))
            if len(progress.done) == len(progress.change.steps):
                said = "an earlier run of the same plan did this; nothing was sent again"
                progress.diagnostics.append(note("apply.done-before", said, address=address))
        self._steps: dict[Node, Step] = {
            (change.address, step.number): step
            for change in plan.changes
            for step in change.steps
            if step.number not in self._progress[change.address].done
        }
        self._remade = {
            change.address
            for change in plan.changes
            if change.action in (Action.CREATE, Action.REPLACE) and change.address not in rechecked.done
        }
        # What will be made anew stands for nothing until it is there.
        self._objects: dict[str, RemoteObject] = {
            address: remote for address, remote in rechecked.live.items() if address not in self._remade
        }
        self._symbols = symbols(self._id)
        self._records: dict[str, Record] = dict(state.records)
        for change in plan.changes:
            if change.moved_from and change.moved_from in self._records:
                self._records[change.address] = self._records[change.moved_from]
        self._running: dict[Node, Future[StepDone]] = {}
        self.interrupted = False
        # Whether the first answer has shown that this is the right organisation, or live had before.
        self._bound = worker.binding.known
        self._misplaced = False

    def run(self, interrupts: Interrupts) -> tuple[Result, ...]:
        """Every change's end, in the plan's order. What stops the whole run is in the journal's `broken`."""
        order: graphlib.TopologicalSorter[Node] = graphlib.TopologicalSorter(
            {node: self._before(node) for node in self._steps}
        )
        order.prepare()
        finished: Finished = queue.SimpleQueue()
        pool = ThreadPoolExecutor(self._parallel, thread_name_prefix="apply")
        wait = True
        try:
            interrupts.then(partial(finished.put, None))
            self._walk(order, pool, finished, interrupts)
        except CallsheetError as cause:
            # The lock or the store is lost: calls under way end, and the journal knows them as begun.
            self._journal.broken = cause
        except Abandoned:
            wait = False
            raise
        finally:
            pool.shutdown(wait=wait, cancel_futures=True)
        if self._journal.broken:
            for node, future in self._running.items():
                entry, _ = self._collect(node, future)
                self._journal.unwritten += [entry] if entry else []
        return tuple(self._result(progress) for progress in self._progress.values())

    def _walk(
        self,
        order: graphlib.TopologicalSorter[Node],
        pool: ThreadPoolExecutor,
        finished: Finished,
        interrupts: Interrupts,
    ) -> None:
        running = self._running
        ready: deque[Node] = deque()
        while True:
            # An organisation that shows itself with the first object gets no second one before that.
            window = self._parallel * _AHEAD if self._bound else 1
            ready.extend(order.get_ready())
            # Its own turn in the queue may come after the next group, or never, where nothing runs.
            if ready and interrupts.asked:
                self._stop()
            # Steps are begun in groups, so that one write of the journal serves many.
            if ready and not self.interrupted and not self._misplaced and len(running) <= window // 2:
                group = [ready.popleft() for _ in range(min(len(ready), window - len(running)))]
                self._begin(group)
                for node in group:
                    running[node] = self._submit(pool, node)
                    running[node].add_done_callback(partial(_hand_over, finished, node))
            if not running:
                break
            entries = []
            for ended in _drain(finished):
                if ended is None:
                    self._stop()
                    continue
                node, future = ended
                del running[node]
                entry, done = self._collect(node, future)
                entries += [entry] if entry else []
                if done:
                    order.done(node)
            # Workers go on with what was handed out before; what `order.done` sets free is only
            # begun after this group is on disk.
            if entries:
                self._journal.write(entries)

    def _begin(self, group: list[Node]) -> None:
        """Make it durable that these steps are about to be made, before any of their calls."""
        begun = []
        for node in group:
            change = self._progress[node[0]].change
            record = self._records.get(node[0])
            if each := self._worker.begin(change, self._steps[node], record, self._symbols, self._run):
                begun.append(each)
        if begun:
            self._journal.begin(begun)

    def _before(self, node: Node) -> list[Node]:
        """The steps that must be done first: those named, and the change's own earlier ones."""
        named = [other for other in self._steps[node].after if other in self._steps]
        earlier = [(node[0], number) for number in range(1, node[1])]
        return named + [other for other in earlier if other in self._steps]

    def _submit(self, pool: ThreadPoolExecutor, node: Node) -> Future[StepDone]:
        progress = self._progress[node[0]]
        if not progress.done:
            self._tell("change.start", progress.change)
        return pool.submit(
            self._worker.run,
            progress.change,
            self._steps[node],
            self._records.get(node[0]),
            self._base,
            self._symbols,
            self._objects.get(node[0]),
            node[0] in self._rechecked.already,
        )

    def _collect(self, node: Node, future: Future[StepDone]) -> tuple[Entry | None, bool]:
        """What state is to learn of an ended step, and whether it was done.

        A step that surely did not happen is ended in the journal; one that may have happened stays
        begun, and the next run finds out.
        """
        progress = self._progress[node[0]]
        ended = (f"{node[0]}#{node[1]}",) if self._steps[node].call is not Call.RECORD else ()
        if future.cancelled():
            return (Entry(end=ended) if ended else None), False
        try:
            result = future.result()
        except CallsheetError as cause:
            self._misplaced = self._misplaced or isinstance(cause, Misplaced)
            self._fail(progress, cause)
            known = ended and not isinstance(cause, Ambiguous)
            return (Entry(end=ended) if known else None), False
        self._bound = self._bound or self._steps[node].call is Call.CREATE
        entry = replace(result.entry, end=ended)
        progress.diagnostics += result.diagnostics
        progress.requests += result.requested
        for record in result.entry.put:
            self._records[record.address] = record
        if result.remote is not None:
            self._objects[node[0]] = result.remote
            progress.remote_id = result.remote.id
        if result.failure is not None:
            self._fail(progress, result.failure)
            return entry, False
        progress.done.add(node[1])
        if len(progress.done) == len(progress.change.steps):
            self._tell("change.done", progress.change, remoteId=progress.remote_id)
        return entry, True

    def _fail(self, progress: _Progress, cause: CallsheetError) -> None:
        progress.failed = cause.exit_code
        progress.diagnostics += [
            each
            if each.address
            else error(
                each.code,
                each.summary,
                detail=each.detail,
                hint=each.hint,
                place=each.place,
                address=progress.change.address,
            )
            for each in cause.diagnostics
        ]
        self._tell(
            "change.failed",
            progress.change,
            diagnostics=[each.to_json() for each in progress.diagnostics],
        )

    def _stop(self) -> None:
        """The first interrupt: nothing new is begun, what is under way is finished."""
        if self.interrupted:
            return
        self.interrupted = True
        for future in self._running.values():
            future.cancel()
        self._listener(Event("apply.interrupted", {"running": len(self._running)}))

    def _result(self, progress: _Progress) -> Result:
        change = progress.change
        if progress.failed is not None:
            status, code = "failed", progress.failed
        elif len(progress.done) == len(change.steps):
            status, code = "applied", 0
        else:
            status, code = "not_attempted", ERROR
        return Result(
            change,
            status,
            tuple(progress.diagnostics),
            code,
            progress.remote_id,
            progress.requests,
            wrote=progress.requests > 0,
        )

    def _id(self, address: str, attribute: str) -> str | None:
        """What a reference stands for now: what this run made, else what state knows."""
        record = self._records.get(address)
        remote = self._objects.get(address)
        if remote is not None:
            kind = self._worker.kinds[remote.kind]
            value = attributes_of(kind, remote).get(attribute)
        elif record is not None and address not in self._remade:
            value = record.attributes.get(attribute) or (record.remote_id if attribute == "id" else None)
        else:
            value = None
        return value if isinstance(value, str) else None

    def _tell(self, name: str, change: Change, **more: object) -> None:
        fields = {"address": change.address, "action": str(change.action), **more}
        self._listener(Event(name, {key: value for key, value in fields.items() if value is not None}))


def _hand_over(finished: Finished, node: Node, future: Future[StepDone]) -> None:
    finished.put((node, future))


def _drain(finished: Finished) -> list[tuple[Node, Future[StepDone]] | None]:
    """Wait for one, then take all that are there."""
    out = [finished.get()]
    while not finished.empty():
        out.append(finished.get())
    return out


def requests_of(plan: Plan) -> int:
    """How many write requests a plan asks for."""
    return sum(step.call is not Call.RECORD for change in plan.changes for step in change.steps)
