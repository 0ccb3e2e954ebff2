"""State in PostgreSQL, in a schema of its own.

Every call is one statement, and thereby one transaction; nothing is kept in the session, so that poolers
in transaction mode are safe: no prepared statements, no settings, no session locks. Versions and the marks
of log blocks are made here, so that after a lost connection the table says whether the write had arrived.
"""

from __future__ import annotations

import hashlib
import os
import threading
import uuid
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, LiteralString

from callsheet.model.errors import StateError
from callsheet.state import postgres_statements as statements
from callsheet.state.names import checked, checked_sha256, joined, lies_in, named, parted
from callsheet.state.postgres_errors import conninfo_wrong, failed, no_psycopg
from callsheet.state.store import Moved, Stored, Versioned

if TYPE_CHECKING:
    import psycopg

SCHEMA = "callsheet"
# Bytes of blobs in one statement: a message of PostgreSQL's has to fit into memory, on both sides.
_PARCEL = 32 * 1024 * 1024


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


class PostgresStore:
    """Thread-safe: calls take turns on one connection.

    `dsn` is asked for when the first call needs it; `name` stands for it wherever people read.
    """

    def __init__(
        self,
        dsn: Callable[[], str],
        *,
        name: str = "a database",
        schema: str = SCHEMA,
        nonce: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._dsn = dsn
        self._name = name
        self._schema = schema
        self._nonce = nonce
        self._line = _Line()
        self.close = weakref.finalize(self, self._line.close)

    def describe(self) -> str:
        return f"postgres store: schema {self._schema} of {self._name}"

    def read(self, name: str) -> Versioned | None:
        rows = self._rows(statements.READ, checked(name))
        if not rows:
            return None
        data, version, sha256 = rows[0]
        if hashlib.sha256(data).hexdigest() != sha256:
            raise self._damaged(f"the document {name} is not what was written")
        return Versioned(data, version)

    def write(self, name: str, data: bytes, *, expected: str | None) -> str:
        version, sha256 = self._nonce(), hashlib.sha256(data).hexdigest()
        if expected is None:
            count = self._write(statements.MAKE, checked(name), version, sha256, data)
        else:
            count = self._write(statements.REPLACE, version, sha256, data, checked(name), expected)
        # Nothing changed: somebody was faster, or this very write had arrived before its answer got lost.
        if count == 0 and [row[1] for row in self._rows(statements.READ, name)] != [version]:
            raise self._moved(name)
        return version

    def remove(self, name: str, *, expected: str) -> None:
        if self._write(statements.REMOVE, checked(name), expected) == 0:
            raise self._moved(name)

    def put_blobs(self, blobs: Sequence[bytes], *, space: str) -> list[str]:
        wanted = {named(data): data for data in blobs}
        there = {name for (name,) in self._rows(statements.KEPT, checked(space), list(wanted))}
        missing = [name for name in wanted if name not in there]
        for names in _parcels(missing, wanted):
            self._write(statements.KEEP, space, names, [wanted[name] for name in names])
        return [named(data) for data in blobs]

    def get_blob(self, sha256: str, *, space: str) -> bytes:
        rows = self._rows(statements.GET, checked(space), checked_sha256(sha256))
        if not rows:
            raise StateError(
                f"the blob {sha256} is not in {self.describe()}",
                hint="check that this is the database and schema that it was kept in",
                code="state.missing",
            )
        data: bytes = rows[0][0]
        if hashlib.sha256(data).hexdigest() != sha256:
            raise self._damaged(f"the blob {sha256} does not hold what its name says")
        return data

    def remove_blobs(self, names: Collection[str], *, space: str) -> None:
        self._write(statements.FORGET, checked(space), [checked_sha256(name) for name in names])

    def append(self, log: str, entries: Sequence[bytes], *, expected: int) -> int:
        lines, mark = joined(entries), self._nonce()
        length = expected + len(lines)
        count = 0
        if expected:
            count = self._write(statements.APPEND, len(lines), checked(log), expected, expected, mark, lines)
        else:
            count = self._write(statements.BEGIN, checked(log), length, mark, lines)
        if count == 0 and not self._rows(statements.ARRIVED, log, mark):
            raise Moved(
                f"state moved: {log} in {self.describe()} is not {expected} bytes long",
                detail="Another run wrote state meanwhile.",
                hint="plan again",
            )
        return length

    def read_log(self, log: str) -> tuple[list[bytes], int]:
        rows = self._rows(statements.READ_LOG, checked(log))
        if not rows:
            return [], 0
        length, parts, at = rows[0][0], [], 0
        for _, position, data in rows:
            if position is None:  # the log's row stands alone
                break
            if position != at or not data.endswith(b"\n"):
                raise self._damaged(f"the log {log} lacks a part, or one was changed, at byte {at}")
            parts.append(data)
            at += len(data)
        if at != length:
            raise self._damaged(f"the log {log} ends at byte {at}, and {length} were written")
        return parted(b"".join(parts)), length

    def remove_log(self, log: str) -> None:
        self._write(statements.REMOVE_LOG, checked(log))

    def contents(self, prefix: str = "") -> Iterator[Stored]:
        for kind, name, sha256 in self._rows(statements.CONTENTS):
            if lies_in(name, prefix):
                yield Stored(kind, name, sha256)

    # statements

    def _rows(self, query: LiteralString, *values: object) -> list[Any]:
        """The rows; none where the tables are not there yet. Reading makes nothing."""
        _, rows = self._run(query, values)
        return rows or []

    def _write(self, query: LiteralString, *values: object) -> int:
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
        statement = sql.SQL(query).format(schema=sql.Identifier(self._schema))
        problem: Exception | None = None
        for _ in range(2):
            with self._line.lock:
                connection = self._connected()
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
            connection = self._connected()
            try:
                with connection.transaction():
                    for each in statements.TABLES:
                        names = {"schema": sql.Identifier(self._schema), "name": sql.Literal(self._schema)}
                        connection.execute(sql.SQL(each).format(**names))
            except psycopg.Error as cause:
                problem = cause
        if problem is not None:
            raise failed(problem, self.describe(), self._hidden())

    def _connected(self) -> psycopg.Connection[Any]:
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
        """What must not be in an error: the connection string and the passwords in it."""
        from psycopg.conninfo import conninfo_to_dict

        dsn = self._dsn()
        parts = conninfo_to_dict(dsn)
        return (dsn, *(str(parts[key]) for key in ("password", "sslpassword", "passfile") if parts.get(key)))

    def _moved(self, name: str) -> Moved:
        return Moved(f"{name} in {self.describe()} was written by somebody else meanwhile", hint="plan again")

    def _damaged(self, what: str) -> StateError:
        return StateError(
            f"{self.describe()}: {what}",
            detail="Damaged state is never taken for an empty estate.",
            hint="restore the schema from a backup of the database",
            code="state.damaged",
        )


def _parcels(names: Sequence[str], blobs: Mapping[str, bytes]) -> Iterator[list[str]]:
    """The names in groups whose blobs go into one statement; a large one goes alone."""
    parcel: list[str] = []
    size = 0
    for name in names:
        if parcel and size + len(blobs[name]) > _PARCEL:
            yield parcel
            parcel, size = [], 0
        parcel.append(name)
        size += len(blobs[name])
    if parcel:
        yield parcel
