"""What a store gives: compare-and-swap documents, immutable blobs, append logs.

State, and later journal, exports, releases and audit, are built on these three alone, so that one
contract suite covers every backend.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from callsheet.model.errors import Stale


class Moved(Stale):
    """Somebody else wrote in between: the compare of a compare-and-swap failed."""

    code = "store.moved"


@dataclass(frozen=True, slots=True)
class Versioned:
    """A document's bytes with the version that a later write must name."""

    data: bytes
    version: str


@dataclass(frozen=True, slots=True)
class Stored:
    """One thing that a store holds. `name` is a blob's space; only a blob has a `sha256`."""

    kind: Literal["document", "log", "blob"]
    name: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Writers:
    """Who can write to a store, and so could forge everything that it holds; all of it words for people.

    `alarms` are what should not be so, `unseen` what the store did not let us look at.
    """

    who: str
    alarms: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    advice: str = ""


class Store(Protocol):
    """Names are `a-z0-9-` segments joined by `/`. Every method may raise StateError."""

    def describe(self) -> str:
        """Where this is, for people; no credentials."""
        ...

    def read(self, name: str) -> Versioned | None:
        """A document, or None where none was ever written."""
        ...

    def write(self, name: str, data: bytes, *, expected: str | None) -> str:
        """Replace a document atomically and durably; the new version. Moved unless `expected` is current.

        `expected=None` means that the document must not exist yet.
        """
        ...

    def remove(self, name: str, *, expected: str) -> None:
        """Remove a document. Moved unless `expected` is current."""
        ...

    def put_blobs(self, blobs: Sequence[bytes], *, space: str) -> list[str]:
        """Keep immutable bytes durably, as few writes as the store can; their names in the same order.

        A name is the SHA-256 in hex. What the space has already is not written again. Where this fails,
        some may have been kept. Nobody may remove from the space meanwhile: hold the environment's lock.
        """
        ...

    def get_blob(self, sha256: str, *, space: str) -> bytes:
        """The bytes, verified. StateError when the space lacks them, or when they are damaged."""
        ...

    def remove_blobs(self, names: Collection[str], *, space: str) -> None:
        """Remove blobs from a space; those that are not there are passed over. Other spaces keep theirs."""
        ...

    def append(self, log: str, entries: Sequence[bytes], *, expected: int) -> int:
        """Append entries durably, all or none seen as valid; the new length in bytes.

        Moved unless the log is `expected` bytes long (0: not begun). An entry holds no line break.
        """
        ...

    def read_log(self, log: str) -> tuple[list[bytes], int]:
        """The entries and the length to append at; a torn last entry is left out of both."""
        ...

    def remove_log(self, log: str) -> None:
        """Remove a log; nothing happens where there is none."""
        ...

    def contents(self, prefix: str = "") -> Iterator[Stored]:
        """Everything whose name is the prefix or lies beneath it, in no order: `a/dev` is not in `a/de`.

        An empty prefix means the whole store. A blob is listed by its space and not read.
        """
        ...

    def writers(self) -> Writers:
        """Who can write here, as far as the store tells. Reads only, and only settings and permissions."""
        ...
