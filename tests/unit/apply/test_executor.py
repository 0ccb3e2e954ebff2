"""The walk through the steps, where a provider gets part of the way."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from callsheet.apply.body import Symbols
from callsheet.apply.executor import Executor
from callsheet.apply.interrupts import Interrupts
from callsheet.apply.journal import Journal
from callsheet.apply.recheck import Rechecked
from callsheet.apply.worker import StepDone
from callsheet.model.errors import ProviderError
from callsheet.model.events import silent
from callsheet.model.value import Ref
from callsheet.providers.base import Unfinished
from callsheet.state.begun import Begun
from callsheet.state.record import Record
from callsheet.state.snapshot import Entry, State
from support.estate import KINDS, Estate, live_object, resource


class HalfDone:
    """A worker whose tools are created and then not finished."""

    kinds = KINDS
    binding = SimpleNamespace(known=True)

    def begin(self, change: Any, step: Any, *_: Any) -> Begun:
        return Begun(change.address, step.number, "create", change.kind, "key", "run-1")

    def run(self, change: Any, *_: Any) -> StepDone:
        remote = live_object(change.kind, f"id-{change.address}", {"name": change.address})
        failure = None
        if change.kind == "Tool":
            failure = Unfinished(remote, ProviderError("indexing failed"))
        record = Record(change.address, change.kind, remote.id)
        return StepDone(Entry(put=(record,)), remote, failure=failure)


def test_what_was_half_done_is_remembered_and_what_depends_on_it_is_not_attempted() -> None:
    plan = (
        Estate(lineage=None)
        .declare(
            resource("Tool/t", {"type": "x"}),
            resource("Assistant/needs", {"model": {"toolIds": [Ref("Tool/t")]}}),
            resource("Assistant/free", {}),
        )
        .plan()
    )
    kept: list[str] = []
    begun: set[str] = set()

    def append(entries: list[Entry]) -> State:
        for entry in entries:
            kept.extend(record.address for record in entry.put)
            begun.update(each.name for each in entry.begin)
            assert begun >= set(entry.end), "every end has its begin before it"
            begun.difference_update(entry.end)
        return State("dev")

    executor = Executor(
        plan,
        HalfDone(),  # type: ignore[arg-type]
        State("dev"),
        Rechecked(),
        Journal(append, State("dev")),
        "run-1",
        lambda ids: Symbols(ids, lambda _: "", lambda _: None),
        silent,
        2,
    )
    results = {result.change.address: result.status for result in executor.run(Interrupts())}
    assert results == {"Tool/t": "failed", "Assistant/needs": "not_attempted", "Assistant/free": "applied"}
    assert begun == set()
    assert sorted(kept) == ["Assistant/free", "Tool/t"]
