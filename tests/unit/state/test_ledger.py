"""State survives, grows by what changed, and is never taken for empty when it is damaged."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from callsheet.model.errors import StateError
from callsheet.model.value import Ref, Secret
from callsheet.state.file import FileStore
from callsheet.state.ledger import Ledger
from callsheet.state.record import Record
from callsheet.state.snapshot import Entry
from callsheet.state.store import Moved


def record(which: str, **more: object) -> Record:
    return Record(f"Assistant/{which}", "Assistant", f"id-{which}", **more)  # type: ignore[arg-type]


def ledger(folder: Path) -> Ledger:
    return Ledger(FileStore(folder), "dev")


def begun(folder: Path, count: int = 3) -> Ledger:
    out = ledger(folder)
    out.load()
    out.begin()
    out.append([Entry(put=(record(f"a{number}"),)) for number in range(count)])
    out.close()
    return out


def test_no_state_is_an_empty_state_without_a_lineage(tmp_path: Path) -> None:
    state = ledger(tmp_path).load()
    assert (state.lineage, state.serial, dict(state.records)) == (None, 0, {})
    assert list(tmp_path.iterdir()) == []


def test_reading_writes_nothing(tmp_path: Path) -> None:
    begun(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    ledger(tmp_path).load()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_what_was_appended_is_there_with_everything_a_record_holds(tmp_path: Path) -> None:
    full = record(
        "a",
        name="A",
        applied={"tools": [Ref("Tool/t", id="7")], "key": Secret("secrets://env/K", "d")},
        seen={"x": 1},
        attributes={"id": "id-a", "toolId": "t"},
        depends_on=("Tool/t",),
        prevent_destroy=True,
        on_remove="forget",
        labels={"team": "x"},
        masked=("key",),
        residual=(("old", 0, "b"),),
        ignore=("speed",),
        replaced=("id-0",),
        files_digest="f",
        settings_digest="s",
        renderer="0.1.0",
    )
    first = ledger(tmp_path)
    first.load()
    first.begin()
    first.append([Entry(put=(full,), organisation="org-1")])
    state = ledger(tmp_path).load()
    again = state.records["Assistant/a"]
    assert again.to_json() == full.to_json()
    assert again.applied_symbols == full.applied
    assert again.applied_fingerprint == full.applied_fingerprint
    assert state.organisation == "org-1"


def test_each_entry_is_a_serial_and_a_lineage_never_changes(tmp_path: Path) -> None:
    first = begun(tmp_path)
    state = ledger(tmp_path).load()
    assert state.serial == 3
    second = ledger(tmp_path)
    second.load()
    assert second.begin().lineage == state.lineage
    after = second.append([Entry(remove=("Assistant/a0",))])
    assert (after.serial, sorted(after.records)) == (4, ["Assistant/a1", "Assistant/a2"])
    with pytest.raises(Moved):
        first.append([Entry(put=(record("late"),))])


def test_two_first_applies_have_one_lineage(tmp_path: Path) -> None:
    one, two = ledger(tmp_path), ledger(tmp_path)
    one.load()
    two.load()
    one.begin()
    with pytest.raises(Moved):
        two.begin()


def test_writing_costs_what_changed(tmp_path: Path) -> None:
    out = begun(tmp_path, 500)
    sizes = {path: path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()}
    out.append([Entry(put=(record("a0"),))])
    out.close()
    grown = sum(path.stat().st_size - sizes.get(path, 0) for path in tmp_path.rglob("*") if path.is_file())
    assert 0 < grown < 1000


def test_a_log_that_has_outgrown_its_snapshot_is_folded_in(tmp_path: Path) -> None:
    out = ledger(tmp_path)
    out.load()
    out.begin()
    for number in range(3):
        out.append([Entry(put=(record(f"a{number}", seen={"text": "x" * 120_000}),))])
    out.close()
    assert [path.name for path in (tmp_path / "logs" / "state" / "dev").iterdir()] == ["lineages"]
    state = ledger(tmp_path).load()
    assert (state.serial, len(state.records)) == (3, 3)
    # And it goes on from there.
    again = ledger(tmp_path)
    again.load()
    again.begin()
    again.append([Entry(remove=("Assistant/a0",))])
    assert ledger(tmp_path).load().serial == 4


def damage(change: Callable[[bytes], bytes], *parts: str) -> Callable[[Path], None]:
    def run(folder: Path) -> None:
        path = folder.joinpath(*parts)
        path.write_bytes(change(path.read_bytes()))

    return run


SNAPSHOT = ("documents", "state", "dev", "snapshot")
HEAD = ("documents", "state", "dev", "head")
LOG = ("logs", "state", "dev", "log-0")

DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty snapshot": damage(lambda data: b"", *SNAPSHOT),
    "snapshot cut in the middle": damage(lambda data: data[: len(data) // 2], *SNAPSHOT),
    "snapshot without its trailer": damage(lambda data: b"\n".join(data.splitlines()[:-1]), *SNAPSHOT),
    "snapshot edited": damage(lambda data: data.replace(b'"serial":0', b'"serial":1'), *SNAPSHOT),
    "snapshot of zeros": damage(lambda data: b"\0" * len(data), *SNAPSHOT),
    "snapshot of another format": damage(lambda data: data.replace(b"state/1", b"state/9"), *SNAPSHOT),
    "snapshot gone": lambda folder: folder.joinpath(*SNAPSHOT).unlink(),
    "all documents gone": lambda folder: [folder.joinpath(*each).unlink() for each in (SNAPSHOT, HEAD)],
    "head gone": lambda folder: folder.joinpath(*HEAD).unlink(),
    "head and log gone": lambda folder: [folder.joinpath(*each).unlink() for each in (HEAD, LOG)],
    "head empty": damage(lambda data: b"", *HEAD),
    "head of another lineage": damage(lambda data: b'{"lineage":"other","serial":3}', *HEAD),
    "log cut at a line": damage(lambda data: b"\n".join(data.splitlines()[:-1]) + b"\n", *LOG),
    "log gone": lambda folder: folder.joinpath(*LOG).unlink(),
    "log edited": damage(lambda data: data.replace(b"id-a1", b"id-xx"), *LOG),
    "log reordered": damage(lambda data: b"\n".join(reversed(data.splitlines())) + b"\n", *LOG),
    "log with a line removed": damage(lambda data: b"\n".join(data.splitlines()[1:]) + b"\n", *LOG),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_damaged_state_is_an_error_and_never_an_empty_estate(tmp_path: Path, what: str) -> None:
    begun(tmp_path)
    DAMAGES[what](tmp_path)
    with pytest.raises(StateError) as caught:
        ledger(tmp_path).load()
    told = caught.value.diagnostics[0]
    assert "state of dev" in told.summary
    assert told.hint


def test_a_torn_last_line_of_an_unfinished_write_is_left_out(tmp_path: Path) -> None:
    begun(tmp_path)
    path = tmp_path.joinpath(*LOG)
    path.write_bytes(path.read_bytes() + b'0123456789abcdef {"serial": 4, "put"')
    assert ledger(tmp_path).load().serial == 3


class Cut(Exception):
    """The end of a process, right before or after one of its writes."""


class Cutting(FileStore):
    """Ends at the boundary of the number `at`, counted before and after each write."""

    at = 0

    def write(self, name: str, data: bytes, *, expected: str | None) -> str:
        self._pass()
        version = super().write(name, data, expected=expected)
        self._pass()
        return version

    def append(self, log: str, entries: Sequence[bytes], *, expected: int) -> int:
        self._pass()
        length = super().append(log, entries, expected=expected)
        self._pass()
        return length

    def _pass(self) -> None:
        self.at -= 1
        if self.at == 0:
            raise Cut


@pytest.mark.parametrize(("first", "second"), list(itertools.product(range(1, 9), repeat=2)))
def test_begun_by_runs_that_end_anywhere(tmp_path: Path, first: int, second: int) -> None:
    for at in (first, second):
        store = Cutting(tmp_path)
        store.at = at
        out = Ledger(store, "dev")
        with suppress(Cut):
            out.load()
            out.begin()
            out.append([Entry(put=(record("a"),))])
    again = ledger(tmp_path)
    again.load()
    lineage = again.begin().lineage
    again.append([Entry(put=(record("b"),))])
    assert "Assistant/b" in ledger(tmp_path).load().records
    assert FileStore(tmp_path).read_log("state/dev/lineages")[0] == [str(lineage).encode()]
