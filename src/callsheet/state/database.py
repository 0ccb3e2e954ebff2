"""A schema of a PostgreSQL database, one statement at a time.

Nothing is kept in the session, so that poolers in transaction mode are safe: no prepared statements, no
settings, no session locks.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, LiteralString

from callsheet.state import postgres_statements as statements
from callsheet.state.postgres_errors import conninfo_wrong, failed, no_psycopg

if TYPE_CHECKING:
    import psycopg

# What an error may name of a connection string.
_HARMLESS = ("host", "hostaddr", "port", "dbname", "user", "connect_timeout")


@dataclass
class _Line:
    """The connection, made when needed, in the process that needs it. Closed when the store is forgotten."""

    connection: psycopg.Connection[Any] | None = None
    process: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def close(self) -> None:
        # After a fork the connection is the parent's: closing it here would end it there.
        if self.connection is not None and self.process == os.getpid():
            self.connection.close()
        self.connection = None


class Database:
    """Thread-safe: calls take turns on one connection. Every method may raise StateError.

    `dsn` is asked for when the first call needs it; `name` stands for it wherever people read.
    """

    def __init__(self, dsn: Callable[[], str], *, name: str, schema: str) -> None:
        self._dsn = dsn
        self._name = name
        self.schema = schema
        self._line = _Line()
        self.close = weakref.finalize(self, self._line.close)

    def describe(self) -> str:
        return f"postgres store: schema {self.schema} of {self._name}"

    def rows(self, query: LiteralString, *values: object) -> list[Any]:
        """The rows; none where the tables are not there yet. Reading makes nothing."""
        _, rows = self._run(query, values)
        return rows or []

    def write(self, query: LiteralString, *values: object) -> int:
        """How many rows a statement changed; the tables are made where they are not there yet."""
        count, rows = self._run(query, values)
        if rows is None:
            self._make_tables()
            count, _ = self._run(query, values)
        return count

    def _run(self, query: LiteralString, values: Sequence[object]) -> tuple[int, list[Any] | None]:
        """Count and rows; no rows (None) where a table is missing. Tried again once on a lost connection."""
        try:
            import psycopg
            from psycopg import sql
        except ImportError:
            raise no_psycopg() from None
        statement = sql.SQL(query).format(schema=sql.Identifier(self.schema))
        problem: Exception | None = None
        for _ in range(2):
            with self._line.lock:
                connection = self.connected()
                try:
                    with connection.cursor(binary=True) as cursor:
                        cursor.execute(statement, values)
                        return cursor.rowcount, cursor.fetchall() if cursor.description else []
                except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
                    return 0, None
                except psycopg.Error as cause:
                    problem = cause
                    if not connection.broken:
                        break
                    self._line.close()
        assert problem is not None
        raise failed(problem, self.describe(), self._hidden())

    def _make_tables(self) -> None:
        import psycopg
        from psycopg import sql

        problem: Exception | None = None
        with self._line.lock:
            connection = self.connected()
            try:
                with connection.transaction():
                    for each in statements.TABLES:
                        names = {"schema": sql.Identifier(self.schema), "name": sql.Literal(self.schema)}
                        connection.execute(sql.SQL(each).format(**names))
            except psycopg.Error as cause:
                problem = cause
        if problem is not None:
            raise failed(problem, self.describe(), self._hidden())

    def connected(self) -> psycopg.Connection[Any]:
        line = self._line
        if line.connection is not None and line.process == os.getpid() and not line.connection.closed:
            return line.connection
        import psycopg

        problem: Exception | None = None
        dsn = self._dsn()
        try:
            line.connection = psycopg.connect(
                dsn, autocommit=True, prepare_threshold=None, connect_timeout=10, application_name="callsheet"
            )
            line.process = os.getpid()
            return line.connection
        except psycopg.ProgrammingError:
            pass  # its message quotes the connection string; raised below, without it in the chain
        except psycopg.Error as cause:
            problem = cause
        if problem is None:
            raise conninfo_wrong(self.describe())
        raise failed(problem, self.describe(), self._hidden())

    def _hidden(self) -> tuple[str, ...]:
        """What must not be in an error: the connection string, and of its parts all but the harmless."""
        from psycopg.conninfo import conninfo_to_dict

        dsn = self._dsn()
        parts = {key: str(value) for key, value in conninfo_to_dict(dsn).items() if value}
        # A password with an @ that is not quoted ends up in the host.
        told = {value for key, value in parts.items() if key in _HARMLESS and "@" not in value}
        return (dsn, *(value for value in parts.values() if value not in told))
