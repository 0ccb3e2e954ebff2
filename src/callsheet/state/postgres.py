"""State in PostgreSQL, in a schema of its own.

Every call is one statement, and thereby one transaction. Versions and the marks of log blocks are made here,
so that after a lost connection the table says whether the write had arrived.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from callsheet.model.errors import StateError
from callsheet.state import postgres_statements as statements
from callsheet.state.database import Database
from callsheet.state.names import checked, checked_sha256, joined, lies_in, named, parted
from callsheet.state.store import Moved, Stored, Versioned, Writers

SCHEMA = "callsheet"
_ROLES = 12
# Bytes of blobs in one statement: a message of PostgreSQL's has to fit into memory, on both sides.
_PARCEL = 32 * 1024 * 1024


class PostgresStore:
    """Thread-safe, as its database is."""

    def __init__(self, database: Database, *, nonce: Callable[[], str] = lambda: uuid.uuid4().hex) -> None:
        self._database = database
        self._nonce = nonce

    def describe(self) -> str:
        return self._database.describe()

    def read(self, name: str) -> Versioned | None:
        rows = self._database.rows(statements.READ, checked(name))
        if not rows:
            return None
        data, version, sha256 = rows[0]
        if hashlib.sha256(data).hexdigest() != sha256:
            raise self._damaged(f"the document {name} is not what was written")
        return Versioned(data, version)

    def write(self, name: str, data: bytes, *, expected: str | None) -> str:
        version, sha256 = self._nonce(), hashlib.sha256(data).hexdigest()
        if expected is None:
            count = self._database.write(statements.MAKE, checked(name), version, sha256, data)
        else:
            count = self._database.write(statements.REPLACE, version, sha256, data, checked(name), expected)
        # Nothing changed: somebody was faster, or this very write had arrived before its answer got lost.
        if count == 0 and [row[1] for row in self._database.rows(statements.READ, name)] != [version]:
            raise self._moved(name)
        return version

    def remove(self, name: str, *, expected: str) -> None:
        if self._database.write(statements.REMOVE, checked(name), expected) == 0:
            raise self._moved(name)

    def put_blobs(self, blobs: Sequence[bytes], *, space: str) -> list[str]:
        wanted = {named(data): data for data in blobs}
        there = {name for (name,) in self._database.rows(statements.KEPT, checked(space), list(wanted))}
        missing = [name for name in wanted if name not in there]
        for names in _parcels(missing, wanted):
            self._database.write(statements.KEEP, space, names, [wanted[name] for name in names])
        return [named(data) for data in blobs]

    def get_blob(self, sha256: str, *, space: str) -> bytes:
        rows = self._database.rows(statements.GET, checked(space), checked_sha256(sha256))
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
        self._database.write(statements.FORGET, checked(space), [checked_sha256(name) for name in names])

    def append(self, log: str, entries: Sequence[bytes], *, expected: int) -> int:
        lines, mark = joined(entries), self._nonce()
        length = expected + len(lines)
        count = 0
        if expected:
            count = self._database.write(
                statements.APPEND, len(lines), checked(log), expected, expected, mark, lines
            )
        else:
            count = self._database.write(statements.BEGIN, checked(log), length, mark, lines)
        if count == 0 and not self._database.rows(statements.ARRIVED, log, mark):
            raise Moved(
                f"state moved: {log} in {self.describe()} is not {expected} bytes long",
                detail="Another run wrote state meanwhile.",
                hint="plan again",
            )
        return length

    def read_log(self, log: str) -> tuple[list[bytes], int]:
        rows = self._database.rows(statements.READ_LOG, checked(log))
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
        self._database.write(statements.REMOVE_LOG, checked(log))

    def contents(self, prefix: str = "") -> Iterator[Stored]:
        for kind, name, sha256 in self._database.rows(statements.CONTENTS):
            if lies_in(name, prefix):
                yield Stored(kind, name, sha256)

    def writers(self) -> Writers:
        schema = self._database.schema
        found = self._database.rows(statements.WRITERS, schema)
        everybody = self._database.rows(statements.PUBLIC, schema, schema)
        roles = _told([role for role, is_super in found if not is_super])
        masters = _told([role for role, is_super in found if is_super])
        alarms = tuple(f"every role (PUBLIC) may {what} on {table}" for table, what in everybody)
        return Writers(
            f"the roles that may write to tables of the schema {schema} ({roles}), superusers ({masters}) "
            "and whoever runs the server",
            alarms,
            advice=f"revoke all on all tables in schema {schema} from public" if alarms else "",
        )

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


def _told(roles: Sequence[str]) -> str:
    more = f" and {len(roles) - _ROLES} more" if len(roles) > _ROLES else ""
    return f"{', '.join(roles[:_ROLES])}{more}" or "none"
