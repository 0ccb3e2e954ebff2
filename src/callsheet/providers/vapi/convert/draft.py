"""A payload in the making: what is put where, because of which part of the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from callsheet.model.address import Address
from callsheet.model.diagnostics import Diagnostic, Severity
from callsheet.model.document import Document
from callsheet.model.paths import ABSENT, drop, get, put
from callsheet.model.resource import Resource
from callsheet.model.value import Path, Payload, Value

NATIVE = ("spec", "native")


@dataclass(slots=True)
class Findings:
    """Diagnostics about one document; every one has its place."""

    document: Document
    found: list[Diagnostic] = field(default_factory=list)

    def error(self, code: str, summary: str, at: Path, **more: str) -> None:
        self._add(Severity.ERROR, code, summary, at, more)

    def warning(self, code: str, summary: str, at: Path, **more: str) -> None:
        self._add(Severity.WARNING, code, summary, at, more)

    def _add(self, severity: Severity, code: str, summary: str, at: Path, more: Mapping[str, str]) -> None:
        place, address = self.document.place(at), str(self.document.address)
        self.found.append(Diagnostic(severity, code, summary, place=place, address=address, **more))


@dataclass(slots=True)
class Draft:
    """Payload and origins of one resource. Origins lead from payload paths to document paths."""

    payload: Payload = field(default_factory=dict)
    origins: dict[Path, Path] = field(default_factory=lambda: {(): ()})

    def set(self, path: Path, value: Value, origin: Path) -> None:
        """Put a value; None means that the document says nothing."""
        if value is None:
            return
        self.payload = put(self.payload, path, value)
        self.origins[path] = origin

    def append(self, path: Path, value: Value, origin: Path) -> None:
        """Add an element to the list at `path`, which is made where it is missing."""
        held: Any = self.payload
        for step in path:
            held = held.get(step, {}) if isinstance(held, dict) else {}
        items = list(held) if isinstance(held, list) else []
        self.payload = put(self.payload, path, [*items, value])
        self.origins.setdefault(path, origin)
        self.origins[(*path, len(items))] = origin

    def merge(self, native: Value, base: Path = NATIVE) -> None:
        """Merge the provider's own payload over what is there (RFC 7386: null takes away)."""
        if isinstance(native, Mapping) and native:
            self._merge(native, (), base)

    def _merge(self, patch: Mapping[str, Value], path: Path, base: Path) -> None:
        for key, value in patch.items():
            at = (*path, key)
            if value is None:
                self.payload = drop(self.payload, at)
            elif isinstance(value, Mapping) and value:
                if get(self.payload, at) is ABSENT:
                    self.origins[at] = (*base, *at)
                self._merge(value, at, base)
            else:
                self._forget_below(at)
                self.payload = put(self.payload, at, value)
                self.origins[at] = (*base, *at)

    def _forget_below(self, path: Path) -> None:
        for known in [known for known in self.origins if known[: len(path)] == path]:
            del self.origins[known]

    def resource(self, address: Address, kind: str, document: Document) -> Resource:
        return Resource(address, kind, self.payload, document, self.origins)


def without_nulls(native: Value) -> Value:
    """A patch as it reads on an empty payload, for a look at what it will set."""
    draft = Draft()
    draft.merge(native)
    return draft.payload


def named(draft: Draft, document: Document) -> None:
    """Every kind with a display name: `spec.name`, else the document's own."""
    if (name := document.spec.get("name")) is not None:
        draft.set(("name",), name, ("spec", "name"))
    else:
        draft.set(("name",), document.address.name, ("metadata", "name"))
