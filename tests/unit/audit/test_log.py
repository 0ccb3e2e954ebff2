"""How records get into the log: one append each, and on from what state knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from callsheet.audit.log import Head, Written
from callsheet.model.errors import Stale
from callsheet.state.file import FileStore
from support.audits import Chain, account


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    return Chain(FileStore(tmp_path)).run("r1", "r2")


def append(chain: Chain, run: str, *, last: str | None = None) -> Written:
    made = account(run, chain.lineage, chain.log)
    return chain.log.append(made, chain.head, last=last or run, ours=lambda: None)


def test_a_record_names_the_one_before_it(chain: Chain) -> None:
    first, second = chain.log.lines()
    assert first.record is not None
    assert second.record is not None
    assert (first.record["number"], first.record["previous"]) == (1, None)
    assert (second.record["number"], second.record["previous"]) == (2, first.digest)
    assert (chain.head.count, chain.head.digest, chain.head.run) == (2, second.digest, "r2")


def test_the_log_is_not_read_to_append_to_it(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FileStore, "read_log", lambda *_: pytest.fail("it was read"))
    chain.run("r3")


def test_a_record_that_state_was_not_told_of_is_taken_up_in_silence(chain: Chain) -> None:
    append(chain, "r3")  # and killed before state was written
    written = append(chain, "r4")
    assert (written.fits, written.head.count) == (True, 4)
    chain.head = written.head
    assert chain.found() == []


def test_a_record_that_is_there_already_is_not_written_twice(chain: Chain) -> None:
    before = append(chain, "r3")
    again = append(chain, "r3")
    assert again == before
    assert len(chain.lines()) == 3


@pytest.mark.parametrize("left", [0, 1])
def test_a_chain_goes_on_from_what_state_knows_so_that_a_cut_stays_to_be_seen(
    chain: Chain, left: int
) -> None:
    chain.rewrite(lambda lines: lines[:left])
    written = append(chain, "r3")
    assert not written.fits
    chain.head = written.head
    assert {code for code, _, _ in chain.found()} == {"audit.removed"}


def test_records_that_state_does_not_know_stay_to_be_seen(chain: Chain) -> None:
    chain.head, before = Head(), chain.head
    assert before.count == 2
    written = append(chain, "r3")
    chain.head = written.head
    assert "audit.repeated" in {code for code, _, _ in chain.found()}


def test_whoever_may_not_write_any_more_does_not(chain: Chain) -> None:
    """A holder that slept through its lease: the next one has been here and gone."""
    late = chain.head
    chain.run("r3", "r4")

    def ours() -> None:
        raise Stale("the lock was lost")

    with pytest.raises(Stale):
        chain.log.append(account("late", chain.lineage, chain.log), late, last="late", ours=ours)
    assert chain.found() == []


def test_only_runs_of_state_count_as_told(chain: Chain) -> None:
    chain.head = append(chain, "mv", last="r2").head
    assert (chain.head.run, chain.head.told) == ("mv", "r2")
