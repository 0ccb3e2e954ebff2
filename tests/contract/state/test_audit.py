"""The audit's log in every store: what is done to it behind Callsheet's back is found."""

from __future__ import annotations

import pytest

from callsheet.state.store import Store
from support.audits import SPACE, Chain, rechained, resealed
from support.stores import Backend


@pytest.fixture
def chain(store: Store) -> Chain:
    return Chain(store).run("r1", "r2", "r3", "r4")


def test_a_chain_is_whole_from_another_machine(chain: Chain, backend: Backend) -> None:
    other = Chain(backend.open(), head=chain.head)
    checked = other.check()
    assert (checked.records, checked.requests, checked.findings) == (4, 4, ())
    other.run("r5")
    assert other.found() == []
    # Who was here first knows of four, and one more is legal.
    assert chain.check().ahead


def test_what_is_done_to_it_is_named(chain: Chain) -> None:
    lines = chain.lines()
    for manipulated, expected in (
        (lines[1:], ("audit.removed", 1, None)),
        ([*lines[:1], *lines[2:]], ("audit.removed", 2, None)),
        (lines[:-1], ("audit.cut-off", 4, "r4")),
        ([], ("audit.cut-off", 1, None)),
        ([lines[0], lines[2], lines[1], lines[3]], ("audit.reordered", 2, "r2")),
        ([*lines[:2], lines[2].replace(b"anna", b"anne"), lines[3]], ("audit.changed", 3, "r3")),
        ([*lines[:2], resealed(lines[2], verb="x"), lines[3]], ("audit.changed", 3, "r3")),
        (rechained(lines, verb="x"), ("audit.head", 4, "r4")),
    ):
        chain.rewrite(lambda _, lines=manipulated: lines)  # type: ignore[misc]
        assert chain.found()[0] == expected
    chain.rewrite(lambda _: lines)
    assert chain.found() == []


def test_requests_that_are_gone_are_named_by_their_run(chain: Chain) -> None:
    record = chain.log.lines()[1].record
    assert record is not None
    chain.store.remove_blobs([record["requests"]["sha256"]], space=SPACE)
    assert chain.found() == [("audit.requests", 2, "r2")]
