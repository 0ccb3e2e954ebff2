"""Kinds: what is known of a provider's objects, as dated data, and the protocol that renders to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from callsheet.model.address import Address
from callsheet.model.diagnostics import Diagnostic
from callsheet.model.document import Document
from callsheet.model.paths import Pattern, get
from callsheet.model.resource import Resource
from callsheet.model.value import Path, Value


class Update(StrEnum):
    """What a provider does with the fields of an update that are objects."""

    SHALLOW = "shallow"  # a sent top-level key replaces that whole value; null clears it
    DEEP = "deep"  # objects are merged at every level; null clears
    REPLACE = "replace"  # the body is the whole object


class Replacement(StrEnum):
    CREATE_FIRST = "create_first"
    DELETE_FIRST = "delete_first"


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a kind holds ids of other objects.

    `targets` maps each kind that may stand there to the attribute of it that is held ("id" as a
    rule). `deferrable`: an object can be created without the entry and patched afterwards, which is
    how cycles are opened.
    """

    at: Pattern
    targets: Mapping[str, str]
    deferrable: bool = False


@dataclass(frozen=True, slots=True)
class SecretField:
    """Where a kind holds secrets. `echo` says what a read returns: "plain", "masked" or "never".

    `indicator` names a boolean field that tells whether a value that is never echoed is set.
    """

    at: Pattern
    echo: str = "plain"
    indicator: Path | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of remote object. Patterns are in the shape of payloads."""

    name: str
    source: str  # where these facts are from, with their date
    update: Update = Update.SHALLOW
    name_path: Path | None = ("name",)
    other_names: tuple[Path, ...] = ()  # where the name stands for those that have none at `name_path`
    label_path: Path | None = None
    server_owned: tuple[Pattern, ...] = ()
    references: tuple[Reference, ...] = ()
    # How elements of a list are told apart when a diff is shown: candidate key paths, first that fits.
    identity: tuple[tuple[Pattern, tuple[Path, ...]], ...] = ()
    # Objects whose other keys depend on one of theirs (`model` on `provider`): another value, another object.
    unions: tuple[tuple[Pattern, str], ...] = ()
    id_sets: tuple[Pattern, ...] = ()  # lists whose order means nothing
    secrets: tuple[SecretField, ...] = ()
    write_only: tuple[Pattern, ...] = ()  # accepted, never returned (uploads)
    # (key, other, value): where `other` has that value, the provider gives the key and takes none.
    assigned: tuple[tuple[str, str, str], ...] = ()
    immutable: tuple[Pattern, ...] = ()  # a change needs a replacement
    after_create: tuple[Pattern, ...] = ()  # can be set on an existing object only
    irreversible: bool = False
    replacement: Replacement = Replacement.CREATE_FIRST
    version_path: Path | None = None
    updated_path: Path | None = ("updatedAt",)
    exports: tuple[str, ...] = ()  # attributes beside "id" that references may hold
    volatile: tuple[str, ...] = ()  # those of them that the provider makes anew with every update

    def name_of(self, payload: Value) -> str | None:
        """The name that the provider knows an object with this payload by."""
        for path in (self.name_path, *self.other_names):
            if path and isinstance(name := get(payload, path), str) and name:
                return name
        return None


@dataclass(frozen=True, slots=True)
class Rendered:
    """What one document became. `stands_for` is what `{ref: …}` to it means: resources and attributes."""

    resources: tuple[Resource, ...]
    stands_for: tuple[Address, ...]
    diagnostics: tuple[Diagnostic, ...] = field(default_factory=tuple)


class Catalogue(Protocol):
    """What `spec` knows of a provider: its kinds, and how documents become its payloads. No I/O."""

    provider: str
    kinds: Mapping[str, Kind]
    external_kinds: frozenset[str]
    # What becomes of an environment's settings at the provider, where that is not all that they say.
    settings: Mapping[str, str]

    def render(self, document: Document) -> Rendered:
        """The resources of one document; references in the payloads are still unexpanded."""
        ...

    def check(self, resource: Resource) -> Sequence[Diagnostic]:
        """What the provider would refuse, found without asking it (limits, required and unknown keys)."""
        ...

    def native_schema(self, kind: str) -> Mapping[str, Any]:
        """A JSON Schema for `spec.native` of the kind; `{"type": "object"}` where little is known."""
        ...
