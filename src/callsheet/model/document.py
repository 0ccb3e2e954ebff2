"""Documents as the files say them, after an environment's section has been applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from callsheet.model.address import Address
from callsheet.model.diagnostics import Place
from callsheet.model.value import Path, Payload


class Source(Protocol):
    """A loaded file that can say where something in it stands."""

    def place(self, document: int, path: Path) -> Place:
        """The place of `path` in the n-th document of the file, or of its nearest ancestor."""
        ...


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from: a path in the n-th document of a file."""

    source: Source
    document: int = 0
    path: Path = ()

    def place(self) -> Place:
        return self.source.place(self.document, self.path)


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """How a resource may end. None means: not said, the kind's default holds."""

    prevent_destroy: bool | None = None
    on_remove: str = "delete"
    ignore_changes: tuple[str, ...] = ()
    moved_from: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One document, rendered for one environment: placeholders replaced, files read, policies and
    overrides merged, secrets and references symbolic.

    `spec` holds what `docs/spec-reference.md` lists for the kind. `origins` maps paths of the whole
    document (`("spec", "model")`) to where they came from; the longest prefix of a path counts.
    """

    address: Address
    spec: Payload
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    origins: Mapping[Path, Origin] = field(default_factory=dict)
    # Fingerprints of what the files and the environment's own section contributed; they tell causes apart.
    files_digest: str = ""
    settings_digest: str = ""

    def place(self, path: Path = ()) -> Place | None:
        """The place of the value at `path` (starting with "spec", "metadata", …), or of what holds it."""
        for length in range(len(path), -1, -1):
            if origin := self.origins.get(path[:length]):
                return Origin(origin.source, origin.document, origin.path + path[length:]).place()
        return None
