"""Clean releases: none holds the value of a secret that is known here."""

from __future__ import annotations

from contextlib import suppress

from callsheet.diff.veil import Veil
from callsheet.model.errors import CallsheetError, Refused
from callsheet.operations.secrecy import known_secrets
from callsheet.operations.session import Session
from callsheet.operations.sources import Source

# Larger files are uploads, and not searched.
_TEXT_BYTES = 16 * 1024 * 1024


def check_secrets(session: Session, source: Source) -> None:
    """Refused where a file of what is to be pinned holds a value: a release keeps its files for good.

    Known are the values of the environment and of the one that the source is from, as far as they resolve
    here.
    """
    assert source.move is not None
    values: set[str] = set()
    for name in {session.environment.name, source.move.origin.environment}:
        other = session.beside(name)
        with suppress(CallsheetError):
            # Where its state cannot be read, what the other one refers to is known all the same.
            values.update(known_secrets(other, other.ledger.load()))
    veil = Veil.of(values, b"")
    found = [
        path
        for path, entry in source.manifest.files.items()
        if entry.size <= _TEXT_BYTES and veil.holds(source.read(path))
    ]
    if found:
        raise Refused(
            f"{', '.join(found[:3])}{', …' if len(found) > 3 else ''} holds the value of a secret",
            detail="A release keeps its files for good. Nothing was written.",
            hint="write a secrets:// reference in its place, and have the secret changed",
            code="refused.promotion-secret",
        )
