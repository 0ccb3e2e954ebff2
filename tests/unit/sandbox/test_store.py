from __future__ import annotations

import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from callsheet.model.errors import CallsheetError
from callsheet.sandbox.app import create_app
from callsheet.sandbox.server import Server, serve
from callsheet.sandbox.store import Store
from unit.sandbox.client import ASSISTANT, FUNCTION, Api

SERVE = """
import sys
from callsheet.sandbox.app import create_app
from callsheet.sandbox.server import serve
from callsheet.sandbox.store import Store
server = serve(create_app(Store(sys.argv[1]), organisation="dev"))
print(server.port, flush=True)
server.wait()
"""


def start(path: Path) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def stop(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def send(port: int, method: str, path: str, body: object) -> dict[str, object]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        headers = {"Authorization": "Bearer k", "Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body), headers)
        response = connection.getresponse()
        made: dict[str, object] = json.loads(response.read())
        assert response.status in (200, 201), made
        return made
    finally:
        connection.close()


def post(port: int, name: str) -> str:
    return str(send(port, "POST", "/tool", FUNCTION | {"function": {"name": name}})["id"])


def test_sixteen_threads_lose_nothing(server: Server, api: Api) -> None:
    def work(number: int) -> list[str]:
        client = Api(server)
        ids = [client.make("/tool", FUNCTION)["id"] for _ in range(10)]
        client.connection.close()
        return ids

    with ThreadPoolExecutor(16) as pool:
        made = [id_ for ids in pool.map(work, range(16)) for id_ in ids]
    listed = api.get("/tool?limit=1000")
    assert sorted(tool["id"] for tool in listed) == sorted(made)
    assert len({tool["createdAt"] for tool in listed}) == 160


def test_concurrent_updates_of_one_object_all_count(server: Server, api: Api) -> None:
    made = api.make("/assistant", ASSISTANT)
    fields = ("firstMessage", "endCallMessage", "voicemailMessage")

    def work(number: int) -> None:
        client = Api(server)
        client.change(f"/assistant/{made['id']}", {fields[number % 3]: f"text {number}"})
        client.connection.close()

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(12)))
    after = api.get(f"/assistant/{made['id']}")
    assert after["latestVersion"] == "v13"
    assert all(after[field].startswith("text ") for field in fields)


def test_two_processes_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    (one, first), (two, second) = start(path), start(path)
    try:
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda number: post((first, second)[number % 2], f"t{number}"), range(40)))
            one_tool = f"/tool/{made[0]}"
            changes = [{"function": {"name": f"changed{number}"}} for number in range(40)]
            # Read and write in one transaction: none may build on what another one replaced meanwhile.
            list(
                pool.map(
                    lambda number: send((first, second)[number % 2], "PATCH", one_tool, changes[number]),
                    range(40),
                )
            )
    finally:
        stop(one)
        stop(two)
    store = Store(path)
    with serve(create_app(store, organisation="dev")) as server:
        api = Api(server)
        listed = api.get("/tool")
        api.connection.close()
    store.close()
    assert sorted(tool["id"] for tool in listed) == sorted(made)
    assert len({tool["createdAt"] for tool in listed}) == 40
    assert {tool["latestVersion"] for tool in listed if tool["id"] == made[0]} == {"v41"}


def test_many_open_a_new_file_at_once(tmp_path: Path) -> None:
    def work(_: int) -> str:
        store = Store(tmp_path / "s.db")
        try:
            return store.organisation("dev")
        finally:
            store.close()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(work, range(16)))) == 1


def test_opening_and_reading_write_nothing(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = Store(path)
    store.organisation("dev")
    store.close()
    before = path.read_bytes()
    store = Store(path)
    with serve(create_app(store, organisation="dev")) as server:
        api = Api(server)
        assert len(api.get("/eval/simulation/personality")) == 7
        api.connection.close()
    store.close()
    assert path.read_bytes() == before


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    process, port = start(path)
    answered: list[str] = []
    enough = threading.Event()

    def work(number: int) -> None:
        try:
            while True:
                answered.append(post(port, f"t{number}"))
                if len(answered) >= 40:
                    enough.set()
        except (OSError, http.client.HTTPException):
            return

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(work, number) for number in range(4)]
        assert enough.wait(60)
        os.kill(process.pid, signal.SIGKILL)
        for each in running:
            each.result()
    stop(process)
    store = Store(path)
    with serve(create_app(store, organisation="dev")) as server:
        api = Api(server)
        kept = {tool["id"] for tool in api.get("/tool?limit=1000")}
        api.connection.close()
    store.close()
    assert len(answered) >= 40
    assert set(answered) <= kept
    assert len(kept) <= len(answered) + 4


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to be taken for one " * 50, b"\0" * 4096]
)
def test_another_file_is_not_taken_for_a_store(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(CallsheetError, match=r"notes\.txt cannot be opened"):
        Store(path)
    assert path.read_bytes() == content


def test_a_store_of_a_later_format_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(CallsheetError, match="format 99"):
        Store(path)


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(CallsheetError, match="cannot be opened"):
        Store(tmp_path)
