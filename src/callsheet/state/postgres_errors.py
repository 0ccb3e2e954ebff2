"""What PostgreSQL refuses, in words that lead on and without the connection string."""

from __future__ import annotations

from collections.abc import Iterable

from callsheet.model.errors import StateError

_DENIED = ("42501", "28000", "28P01")


def no_psycopg() -> StateError:
    return StateError(
        "the state backend `postgres` needs psycopg, which is not installed",
        hint="pip install 'callsheet[postgres]'",
        code="state.no-psycopg",
    )


def conninfo_wrong(store: str) -> StateError:
    return StateError(
        f"{store}: what `dsn` leads to is no connection string",
        detail="It is not shown, since it may hold a password.",
        hint="it looks like postgresql://user:password@host:5432/database?sslmode=verify-full",
        code="state.settings",
    )


def failed(cause: Exception, store: str, hidden: Iterable[str]) -> StateError:
    """The error to show; `hidden` are strings that must not be in it."""
    said = " ".join(str(cause).split())
    for each in hidden:
        said = said.replace(each, "…")
    state = getattr(cause, "sqlstate", None)
    if state in _DENIED or "authentication failed" in said:
        return StateError(
            f"{store}: not allowed",
            detail=f"PostgreSQL says: {said}",
            hint="the role needs to connect, usage on the schema, and select, insert, update and delete on "
            "its tables; for the first write also to create the schema (docs/state.md has the statements)",
            code="state.denied",
        )
    if state is None or state.startswith(("08", "57P")):
        return StateError(
            f"{store} cannot be reached",
            detail=f"{said} If it was writing, it is not known whether that arrived.",
            hint="check the network, the server and what `dsn` leads to, then plan again",
            code="state.unreachable",
        )
    return StateError(
        f"{store}: PostgreSQL refused",
        detail=f"PostgreSQL says: {said}",
        hint="the tables may be of another version, or the server is read-only or full",
        code="state.postgres",
    )
