"""One transaction's view of the store: rows in, rows out, bodies as JSON bytes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from callsheet.sandbox.stock import STOCK, stock_personalities

_FOREVER = 2**62
_SELECT = """
SELECT * FROM objects
WHERE org = :org AND kind = :kind
  AND created BETWEEN :created_from AND :created_to AND updated BETWEEN :updated_from AND :updated_to
  AND (:parent IS NULL OR parent = :parent) AND (:name IS NULL OR name = :name)
  AND (:ids IS NULL OR id IN (SELECT value FROM json_each(:ids)))
ORDER BY created DESC, id LIMIT :limit OFFSET :offset
"""
_SELECT_ASCENDING = _SELECT.replace("DESC", "ASC")
_COUNT = _SELECT.replace("SELECT * ", "SELECT count(*) ").partition("ORDER BY")[0]


@dataclass(frozen=True, slots=True)
class Row:
    """One object, in the order of the table's columns. `body` is the whole answer for it.

    Times are milliseconds since 1970. `hidden` is a JSON object of what is never returned: digests of
    secrets, never the secrets. `parent` is STOCK where the object is the vendor's.
    """

    org: str
    kind: str
    id: str
    created: int
    updated: int
    body: bytes
    name: str | None = None
    parent: str = ""
    hidden: str = "{}"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows of a kind, newest first unless `ascending`. Times are inclusive, in milliseconds."""

    kind: str
    parent: str | None = None
    ids: tuple[str, ...] | None = None
    name: str | None = None
    created: tuple[int, int] = (0, _FOREVER)
    updated: tuple[int, int] = (0, _FOREVER)
    ascending: bool = False


class Session:
    """What can be done inside one transaction of a Store."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add_organisation(self, org: str, name: str) -> None:
        """Make it, with the stock personalities, where it is missing."""
        made = self._db.execute("INSERT OR IGNORE INTO organisations (id, name) VALUES (?, ?)", (org, name))
        if made.rowcount:
            self._add_stock(org)

    def _add_stock(self, org: str) -> None:
        for id_, name, created, body in stock_personalities():
            self.insert(Row(org, "personality", id_, created, created, body, name, STOCK))

    def has_organisation(self, org: str) -> bool:
        return self._db.execute("SELECT 1 FROM organisations WHERE id = ?", (org,)).fetchone() is not None

    def stamp(self, org: str, now: int) -> int:
        """A time for a write: now, or the next millisecond not yet given in this organisation.

        So `createdAt` orders creation, and a page boundary never falls on more than one object.
        """
        (given,) = self._db.execute(
            "UPDATE organisations SET stamp = max(stamp + 1, ?) WHERE id = ? RETURNING stamp", (now, org)
        ).fetchone()
        return int(given)

    def get(self, org: str, kind: str, id_: str) -> Row | None:
        found = self._db.execute(
            "SELECT * FROM objects WHERE org = ? AND kind = ? AND id = ?", (org, kind, id_)
        ).fetchone()
        return Row(*found) if found else None

    def insert(self, row: Row) -> None:
        self._db.execute(
            "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (row.org, row.kind, row.id, row.created, row.updated, row.body, row.name, row.parent, row.hidden),
        )

    def update(self, row: Row) -> None:
        self._db.execute(
            "UPDATE objects SET updated = ?, body = ?, name = ?, parent = ?, hidden = ?"
            " WHERE org = ? AND kind = ? AND id = ?",
            (row.updated, row.body, row.name, row.parent, row.hidden, row.org, row.kind, row.id),
        )

    def delete(self, row: Row) -> None:
        key = (row.org, row.kind, row.id)
        self._db.execute("DELETE FROM objects WHERE org = ? AND kind = ? AND id = ?", key)
        self._db.execute("DELETE FROM versions WHERE org = ? AND kind = ? AND object = ?", key)

    def rows(self, org: str, wanted: Selection, limit: int = -1, offset: int = 0) -> Iterator[Row]:
        query = _SELECT_ASCENDING if wanted.ascending else _SELECT
        for found in self._db.execute(query, _values(org, wanted, limit, offset)).fetchall():
            yield Row(*found)

    def count(self, org: str, wanted: Selection) -> int:
        (number,) = self._db.execute(_COUNT, _values(org, wanted, -1, 0)).fetchone()
        return int(number)

    def mentioning(self, org: str, kind: str, text: str) -> list[Row]:
        """The rows of a kind whose body has `text` in it somewhere."""
        found = self._db.execute(
            "SELECT * FROM objects WHERE org = ? AND kind = ? AND instr(body, ?) > 0 ORDER BY created",
            (org, kind, text.encode()),
        )
        return [Row(*columns) for columns in found]

    def add_version(self, org: str, kind: str, object_: str, number: int, body: bytes) -> None:
        self._db.execute("INSERT INTO versions VALUES (?, ?, ?, ?, ?)", (org, kind, object_, number, body))

    def versions(self, org: str, kind: str, object_: str, limit: int) -> list[bytes]:
        """The bodies, newest first."""
        found = self._db.execute(
            "SELECT body FROM versions WHERE org = ? AND kind = ? AND object = ?"
            " ORDER BY number DESC LIMIT ?",
            (org, kind, object_, limit),
        )
        return [body for (body,) in found]

    def version(self, org: str, kind: str, object_: str, number: int) -> bytes | None:
        found = self._db.execute(
            "SELECT body FROM versions WHERE org = ? AND kind = ? AND object = ? AND number = ?",
            (org, kind, object_, number),
        ).fetchone()
        return found[0] if found else None

    def put_content(self, org: str, id_: str, mimetype: str, data: bytes) -> None:
        self._db.execute("INSERT OR REPLACE INTO contents VALUES (?, ?, ?, ?)", (org, id_, mimetype, data))

    def content(self, org: str, id_: str) -> tuple[str, bytes] | None:
        found = self._db.execute(
            "SELECT mimetype, data FROM contents WHERE org = ? AND id = ?", (org, id_)
        ).fetchone()
        return (found[0], found[1]) if found else None

    def delete_content(self, org: str, id_: str) -> None:
        self._db.execute("DELETE FROM contents WHERE org = ? AND id = ?", (org, id_))

    def clear(self, org: str) -> None:
        """Forget everything of the organisation. Its clock stays, so that times keep ordering."""
        self._db.execute("DELETE FROM objects WHERE org = ?", (org,))
        self._db.execute("DELETE FROM versions WHERE org = ?", (org,))
        self._db.execute("DELETE FROM contents WHERE org = ?", (org,))
        self._add_stock(org)


def _values(org: str, wanted: Selection, limit: int, offset: int) -> dict[str, Any]:
    return {
        "org": org,
        "kind": wanted.kind,
        "parent": wanted.parent,
        "name": wanted.name,
        "ids": None if wanted.ids is None else orjson.dumps(wanted.ids).decode(),
        "created_from": wanted.created[0],
        "created_to": wanted.created[1],
        "updated_from": wanted.updated[0],
        "updated_to": wanted.updated[1],
        "limit": limit,
        "offset": offset,
    }
