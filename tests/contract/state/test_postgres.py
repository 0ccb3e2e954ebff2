"""What holds of the PostgreSQL store alone."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Any

import psycopg
import pytest

from callsheet.model.errors import StateError
from callsheet.state.database import Database
from callsheet.state.postgres import PostgresStore


@pytest.fixture
def schema(tmp_path: Path) -> str:
    return f"s-{tmp_path.name}"[:50]


def opened(dsn: str, schema: str) -> PostgresStore:
    return PostgresStore(Database(lambda: dsn, name="secrets://env/DATABASE_URL", schema=schema))


def run(dsn: str, statement: str, *values: object) -> list[Any]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def failure(store: PostgresStore) -> Any:
    with pytest.raises(StateError) as caught:
        store.write("a", b"x", expected=None)
    told = "".join(traceback.format_exception(caught.value))
    assert "canary" not in told
    assert "canary" not in str(caught.value.__context__)
    assert "canary" not in str(caught.value.diagnostics[0].to_json())
    return caught.value.diagnostics[0]


def test_reading_makes_nothing(dsn: str, schema: str) -> None:
    store = opened(dsn, schema)
    assert store.read("a") is None
    assert store.read_log("l") == ([], 0)
    assert run(dsn, "select 1 from pg_namespace where nspname = %s", schema) == []
    store.write("a", b"x", expected=None)
    assert run(dsn, "select 1 from pg_namespace where nspname = %s", schema) == [(1,)]


def test_nothing_is_kept_in_the_session(dsn: str, schema: str) -> None:
    database = Database(lambda: dsn, name="a database", schema=schema)
    store = PostgresStore(database)
    version = store.write("a", b"0", expected=None)
    for number in range(1, 20):
        version = store.write("a", b"%d" % number, expected=version)
        store.read("a")
    connection = database.connected()
    assert connection.execute("select name from pg_prepared_statements").fetchall() == []
    locks = "select 1 from pg_locks where locktype = 'advisory'"
    assert connection.execute(locks).fetchall() == []
    settings = "select name from pg_settings where source = 'session'"
    assert connection.execute(settings).fetchall() == []


def test_a_connection_that_the_server_ended_is_made_anew(dsn: str, schema: str) -> None:
    store = opened(dsn, schema)
    version = store.write("a", b"1", expected=None)
    length = store.append("l", [b"x"], expected=0)
    end = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'callsheet'"
    run(dsn, end)
    store.write("a", b"2", expected=version)
    run(dsn, end)
    store.append("l", [b"y"], expected=length)
    run(dsn, end)
    assert store.read_log("l")[0] == [b"x", b"y"]


def test_a_connection_string_is_in_no_error(schema: str) -> None:
    for wrong in ("canary", "host=a canary", "postgresql://u:canary@[::1"):
        assert failure(opened(wrong, schema)).code == "state.settings"
    for away in ("postgresql://u:canary@127.0.0.1:1/d", "host=127.0.0.1 port=1 user=u password=canary"):
        told = failure(opened(away, schema))
        assert told.code == "state.unreachable"
        assert "127.0.0.1" in told.detail


def test_a_role_without_rights_is_told_what_it_needs(dsn: str, schema: str) -> None:
    role = f"role_{schema.replace('-', '_')}"
    run(dsn, f'create role "{role}" login')
    poor = dsn.replace("postgres:@", f"{role}:@")
    assert failure(opened(poor, schema)).code == "state.denied"
    # The tables made by somebody with more rights, the role needs no right to make any.
    opened(dsn, schema).write("a", b"x", expected=None)
    run(dsn, f'grant usage on schema "{schema}" to "{role}"')
    run(dsn, f'grant select, insert, update, delete on all tables in schema "{schema}" to "{role}"')
    store = opened(poor, schema)
    store.append("l", [b"x"], expected=store.append("l", [b"x"], expected=0))
    store.write("b", b"x", expected=None)
    store.remove_blobs(store.put_blobs([b"x"], space="exports/dev"), space="exports/dev")
    store.remove_log("l")


def test_no_psycopg_is_clear(dsn: str, schema: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    told = failure(opened(dsn, schema))
    assert (told.code, told.hint) == ("state.no-psycopg", "pip install 'callsheet[postgres]'")


DAMAGES = {
    "a block lost": "delete from {}.log_blocks where position = 2",
    "the last block lost": "delete from {}.log_blocks where position = 4",
    "a block cut": "update {}.log_blocks set data = 'x' where position = 2",
    "a block longer": "update {}.log_blocks set data = E'xxx\\n' where position = 2",
    "a length changed": "update {}.logs set length = 4",
    "all blocks lost": "truncate {}.log_blocks",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_log_is_found(dsn: str, schema: str, damage: str) -> None:
    store = opened(dsn, schema)
    for number in range(3):
        store.append("l", [b"%d" % number], expected=2 * number)
    run(dsn, DAMAGES[damage].format(f'"{schema}"'))
    with pytest.raises(StateError, match="the log l"):
        store.read_log("l")


def test_damaged_documents_and_blobs_are_found(dsn: str, schema: str) -> None:
    store = opened(dsn, schema)
    store.write("a", b"bytes", expected=None)
    [name] = store.put_blobs([b"bytes"], space="exports/dev")
    run(dsn, f'update "{schema}".documents set data = %s', b"bytez")
    run(dsn, f'update "{schema}".blobs set data = %s', b"bytez")
    with pytest.raises(StateError, match="not what was written"):
        store.read("a")
    with pytest.raises(StateError, match="does not hold what its name says"):
        store.get_blob(name, space="exports/dev")
