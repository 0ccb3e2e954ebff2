"""Writers in threads and in processes, each as on a machine of its own, and one that is killed."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from callsheet.state.store import Moved
from support.stores import Backend

TESTS = Path(__file__).parents[2]
PROCESSES, THREADS = 4, 4

RACE = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from callsheet.state.store import Moved
from support.stores import open_recipe

store = open_recipe(json.loads(sys.argv[1]))
number, expected = sys.argv[2], sys.argv[3] or None
print("ready", flush=True)
sys.stdin.readline()

def attempt(thread):
    try:
        if expected:
            store.write("a", f"{number}-{thread}".encode(), expected=expected)
        else:
            store.append("l", [f"{number}-{thread}".encode()], expected=0)
    except Moved:
        return 0
    return 1

with ThreadPoolExecutor(4) as pool:
    print(sum(pool.map(attempt, range(4))), flush=True)
"""

WRITE_ON = """
import json, sys
from support.stores import open_recipe

store = open_recipe(json.loads(sys.argv[1]))
version, number, length = None, 0, 0
while True:
    number += 1
    version = store.write("a", b"%d " % number * 20_000, expected=version)
    length = store.append("l", [b"%d" % number] * 3, expected=length)
    print(number, flush=True)
"""


def start(script: str, backend: Backend, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, json.dumps(backend.recipe()), *more],
        cwd=TESTS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("what", ["document", "log"])
def test_sixteen_writers_in_four_processes_have_one_winner(backend: Backend, what: str) -> None:
    store = backend.open()
    expected = store.write("a", b"0", expected=None) if what == "document" else ""
    racers = [start(RACE, backend, str(number), expected) for number in range(PROCESSES)]
    wins = []
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    for racer in racers:
        out, _ = racer.communicate()
        wins.append(int(out))
    assert sum(wins) == 1
    winner = str(wins.index(1)).encode()
    if what == "document":
        found = store.read("a")
        assert found is not None
        assert found.data.startswith(winner + b"-")
    else:
        entries, _ = store.read_log("l")
        assert [entry.split(b"-")[0] for entry in entries] == [winner]


def test_writers_of_different_documents_all_win(backend: Backend) -> None:
    stores = [backend.open() for _ in range(4)]

    def write(number: int) -> None:
        version = None
        for step in range(3):
            version = stores[number].write(f"of/{number}", b"%d" % step, expected=version)
        stores[number].append(f"log/{number}", [b"x"], expected=0)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    last = backend.open()
    for number in range(4):
        found = last.read(f"of/{number}")
        assert found is not None
        assert found.data == b"2"
        assert last.read_log(f"log/{number}")[0] == [b"x"]


def test_a_removed_log_takes_no_late_entry(backend: Backend) -> None:
    late, other = backend.open(), backend.open()
    length = late.append("l", [b"one"], expected=0)
    other.remove_log("l")
    with pytest.raises(Moved):
        late.append("l", [b"two"], expected=length)
    assert other.read_log("l") == ([], 0)
    # Begun anew to the same length by somebody else, it is another log with the same length.
    other.append("l", [b"new"], expected=0)
    late.append("l", [b"two"], expected=length)
    assert other.read_log("l")[0] == [b"new", b"two"]


def test_a_removed_document_can_be_made_anew_by_one(backend: Backend) -> None:
    one, two = backend.open(), backend.open()
    version = one.write("a", b"", expected=None)
    two.remove("a", expected=version)
    assert one.read("a") is None
    with pytest.raises(Moved):
        one.write("a", b"x", expected=version)
    with pytest.raises(Moved):
        one.remove("a", expected=version)

    def attempt(number: int) -> bool:
        try:
            (one, two)[number % 2].write("a", b"%d" % number, expected=None)
        except Moved:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1


def test_a_process_killed_while_it_writes_leaves_the_old_or_the_new_whole(backend: Backend) -> None:
    process = start(WRITE_ON, backend)
    assert process.stdout is not None
    told = 0
    for line in process.stdout:
        told = int(line)
        if told == 5:
            process.kill()
            break
    rest, _ = process.communicate()
    told = int(rest.split()[-1]) if rest.split() else told
    store = backend.open()
    found = store.read("a")
    assert found is not None
    numbers = found.data.split()
    assert len(numbers) == 20_000
    assert len(set(numbers)) == 1
    # Whatever was acknowledged is there, and the groups of a log are whole.
    assert int(numbers[0]) >= told
    entries, length = store.read_log("l")
    assert entries == [b"%d" % number for number in range(1, len(entries) // 3 + 1) for _ in range(3)]
    assert len(entries) // 3 >= told
    store.append("l", [b"on"], expected=length)
