"""Whatever is done to the audit's log afterwards is found, and named by number and run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from callsheet.audit.log import Head
from callsheet.audit.tape import packed
from callsheet.model.errors import StateError
from callsheet.state.file import FileStore
from support.audits import SPACE, Chain, rechained, resealed

Lines = list[bytes]
RUNS = ("r1", "r2", "r3", "r4")


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    return Chain(FileStore(tmp_path)).run(*RUNS)


def file_of(chain: Chain) -> Path:
    assert isinstance(chain.store, FileStore)
    [path] = [each for each in chain.store.folder.rglob("audit/dev/log*") if each.is_file()]
    return path


def test_an_untouched_log_is_whole(chain: Chain) -> None:
    checked = chain.check()
    assert (checked.records, checked.requests, checked.findings) == (4, 4, ())
    assert not checked.ahead


def test_no_log_and_nothing_known_of_one_is_whole(tmp_path: Path) -> None:
    assert Chain(FileStore(tmp_path)).check().findings == ()


def swapped(lines: Lines) -> Lines:
    return [lines[0], lines[2], lines[1], lines[3]]


def edited(line: bytes) -> bytes:
    return line.replace(b"anna", b"anne")


MANIPULATIONS: dict[str, tuple[Callable[[Lines], Lines], list[tuple[str, int, str | None]]]] = {
    "the first is gone": (lambda lines: lines[1:], [("audit.removed", 1, None)]),
    "one in the middle is gone": (lambda lines: lines[:1] + lines[2:], [("audit.removed", 2, None)]),
    "two in the middle are gone": (lambda lines: lines[:1] + lines[3:], [("audit.removed", 2, None)]),
    "the last is gone": (lambda lines: lines[:-1], [("audit.cut-off", 4, "r4")]),
    "the last two are gone": (lambda lines: lines[:-2], [("audit.cut-off", 3, None)]),
    "all are gone": (lambda lines: [], [("audit.cut-off", 1, None)]),
    "two have changed places": (
        swapped,
        [("audit.reordered", 2, "r2"), ("audit.reordered", 3, "r3")],
    ),
    "one is there twice": (lambda lines: [*lines[:2], *lines[1:]], [("audit.repeated", 2, "r2")]),
    "the first was changed": (
        lambda lines: [edited(lines[0]), *lines[1:]],
        [("audit.changed", 1, "r1")],
    ),
    "the last was changed": (
        lambda lines: [*lines[:-1], edited(lines[-1])],
        [("audit.changed", 4, "r4")],
    ),
    "one was changed and sealed again": (
        lambda lines: [lines[0], resealed(lines[1], verb="destroy"), *lines[2:]],
        [("audit.changed", 2, "r2")],
    ),
    "the last was changed and sealed again": (
        lambda lines: [*lines[:-1], resealed(lines[-1], verb="destroy")],
        [("audit.head", 4, "r4")],
    ),
    "one was given to another estate": (
        lambda lines: [lines[0], resealed(lines[1], lineage="l-0"), *lines[2:]],
        [("audit.removed", 1, None), ("audit.removed", 2, None)],
    ),
    "one gives itself out for a later one": (
        lambda lines: [lines[0], resealed(lines[1], number=9), *lines[2:]],
        [
            ("audit.removed", 2, None),
            ("audit.reordered", 3, "r3"),
            ("audit.reordered", 4, "r4"),
            ("audit.removed", 5, None),
            ("audit.reordered", 9, "r2"),
            ("audit.unknown", 9, "r2"),
        ],
    ),
    "all were written anew": (lambda lines: rechained(lines, verb="plan"), [("audit.head", 4, "r4")]),
    "the first half was written anew": (
        lambda lines: [*rechained(lines[:2], verb="plan"), *lines[2:]],
        [("audit.changed", 2, "r2")],
    ),
    "the first has one before it": (
        lambda lines: [resealed(lines[0], previous="0" * 64), *lines[1:]],
        [("audit.changed", 1, "r1"), ("audit.changed", 1, "r1")],
    ),
    "a changed one stands before a removed one": (
        lambda lines: [lines[0], edited(lines[1]), lines[3]],
        [("audit.changed", 2, "r2"), ("audit.removed", 3, None)],
    ),
    "a changed one stands after a removed one": (
        lambda lines: [lines[0], edited(lines[2]), lines[3]],
        [("audit.removed", 2, None), ("audit.changed", 3, "r3")],
    ),
    "only the last is left, and changed": (
        lambda lines: [edited(lines[3])],
        [("audit.removed", 1, None), ("audit.changed", 4, "r4")],
    ),
    "two were added": (
        lambda lines: [*lines, resealed(lines[3], number=5), resealed(lines[3], number=6)],
        [
            ("audit.changed", 4, "r4"),
            ("audit.changed", 5, "r4"),
            ("audit.unknown", 5, "r4"),
            ("audit.unknown", 6, "r4"),
        ],
    ),
    "one was added that is not the next": (
        lambda lines: [*lines, resealed(lines[3], number=5)],
        [("audit.changed", 4, "r4"), ("audit.unknown", 5, "r4")],
    ),
}


@pytest.mark.parametrize("name", MANIPULATIONS)
def test_each_manipulation_is_found_and_named(chain: Chain, name: str) -> None:
    change, expected = MANIPULATIONS[name]
    chain.rewrite(change)
    assert sorted(chain.found(), key=str) == sorted(expected, key=str)


def test_any_byte_of_the_log_that_changes_is_found(chain: Chain) -> None:
    path = file_of(chain)
    before = path.read_bytes()
    ends = [at for at, byte in enumerate(before) if byte == ord("\n")]
    for at in range(0, len(before), 7):
        path.write_bytes(before[:at] + bytes([before[at] ^ 1]) + before[at + 1 :])
        number = 1 + sum(end < at for end in ends)
        assert number in {each.number for each in chain.check().findings}, f"byte {at}"
    for at in ends:
        path.write_bytes(before[:at] + before[at + 1 :])
        assert chain.found(), f"the end of the line at {at}"
    path.write_bytes(before)
    assert chain.found() == []


def test_a_log_that_was_deleted_is_missed(chain: Chain) -> None:
    file_of(chain).unlink()
    [finding] = chain.check().findings
    assert finding.said == "records 1 to 4 were cut off"


def test_a_log_that_was_cut_is_missed_wherever_it_was_cut(chain: Chain) -> None:
    path = file_of(chain)
    data = path.read_bytes()
    for length in range(0, len(data), 13):
        path.write_bytes(data[:length])
        assert "audit.cut-off" in {code for code, _, _ in chain.found()}


def test_requests_that_are_gone_or_damaged_are_named_by_their_run(chain: Chain) -> None:
    assert isinstance(chain.store, FileStore)
    kept = [line.record["requests"]["sha256"] for line in chain.log.lines() if line.record]
    for number, name in ((2, kept[1]), (3, kept[2])):
        [path] = [each for each in chain.store.folder.rglob(f"*{name}*") if each.is_file()]
        path.unlink() if number == 2 else path.write_bytes(path.read_bytes()[:-1])
    assert chain.found() == [("audit.requests", 2, "r2"), ("audit.requests", 3, "r3")]
    assert chain.check().requests == 2


def test_requests_of_another_number_are_no_requests_of_this_run(chain: Chain) -> None:
    for run, blob, said in (("r5", packed([{}]), "are 1, not 2"), ("r6", b"x", "are damaged")):
        [name] = chain.store.put_blobs([blob], space=SPACE)
        chain.run(run, requests={"count": 2, "writes": 1, "sha256": name})
        assert chain.check().findings[-1].said.endswith(f"(run {run}) {said}")
    assert [code for code, _, _ in chain.found()] == ["audit.requests"] * 2


def test_a_store_out_of_reach_is_no_finding(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> bytes:
        raise StateError("nobody answers", code="state.unreachable")

    monkeypatch.setattr(FileStore, "get_blob", away)
    with pytest.raises(StateError, match="nobody answers"):
        chain.check()


def test_one_record_more_than_state_knows_is_legal(chain: Chain) -> None:
    before = chain.head
    chain.run("r5")
    chain.head = before
    assert chain.found() == []
    assert chain.check().ahead


def test_two_records_more_than_state_knows_are_not(chain: Chain) -> None:
    before = chain.head
    chain.run("r5", "r6")
    chain.head = before
    assert chain.found() == [("audit.unknown", 5, "r5"), ("audit.unknown", 6, "r6")]


def test_a_state_that_forgot_the_audit_does_not_make_it_whole(chain: Chain) -> None:
    chain.head = Head()
    assert [code for code, _, _ in chain.found()] == ["audit.unknown"] * 4


def test_an_earlier_estate_in_the_same_log_is_checked_in_itself(chain: Chain) -> None:
    later = Chain(chain.store, "l-2").run("s1", "s2")
    assert later.check().findings == ()
    assert later.check().earlier == {"l-1": 4}
    later.rewrite(lambda lines: [lines[0], *lines[2:]])
    [finding] = later.check().findings
    assert finding.said == "record 2 was removed, of the earlier estate l-1"
