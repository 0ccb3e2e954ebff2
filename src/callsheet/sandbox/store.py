"""The sandbox's memory: one SQLite file (WAL) that several processes and threads may share.

An answered write is on disk before the answer leaves, so a killed server loses nothing that it promised.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from callsheet.model.errors import CallsheetError
from callsheet.sandbox.session import Session

FORMAT = 1
_BUSY_SECONDS = 30
_NAMESPACE = uuid.UUID("6f1a1d0e-6c0a-4f6e-9d1c-0a4b7c6d2e11")
_TABLES = """
CREATE TABLE IF NOT EXISTS organisations (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, stamp INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects (
  org TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
  body BLOB NOT NULL, name TEXT, parent TEXT NOT NULL, hidden TEXT NOT NULL,
  UNIQUE (org, kind, id)
);
CREATE INDEX IF NOT EXISTS objects_by_age ON objects (org, kind, created);
CREATE TABLE IF NOT EXISTS versions (
  org TEXT NOT NULL, kind TEXT NOT NULL, object TEXT NOT NULL, number INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (org, kind, object, number)
);
CREATE TABLE IF NOT EXISTS contents (
  org TEXT NOT NULL, id TEXT NOT NULL, mimetype TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (org, id)
);
"""


class Store:
    """The file. Created, with mode 0600, where it is missing; CallsheetError where it is no store."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._idle: list[sqlite3.Connection] = []
        self._all: list[sqlite3.Connection] = []
        self._pool = threading.Lock()
        # SQLite lets one writer in at a time and makes the others poll; threads of one process queue here.
        self._writer = threading.Lock()
        self._organisations: dict[str, str] = {}
        self._closed = False
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            self._prepare()
        except (OSError, sqlite3.Error) as problem:
            self.close()
            raise CallsheetError(
                f"the sandbox's store {self.path} cannot be opened: {problem}",
                hint="Name another file, or delete this one if it is a sandbox that you can do without.",
                code="sandbox.store",
            ) from None

    def _prepare(self) -> None:
        with self._connection() as connection:
            (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found == FORMAT:
            return
        if found != 0:
            raise sqlite3.DatabaseError(f"it has format {found}, and this Callsheet knows {FORMAT}")
        with self._transaction() as connection:
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {FORMAT}")

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """One consistent view: what other writers do meanwhile does not show."""
        with self._connection() as connection:
            connection.execute("BEGIN")
            try:
                yield Session(connection)
            finally:
                connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction, alone among all writers; committed durably on leaving, undone on an error."""
        with self._transaction() as connection:
            yield Session(connection)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._writer, self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def organisation(self, name: str) -> str:
        """The id of the organisation of that name, made where it is missing. Equal names, equal ids."""
        if found := self._organisations.get(name):
            return found
        made = str(uuid.uuid5(_NAMESPACE, name))
        with self.reading() as session:
            known = session.has_organisation(made)
        if not known:
            with self.writing() as session:
                session.add_organisation(made, name)
        self._organisations[name] = made
        return made

    def close(self) -> None:
        """Close every connection. Transactions under way elsewhere in this process fail."""
        with self._pool:
            self._closed = True
            for connection in self._all:
                connection.close()
            self._all.clear()
            self._idle.clear()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with self._pool:
            if self._closed:
                raise sqlite3.ProgrammingError("the store is closed")
            connection = self._idle.pop() if self._idle else self._connect()
        try:
            yield connection
        finally:
            with self._pool:
                if self._closed:
                    connection.close()
                else:
                    self._idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._all.append(connection)
        _to_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")
        return connection


def _to_wal(connection: sqlite3.Connection) -> None:
    """Set the journal mode. On a new file SQLite gives up at once where two connections do so together."""
    for _ in range(_BUSY_SECONDS * 100):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as busy:
            if busy.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(0.01)
    raise sqlite3.OperationalError("another process has been holding it for too long")
