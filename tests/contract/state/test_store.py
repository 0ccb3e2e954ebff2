"""One suite over every store. A new store joins in `conftest.py`."""

from __future__ import annotations

import hashlib
import random
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from callsheet.model.errors import StateError
from callsheet.state.file import FileStore
from callsheet.state.store import Moved, Store, Stored
from support.stores import Backend

SPACE = "exports/dev"


def test_a_document_that_was_never_written_is_none(store: Store) -> None:
    assert store.read("state/dev/head") is None


def test_a_document_reads_back_with_its_version(store: Store) -> None:
    version = store.write("state/dev/head", b"one", expected=None)
    found = store.read("state/dev/head")
    assert found is not None
    assert (found.data, found.version) == (b"one", version)


def test_writing_needs_the_current_version(store: Store) -> None:
    first = store.write("a", b"1", expected=None)
    with pytest.raises(Moved):
        store.write("a", b"2", expected=None)
    second = store.write("a", b"2", expected=first)
    with pytest.raises(Moved):
        store.write("a", b"3", expected=first)
    with pytest.raises(Moved):
        store.write("b", b"1", expected=second)
    found = store.read("a")
    assert found is not None
    assert found.data == b"2"


def test_removing_needs_the_current_version(store: Store) -> None:
    version = store.write("a", b"1", expected=None)
    with pytest.raises(Moved):
        store.remove("a", expected="other")
    store.remove("a", expected=version)
    assert store.read("a") is None


def test_sixteen_racing_writers_have_one_winner(store: Store) -> None:
    version = store.write("a", b"0", expected=None)

    def attempt(number: int) -> bool:
        try:
            store.write("a", b"%d" % number, expected=version)
        except Moved:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(1, 17))) == 1


def test_blobs_are_kept_by_their_content(store: Store) -> None:
    assert store.put_blobs([], space=SPACE) == []
    one, two, again = store.put_blobs([b"one", b"two\r\n\x00", b"one"], space=SPACE)
    assert (one, again) == (hashlib.sha256(b"one").hexdigest(), one)
    assert store.put_blobs([b"three", b"one"], space=SPACE)[1] == one
    assert [store.get_blob(name, space=SPACE) for name in (one, two)] == [b"one", b"two\r\n\x00"]


def test_a_blob_that_is_there_costs_no_second_time(backend: Backend) -> None:
    blobs = [random.Random(number).randbytes(50_000) for number in range(8)]
    backend.open().put_blobs(blobs, space=SPACE)
    store = backend.open()
    before = backend.spent()
    store.put_blobs([*blobs, b"new"], space=SPACE)
    # A database's own housekeeping is in its log as well.
    assert backend.spent() - before < 100_000


def test_a_large_batch_is_kept_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callsheet.state.postgres._PARCEL", 1000)
    blobs = [b"%d" % number * 150 for number in range(40)]
    names = store.put_blobs(blobs, space=SPACE)
    assert [store.get_blob(name, space=SPACE) for name in names] == blobs


def test_a_missing_blob_is_an_error(store: Store) -> None:
    store.put_blobs([b"bytes"], space=SPACE)
    with pytest.raises(StateError) as caught:
        store.get_blob("0" * 64, space=SPACE)
    assert caught.value.diagnostics[0].code == "state.missing"


def test_blobs_are_removed_and_missing_ones_passed_over(backend: Backend) -> None:
    store = backend.open()
    store.remove_blobs(["0" * 64], space=SPACE)
    one, two, three = store.put_blobs([b"1", b"2", b"3"], space=SPACE)
    store.remove_blobs([one, three, "0" * 64], space=SPACE)
    store.remove_blobs([one], space=SPACE)
    for opened in (store, backend.open()):
        assert opened.get_blob(two, space=SPACE) == b"2"
        with pytest.raises(StateError):
            opened.get_blob(one, space=SPACE)
    # Another machine that saw it before it went keeps it again when asked to.
    assert store.put_blobs([b"1"], space=SPACE) == [one]
    assert backend.open().get_blob(one, space=SPACE) == b"1"


def test_what_another_machine_removed_is_kept_anew(backend: Backend) -> None:
    one, two = backend.open(), backend.open()
    [name] = one.put_blobs([b"1"], space=SPACE)
    assert two.get_blob(name, space=SPACE) == b"1"
    one.remove_blobs([name], space=SPACE)
    two.put_blobs([b"1"], space=SPACE)
    assert backend.open().get_blob(name, space=SPACE) == b"1"


def test_spaces_share_nothing(store: Store) -> None:
    other = "exports/dev-2"
    [name] = store.put_blobs([b"bytes"], space=SPACE)
    with pytest.raises(StateError):
        store.get_blob(name, space=other)
    store.put_blobs([b"bytes"], space=other)
    store.remove_blobs([name], space=SPACE)
    assert store.get_blob(name, space=other) == b"bytes"


