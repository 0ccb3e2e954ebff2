"""Resources (declared) and remote objects (what the provider holds)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from callsheet.model.address import Address
from callsheet.model.diagnostics import Place
from callsheet.model.document import Document, Lifecycle
from callsheet.model.value import Path, Payload


@dataclass(frozen=True, slots=True)
class Resource:
    """One remote object as it should be: `payload` is in the provider's own shape, symbols included.

    `kind` names the provider's kind, which for parts differs from the address's
    (`KnowledgeBase/faq[returns.md]` is a File). `origins` maps payload paths to paths of the
    document; the longest prefix counts.
    """

    address: Address
    kind: str
    payload: Payload
    document: Document
    origins: Mapping[Path, Path] = field(default_factory=dict)

    @property
    def lifecycle(self) -> Lifecycle:
        return self.document.lifecycle

    def place(self, path: Path = ()) -> Place | None:
        """Where in the files the value at a payload path comes from."""
        for length in range(len(path), 0, -1):
            if (origin := self.origins.get(path[:length])) is not None:
                return self.document.place(origin + path[length:])
        return self.document.place(self.origins.get((), ()))


@dataclass(frozen=True, slots=True)
class RemoteObject:
    """An object as the provider returned it, decoded to the shape of payloads; may hold secrets.

    Nothing of `payload` may leave the process unmasked (see `diff.view`). `label` is Callsheet's own
    mark on the object, where it carries one.
    """

    kind: str
    id: str
    payload: Payload
    name: str | None = None
    label: Mapping[str, str] | None = None
    organisation: str | None = None  # whose object it is, where the provider says so
