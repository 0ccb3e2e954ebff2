"""The protocol between the engine and a provider. Pure: no HTTP here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from callsheet.model.errors import CallsheetError, ProviderError
from callsheet.model.kinds import Catalogue
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Path, Payload


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the provider can do, declared and dated in its `kinds.py`."""

    idempotency_key: bool = False
    parallel_reads: int = 4
    parallel_writes: int = 4


@dataclass(frozen=True, slots=True)
class Target:
    """Where a plan leads: provider, address and, once known, the organisation that the key opens."""

    provider: str
    base_url: str
    organisation: str | None = None


class NotFound(ProviderError):
    """The object is not there (any more)."""

    code = "provider.not-found"


class Ambiguous(ProviderError):
    """A write was sent and its answer was lost: it may have happened."""

    code = "provider.ambiguous"


class Unfinished(ProviderError):
    """A write of several requests got part of the way; `reached` is the object as far as it is known."""

    code = "provider.unfinished"

    def __init__(self, reached: RemoteObject, cause: CallsheetError) -> None:
        super().__init__(diagnostics=cause.diagnostics)
        self.reached = reached


class Reader(Protocol):
    """What plan and drift may do. Every method may raise ProviderError; none of them writes."""

    catalogue: Catalogue
    capabilities: Capabilities
    target: Target

    def list_all(self, kind: str) -> Iterator[RemoteObject]:
        """Every object of the kind, each once, one request per page."""
        ...

    def read(self, kind: str, remote_id: str) -> RemoteObject | None:
        """One object, or None when the provider says that it is not there."""
        ...

    def look_up(self, kind: str, name: str) -> Sequence[RemoteObject]:
        """Objects of an external kind (`Credential`, `Voice`, …) with that name. Reads each kind once."""
        ...


class Writer(Protocol):
    """What apply may do beside reading. Payloads are final: no symbols but Content."""

    def create(self, kind: str, payload: Payload, *, key: str, content: ContentLoader) -> RemoteObject:
        """Create and return what the provider answered. Ambiguous when the answer was lost."""
        ...

    def update(
        self, kind: str, live: RemoteObject, set_: Mapping[str, object], clear: Sequence[Path], *, key: str
    ) -> RemoteObject:
        """Send `set_` (whole top-level values) and clear the given top-level paths; the answer as object."""
        ...

    def delete(self, kind: str, live: RemoteObject, *, key: str) -> None:
        """Delete; an object that is already gone is fine."""
        ...


# Gives the bytes of a content-addressed file (`sha256` hex) that a plan carries.
ContentLoader = Callable[[str], bytes]


class Provider(Reader, Protocol):
    """A configured provider; `writer` is for apply only."""

    def writer(self, alive: Callable[[], None] = ...) -> Writer:
        """`alive` is called before every attempt of every request that writes. What it raises where this
        process may not any more comes through, as Unfinished where a write got part of the way."""
        ...

    def close(self) -> None: ...