def test_contents_are_what_is_there(backend: Backend) -> None:
    store = backend.open()
    assert list(store.contents()) == list(store.contents("state/dev")) == []
    version = store.write("state/dev/head", b"1", expected=None)
    store.write("state/dev/head", b"2", expected=version)
    store.write("state/dev-2/head", b"1", expected=None)
    gone = store.write("state/dev/gone", b"1", expected=None)
    store.remove("state/dev/gone", expected=gone)
    for log in ("state/dev/log-0", "state/dev/removed"):
        length = store.append(log, [b"x" * 40_000], expected=0)
        store.append(log, [b"x" * 40_000], expected=length)
    store.remove_log("state/dev/removed")
    one, two = store.put_blobs([b"1", b"2"], space=SPACE)
    store.put_blobs([b"1"], space="exports/dev-2")
    store.remove_blobs([two], space=SPACE)
    fresh = backend.open()
    mine = {
        Stored("document", "state/dev/head"),
        Stored("log", "state/dev/log-0"),
    }
    kept = Stored("blob", SPACE, one)
    others = {Stored("document", "state/dev-2/head"), Stored("blob", "exports/dev-2", one)}
    assert sorted(map(str, fresh.contents())) == sorted(map(str, {*mine, kept, *others}))
    assert set(fresh.contents("state/dev")) == mine
    assert set(fresh.contents("exports/dev")) == {kept}
    assert list(fresh.contents("exports/de")) == []


def test_a_log_grows_by_whole_groups(store: Store) -> None:
    assert store.read_log("l") == ([], 0)
    length = store.append("l", [b"one", b"two"], expected=0)
    length = store.append("l", [b"three"], expected=length)
    assert store.read_log("l") == ([b"one", b"two", b"three"], length)


def test_appending_needs_the_current_length(store: Store) -> None:
    length = store.append("l", [b"one"], expected=0)
    with pytest.raises(Moved):
        store.append("l", [b"two"], expected=0)
    with pytest.raises(Moved):
        store.append("l", [b"two"], expected=length + 1)
    assert store.read_log("l")[0] == [b"one"]


def test_sixteen_racing_appends_have_one_winner(store: Store) -> None:
    def attempt(number: int) -> bool:
        try:
            store.append("l", [b"%d" % number], expected=0)
        except Moved:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(16))) == 1
    assert len(store.read_log("l")[0]) == 1


def test_a_removed_log_begins_anew(store: Store) -> None:
    store.append("l", [b"one"], expected=0)
    store.remove_log("l")
    store.remove_log("l")
    assert store.read_log("l") == ([], 0)


@pytest.mark.parametrize("name", ["", "../x", "a/../b", "/etc/passwd", "A", "a b", "a//b"])
def test_names_cannot_lead_astray(store: Store, name: str) -> None:
    with pytest.raises(StateError):
        store.write(name, b"x", expected=None)
    with pytest.raises(StateError):
        store.put_blobs([b"x"], space=name)
    with pytest.raises(StateError):
        store.remove_blobs([name], space=SPACE)


class TestFileStore:
    """What holds of files alone."""

    def test_everything_is_private_to_its_owner(self, tmp_path: Path) -> None:
        store = FileStore(tmp_path / "store")
        store.write("state/dev/head", b"x", expected=None)
        store.put_blobs([b"y"], space=SPACE)
        store.append("state/dev/log-0", [b"z"], expected=0)
        files = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
        assert len(files) >= 3
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        folders = [path for path in (tmp_path / "store").rglob("*") if path.is_dir()]
        assert {stat.S_IMODE(path.stat().st_mode) for path in [tmp_path / "store", *folders]} == {0o700}

    def test_a_torn_last_entry_is_left_out_and_written_over(self, tmp_path: Path) -> None:
        store = FileStore(tmp_path / "store")
        length = store.append("l", [b"one"], expected=0)
        path = tmp_path / "store" / "logs" / "l"
        path.write_bytes(path.read_bytes() + b"tw")
        assert store.read_log("l") == ([b"one"], length)
        store.append("l", [b"two"], expected=length)
        assert store.read_log("l")[0] == [b"one", b"two"]

    def test_a_damaged_blob_is_found(self, tmp_path: Path) -> None:
        store = FileStore(tmp_path / "store")
        [name] = store.put_blobs([b"bytes"], space=SPACE)
        (tmp_path / "store" / "blobs" / SPACE / name[:2] / name).write_bytes(b"bytez")
        with pytest.raises(StateError, match="does not hold what its name says"):
            store.get_blob(name, space=SPACE)

    def test_a_process_killed_while_it_writes_leaves_the_old_or_the_new_whole(self, tmp_path: Path) -> None:
        script = (
            "import sys; from pathlib import Path; from callsheet.state.file import FileStore\n"
            "store = FileStore(Path(sys.argv[1])); version = None; number = 0\n"
            "while True:\n"
            "    number += 1\n"
            "    version = store.write('a', b'%d ' % number * 50_000, expected=version)\n"
            "    print(number, flush=True)\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "store")], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        told = 0
        for line in process.stdout:
            told = int(line)
            if told == 20:
                process.kill()
                break
        rest = process.stdout.read().split()
        process.stdout.close()
        process.wait()
        told = int(rest[-1]) if rest else told
        found = FileStore(tmp_path / "store").read("a")
        assert found is not None
        numbers = set(found.data.split())
        assert len(numbers) == 1
        # Whatever was acknowledged is there.
        assert int(numbers.pop()) >= told
