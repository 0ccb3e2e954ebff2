"""What every store holds names and entries to, so that what one store takes, all of them take."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from callsheet.model.errors import StateError

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def checked(name: str) -> str:
    """The name of a document or log as it is. StateError for one that could lead astray."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise StateError(f"{name!r} cannot be a name in a store", code="state.name")
    return name


def checked_sha256(name: str) -> str:
    """The name of a blob as it is. StateError for anything that is no SHA-256 in hex."""
    if not _SHA256.fullmatch(name):
        raise StateError(f"{name!r} is no SHA-256", code="state.name")
    return name


def named(blob: bytes) -> str:
    """The name of a blob: its SHA-256 in hex."""
    return hashlib.sha256(blob).hexdigest()


def lies_in(name: str, prefix: str) -> bool:
    """Whether a name is the prefix or lies beneath it; everything lies in the empty one."""
    return not prefix or name == prefix or name.startswith(f"{prefix}/")


def joined(entries: Sequence[bytes]) -> bytes:
    """Entries as lines. StateError for one with a line break: it would read back as two."""
    if any(b"\n" in entry for entry in entries):
        raise StateError("an entry of a log holds a line break", code="state.entry")
    return b"".join(entry + b"\n" for entry in entries)


def parted(lines: bytes) -> list[bytes]:
    """The entries of whole lines. Not `splitlines`, which parts at carriage returns as well."""
    return lines.split(b"\n")[:-1]
